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
  // expected-error @+1 {{expected #hadal.host_dim<@rows> to name a plan.host_dim}}
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.host_dim<@rows>]> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a variant for level 'x86-64-v4-bf16', found none}}
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = []> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
    // expected-error @+1 {{expected one function named "k"}}
    hadal.variant "x86-64-v3" {
      plan.interface {
      ^bb0(%rows: !plan.int):
        plan.grid %rows, %rows, %rows
      }
      func.func @other() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
    // expected-error @+1 {{expected one plan.interface of 1 constants}}
    hadal.variant "x86-64-v3" {
      func.func @k() {
        return
      }
    }
  }
}

// -----

// Variants spread their work as they like.
hadal.program @cpu target <"cpu"> {
  plan.host_dim @context is max_context
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>, #hadal.host_dim<@context>]> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %y = math.exp %x : tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
      ^bb0(%rows: !plan.int, %context: !plan.int):
        plan.grid %rows, %rows, %rows
      }
      func.func @k() {
        return
      }
    }
    hadal.variant "x86-64-v4-bf16" {
      plan.interface scratch 64 {
      ^bb0(%rows: !plan.int, %context: !plan.int):
        %one = plan.constant 1
        %128 = plan.constant 128
        %splits = plan.expr ceil_div %context, %128
        plan.grid %rows, %splits, %one
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
      ^bb0(%rows: !plan.int):
        // expected-error @+1 {{expected a binding below 2, got 2}}
        plan.kernel_parameter binding[2]
        plan.grid %rows, %rows, %rows
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu", levels = ["x86-64-v3"]> {
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
    // expected-error @+1 {{expected a level that its program wants, got "x86-64-v4-bf16"}}
    hadal.variant "x86-64-v4-bf16" {
      plan.interface {
      ^bb0(%rows: !plan.int):
        plan.grid %rows, %rows, %rows
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
      ^bb0(%rows: !plan.int):
        plan.grid %rows, %rows, %rows
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

// -----

// Each result has one place.
hadal.program @cpu target <"cpu", levels = ["x86-64-v3"]> {
  // expected-error @+1 {{expected a binding of result 0, which is written, found none}}
  hadal.executable @k interface <bindings = [0], access = [read], constants = []> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %y = math.exp %x : tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu", levels = ["x86-64-v3"]> {
  // expected-error @+1 {{expected a binding of result 0, which is written, found none}}
  hadal.executable @k interface <bindings = [0, 2], access = [read, write], constants = []> {
    func.func @body(%x: tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
      %y = math.exp %x : tensor<?x64xf32>
      %z = math.exp %y : tensor<?x64xf32>
      return %y, %z : tensor<?x64xf32>, tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu", levels = ["x86-64-v3"]> {
  // expected-error @+1 {{expected one binding of result 0, which is written, got another}}
  hadal.executable @k interface <bindings = [0, 1, 1], access = [read, write, write], constants = []> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %y = math.exp %x : tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu", levels = ["x86-64-v3"]> {
  // expected-error @+1 {{expected operand 0 of the body to be only read, got read_write}}
  hadal.executable @k interface <bindings = [0, 1], access = [read_write, write], constants = []> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %y = math.exp %x : tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu", levels = ["x86-64-v3"]> {
  // expected-error @+1 {{expected operand 1 of the body to be written, got read}}
  hadal.executable @k interface <bindings = [0, 1], access = [read, read], constants = []> {
    func.func @body(%x: tensor<8xf32>, %out: tensor<8xf32>) -> tensor<8xf32> {
      %y = linalg.copy ins(%x : tensor<8xf32>) outs(%out : tensor<8xf32>) -> tensor<8xf32>
      return %y : tensor<8xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu", levels = ["x86-64-v3"]> {
  // expected-error @+1 {{expected one binding of operand 1, which is written, got another}}
  hadal.executable @k interface <bindings = [0, 1, 1], access = [read, read_write, write], constants = []> {
    func.func @body(%x: tensor<8xf32>, %out: tensor<8xf32>) -> tensor<8xf32> {
      %y = linalg.copy ins(%x : tensor<8xf32>) outs(%out : tensor<8xf32>) -> tensor<8xf32>
      return %y : tensor<8xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu", levels = ["x86-64-v3"]> {
  // expected-error @+1 {{expected no binding of result 0, which is made in place, got one}}
  hadal.executable @k interface <bindings = [0, 1, 2], access = [read, read_write, write], constants = []> {
    func.func @body(%x: tensor<8xf32>, %out: tensor<8xf32>) -> tensor<8xf32> {
      %y = linalg.copy ins(%x : tensor<8xf32>) outs(%out : tensor<8xf32>) -> tensor<8xf32>
      return %y : tensor<8xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu", levels = ["x86-64-v3"]> {
  // expected-error @+1 {{expected a binding of operand 1, which is written, found none}}
  hadal.executable @k interface <bindings = [0], access = [read], constants = []> {
    func.func @body(%x: tensor<8xf32>, %out: tensor<8xf32>) -> tensor<8xf32> {
      %y = linalg.copy ins(%x : tensor<8xf32>) outs(%out : tensor<8xf32>) -> tensor<8xf32>
      return %y : tensor<8xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

// Every wanted level has a variant: all of the target's where a program names none.
hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a variant for level 'x86-64-v4-bf16', found none}}
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = []> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %y = math.exp %x : tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
      func.func @k() {
        return
      }
    }
  }
}

// -----

// expected-error @+1 {{expected levels of the target 'cpu', got "x86-64-v9"}}
hadal.program @cpu target <"cpu", levels = ["x86-64-v9"]> {
}

// -----

// expected-error @+1 {{expected each level once, got "x86-64-v3" again}}
hadal.program @cpu target <"cpu", levels = ["x86-64-v3", "x86-64-v3"]> {
}

// -----

// A module holds programs alone, one for each target, and each is one as a whole.
hadal.program @cpu target <"cpu"> {
}
// expected-error @+1 {{expected one program for target 'cpu', found another}}
hadal.program @again target <"cpu"> {
}

// -----

hadal.program @cpu target <"cpu"> {
}
// expected-error @+1 {{expected nothing beside programs from the dispatch stage on}}
func.func @step(%x: tensor<8xf32>) {
  return
}

// -----

hadal.program @cpu target <"cpu"> {
  func.func @f(%x: tensor<8xf32>) {
    return
  }
  // expected-error @+1 {{expected an argument of the role tokens and a result of the role logits in an entry point of the role step, found none}}
  func.func @g(%x: tensor<8xf32>) attributes {hadal.entry = #hadal.entry<step>} {
    return
  }
}
