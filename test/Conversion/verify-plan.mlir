// A plan is complete: what it names exists, what it holds is used.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-verify-plan

plan.program @cpu abi 1 {
  plan.host_dim @tokens is tokens
  plan.block_table @pages page_size 64
  hadal.parameter @w : tensor<64xf32>
  hadal.state @c growing @pages : tensor<?x64x80xf32>
  plan.image @v3 level "x86-64-v3" {
    builtin.module {
      func.func @k() {
        return
      }
    }
  }
  plan.executable @k family "rms_norm" access [read, read_write] constants 0 {
    plan.variant @v3 {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
    }
  }
  plan.entry @forward {
    %n = plan.dim @tokens
    %w = plan.parameter @w
    %c = plan.state @c
    plan.arena %n
    plan.launch @k bindings(%w, %c) constants() label "k" flops %n bytes %n
  }
}

// -----

// expected-error @+1 {{expected nothing beside programs at the plan stage}}
func.func private @step()
plan.program @cpu abi 1 {
}

// -----

// expected-error @+1 {{expected an entry point, found none}}
plan.program @cpu abi 1 {
}

// -----

plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 64
    // expected-error @+1 {{expected @w to name a hadal.parameter}}
    %w = plan.parameter @w
    plan.arena %n
  }
}

// -----

plan.program @cpu abi 1 {
  hadal.parameter @c : tensor<64xf32>
  plan.entry @forward {
    %n = plan.constant 64
    // expected-error @+1 {{expected @c to name a hadal.state}}
    %c = plan.state @c
    plan.arena %n
  }
}

// -----

plan.program @cpu abi 1 {
  // expected-error @+1 {{expected one arena, got 0}}
  plan.entry @forward {
    %n = plan.constant 64
  }
}

// -----

plan.program @cpu abi 1 {
  // expected-error @+1 {{expected a launch of every executable, found none}}
  plan.executable @k family "rms_norm" access [] constants 0 {
  }
  plan.entry @forward {
    %n = plan.constant 64
    plan.arena %n
  }
}

// -----

plan.program @cpu abi 1 {
  // expected-error @+1 {{expected a variant of every executable, found none}}
  plan.executable @k family "rms_norm" access [] constants 0 {
  }
  plan.entry @forward {
    %n = plan.constant 64
    plan.arena %n
    plan.launch @k bindings() constants() label "k" flops %n bytes %n
  }
}

// -----

plan.program @cpu abi 1 {
  plan.image @v3 level "x86-64-v3" {
    builtin.module {
    }
  }
  plan.executable @k family "rms_norm" access [] constants 0 {
    // expected-error @+1 {{expected image @v3 to hold the function "k", found none}}
    plan.variant @v3 {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
    }
  }
  plan.entry @forward {
    %n = plan.constant 64
    plan.arena %n
    plan.launch @k bindings() constants() label "k" flops %n bytes %n
  }
}

// -----

plan.program @cpu abi 1 {
  plan.image @v3 level "x86-64-v3" {
    builtin.module {
      func.func @k() {
        return
      }
    }
  }
  plan.executable @k family "rms_norm" access [] constants 0 {
    plan.variant @v3 {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
    }
    // expected-error @+1 {{expected one variant for each level, best first, got 'x86-64-v3' again or late}}
    plan.variant @v3 {
      plan.interface {
        %two = plan.constant 2
        plan.grid %two, %two, %two
      }
    }
  }
  plan.entry @forward {
    %n = plan.constant 64
    plan.arena %n
    plan.launch @k bindings() constants() label "k" flops %n bytes %n
  }
}

// -----

// Entry points are to each other what functions are: hadal-verify-model has all the cases.
plan.program @cpu abi 1 {
  // expected-error @+1 {{expected a kept result 'hidden' of 'tensor<8xf32>' of an entry point, found none}}
  plan.entry @forward {
    %n = plan.constant 64
    %x = plan.argument 0 "hidden" role kept : tensor<8xf32> sizes()
    plan.arena %n
  }
}

// -----

// Programs are for targets that there are, and images for their levels.
// expected-error @+1 {{expected a target that is registered (cpu, cuda), got 'tpu'}}
plan.program @tpu abi 1 {
}

// -----

// expected-error @+1 {{expected version 1 of the kernel interface of 'cpu', got 77}}
plan.program @cpu abi 77 {
}

// -----

plan.program @cpu abi 1 {
  // expected-error @+1 {{expected a level of the target 'cpu', got 'x86-64-v2'}}
  plan.image @v2 level "x86-64-v2" {
    builtin.module {
    }
  }
}

// -----

plan.program @cpu abi 1 {
  // expected-error @+1 {{expected one module of functions, got 0 ops}}
  plan.image @v3 level "x86-64-v3" {
  }
}

// -----

// The better level comes first, as the runtime takes the first that it can.
plan.program @cpu abi 1 {
  plan.image @v3 level "x86-64-v3" {
    builtin.module {
      func.func private @k()
    }
  }
  plan.image @v4 level "x86-64-v4-bf16" {
    builtin.module {
      func.func private @k()
    }
  }
  plan.executable @k family "rms_norm" access [] constants 0 {
    plan.variant @v3 {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
    }
    // expected-error @+1 {{expected one variant for each level, best first, got 'x86-64-v4-bf16' again or late}}
    plan.variant @v4 {
      plan.interface {
        %one = plan.constant 1
        plan.grid %one, %one, %one
      }
    }
  }
  plan.entry @forward {
    %n = plan.constant 64
    plan.arena %n
    plan.launch @k bindings() constants() label "k" flops %n bytes %n
  }
}
