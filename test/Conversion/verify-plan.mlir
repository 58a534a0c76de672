// A plan is complete: what it names exists, what it holds is used.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-verify-plan

plan.program @cpu abi 1 {
  hadal.parameter @w : tensor<64xf32>
  hadal.state @c : tensor<?x64x80xf32>
  plan.image @v3 level "x86-64-v3" {
    builtin.module {
      func.func @k() {
        return
      }
    }
  }
  plan.executable @k family "rms_norm" access [0, 2] constants 0 scratch 0 images [@v3]
  plan.entry @prefill {
    %n = plan.dim tokens
    %w = plan.parameter @w
    %c = plan.state @c
    plan.arena %n
    plan.launch @k grid(%n, %n, %n) bindings(%w, %c) constants() label "k" flops %n bytes %n
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
  plan.entry @prefill {
    %n = plan.dim tokens
    // expected-error @+1 {{expected @w to name a hadal.parameter}}
    %w = plan.parameter @w
    plan.arena %n
  }
}

// -----

plan.program @cpu abi 1 {
  hadal.parameter @c : tensor<64xf32>
  plan.entry @prefill {
    %n = plan.dim tokens
    // expected-error @+1 {{expected @c to name a hadal.state}}
    %c = plan.state @c
    plan.arena %n
  }
}

// -----

plan.program @cpu abi 1 {
  // expected-error @+1 {{expected one arena, got 0}}
  plan.entry @prefill {
    %n = plan.dim tokens
  }
}

// -----

plan.program @cpu abi 1 {
  // expected-error @+1 {{expected a launch of every executable, found none}}
  plan.executable @k family "rms_norm" access [] constants 0 scratch 0 images []
  plan.entry @prefill {
    %n = plan.dim tokens
    plan.arena %n
  }
}

// -----

plan.program @cpu abi 1 {
  // expected-error @+1 {{expected @v3 to name a plan.image}}
  plan.executable @k family "rms_norm" access [] constants 0 scratch 0 images [@v3]
  plan.entry @prefill {
    %n = plan.dim tokens
    plan.arena %n
    plan.launch @k grid(%n, %n, %n) bindings() constants() label "k" flops %n bytes %n
  }
}

// -----

plan.program @cpu abi 1 {
  plan.image @v3 level "x86-64-v3" {
  }
  // expected-error @+1 {{expected image @v3 to hold a function of this name, found none}}
  plan.executable @k family "rms_norm" access [] constants 0 scratch 0 images [@v3]
  plan.entry @prefill {
    %n = plan.dim tokens
    plan.arena %n
    plan.launch @k grid(%n, %n, %n) bindings() constants() label "k" flops %n bytes %n
  }
}
