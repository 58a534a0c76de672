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
  // expected-error @+1 {{expected bindings below 2, the operands and results of the body, got 2}}
  hadal.executable @k interface <bindings = [0, 2], access = [0, 1], constants = [], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected an access for each of 2 bindings, got 1}}
  hadal.executable @k interface <bindings = [0, 1], access = [0], constants = [], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected an access of 0, 1 or 2, got 3}}
  hadal.executable @k interface <bindings = [0, 1], access = [0, 3], constants = [], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a constant to be an integer, an extent of an operand or a dim that the host knows, got #hadal.extent<1, 0>}}
  hadal.executable @k interface <bindings = [0, 1], access = [0, 1], constants = [#hadal.extent<1, 0>], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a constant to be an integer, an extent of an operand or a dim that the host knows, got #hadal.extent<0, 2>}}
  hadal.executable @k interface <bindings = [0, 1], access = [0, 1], constants = [#hadal.extent<0, 2>], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a constant to be an integer, an extent of an operand or a dim that the host knows, got #hadal.host_dim<"rows">}}
  hadal.executable @k interface <bindings = [0, 1], access = [0, 1], constants = [#hadal.host_dim<"rows">], passed = 0> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected at most all 1 constants to be passed, got 2}}
  hadal.executable @k interface <bindings = [0, 1], access = [0, 1], constants = [7], passed = 2> {
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
