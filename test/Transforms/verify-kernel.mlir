// At the kernel stage every executable says how it is launched, and holds its kernels.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-verify-kernel

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected an interface at the kernel stage, found none}}
  hadal.executable @k {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a dim that the host knows, got #hadal.host_dim<"rows">}}
  hadal.executable @k interface <bindings = [0, 1], access = [0, 1], constants = [#hadal.host_dim<"rows">], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a variant at the kernel stage, found none}}
  hadal.executable @k interface <bindings = [0, 1], access = [0, 1], constants = [], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [0, 1], constants = [#hadal.extent<0, 0>], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
    // expected-error @+1 {{expected one function named "k"}}
    hadal.variant "x86-64-v3" {
      plan.count {
      ^bb0(%rows: !plan.int):
        plan.yield %rows, %rows, %rows
      }
      func.func @other() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [0, 1], constants = [#hadal.extent<0, 0>], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
    // expected-error @+1 {{expected one plan.count of 1 constants}}
    hadal.variant "x86-64-v3" {
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [0, 1], constants = [#hadal.extent<0, 0>], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.count {
      ^bb0(%rows: !plan.int):
        plan.yield %rows, %rows, %rows
      }
      func.func @k() {
        return
      }
    }
    hadal.variant "x86-64-v4-bf16" {
      // expected-error @+1 {{expected the count of the variant before it, got another}}
      plan.count {
      ^bb0(%rows: !plan.int):
        %one = plan.constant 1
        plan.yield %rows, %one, %one
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu", levels = ["x86-64-v3"]> {
  hadal.executable @k interface <bindings = [0, 1], access = [0, 1], constants = [#hadal.extent<0, 0>], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
    // expected-error @+1 {{expected a level that its program wants, got "x86-64-v4-bf16"}}
    hadal.variant "x86-64-v4-bf16" {
      plan.count {
      ^bb0(%rows: !plan.int):
        plan.yield %rows, %rows, %rows
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [0, 1], constants = [#hadal.extent<0, 0>], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.count {
      ^bb0(%rows: !plan.int):
        plan.yield %rows, %rows, %rows
      }
      func.func @k() {
        return
      }
    }
    // expected-error @+1 {{expected one variant for each level, found another}}
    hadal.variant "x86-64-v3" {
    }
  }
}
