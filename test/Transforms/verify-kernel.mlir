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
  // expected-error @+1 {{expected a variant at the kernel stage, found none}}
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
      return %x : tensor<?x64xf32>
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
