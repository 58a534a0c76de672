// At the kernel stage every executable says how it is launched, and holds its kernels.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-verify-kernel

// expected-error @+1 {{expected an interface at the kernel stage, found none}}
hadal.executable @k target "cpu" {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// expected-error @+1 {{expected bindings below 2, the operands and results of the body, got 2}}
hadal.executable @k target "cpu" interface <bindings = [0, 2], access = [0, 1], constants = [], grid = [1, 0, 0, 1, 0, 0, 1, 0, 0], rows = 0> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// expected-error @+1 {{expected an access for each of 2 bindings, got 1}}
hadal.executable @k target "cpu" interface <bindings = [0, 1], access = [0], constants = [], grid = [1, 0, 0, 1, 0, 0, 1, 0, 0], rows = 0> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// expected-error @+1 {{expected nine integers of a grid, got 3}}
hadal.executable @k target "cpu" interface <bindings = [0, 1], access = [0, 1], constants = [], grid = [1, 0, 0], rows = 0> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// expected-error @+1 {{expected rows to name one of 1 operands, got 1}}
hadal.executable @k target "cpu" interface <bindings = [0, 1], access = [0, 1], constants = [], grid = [1, 0, 0, 1, 0, 0, 1, 0, 0], rows = 1> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// expected-error @+1 {{expected a constant to be an integer, "rows", "sequences" or "pages_per_slot", got "tokens"}}
hadal.executable @k target "cpu" interface <bindings = [0, 1], access = [0, 1], constants = ["tokens"], grid = [1, 0, 0, 1, 0, 0, 1, 0, 0], rows = 0> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// expected-error @+1 {{expected a variant at the kernel stage, found none}}
hadal.executable @k target "cpu" interface <bindings = [0, 1], access = [0, 1], constants = [], grid = [1, 0, 0, 1, 0, 0, 1, 0, 0], rows = 0> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

hadal.executable @k target "cpu" interface <bindings = [0, 1], access = [0, 1], constants = [], grid = [1, 0, 0, 1, 0, 0, 1, 0, 0], rows = 0> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
  // expected-error @+1 {{expected one function named "k"}}
  hadal.variant "x86-64-v3" {
    func.func @other() {
      return
    }
  }
}
