// Every constraint of the plan dialect is enforced.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// executable_c1: every access is 0, 1 or 2
plan.program @cpu abi 1 {
  // expected-error @+1 {{expected an access of 0, 1 or 2, got 3}}
  plan.executable @k family "rms_norm" access [0, 3] constants 0 scratch 0 images []
}

// -----

// executable_c2: constants and scratch are not negative
plan.program @cpu abi 1 {
  // expected-error @+1 {{expected constants and scratch that are not negative, got 2 and -64}}
  plan.executable @k family "rms_norm" access [0] constants 2 scratch -64 images []
}

// -----

// port_c1: one size for each dynamic extent
plan.program @cpu abi 1 {
  plan.entry @step {
    %n = plan.dim tokens
    // expected-error @+1 {{expected 2 sizes for 'tensor<?x?xi32>', got 1}}
    %x = plan.argument 0 "block_table" : tensor<?x?xi32> sizes(%n)
  }
}

// -----

// A result is held to the same.
plan.program @cpu abi 1 {
  plan.entry @step {
    %n = plan.dim tokens
    // expected-error @+1 {{expected 0 sizes for 'tensor<4x64xf32>', got 1}}
    %x = plan.result 0 "logits" : tensor<4x64xf32> sizes(%n)
  }
}

// -----

// launch_c1: the symbol names a plan.executable of the program
plan.program @cpu abi 1 {
  plan.entry @step {
    %n = plan.dim tokens
    // expected-error @+1 {{expected @step to name a plan.executable}}
    plan.launch @step grid(%n, %n, %n) bindings() constants() label "k" flops %n bytes %n
  }
}

// -----

// launch_c2: as many bindings and constants as the executable has
plan.program @cpu abi 1 {
  plan.executable @k family "rms_norm" access [0, 1] constants 1 scratch 0 images []
  plan.entry @step {
    %n = plan.dim tokens
    %x = plan.parameter @w
    // expected-error @+1 {{expected 2 bindings and 1 constants, got 1 and 0}}
    plan.launch @k grid(%n, %n, %n) bindings(%x) constants() label "k" flops %n bytes %n
  }
}

// -----

// tap_c1: one size for each dynamic extent
plan.program @cpu abi 1 {
  plan.entry @step {
    %x = plan.parameter @w
    // expected-error @+1 {{expected 1 sizes for 'tensor<?x64xf32>', got 0}}
    plan.tap "hidden.0", %x : tensor<?x64xf32> sizes()
  }
}

// -----

// count_c1: arguments are of !plan.int, and three are yielded
// expected-error @+1 {{expected arguments of !plan.int, got 'index'}}
plan.count {
^bb0(%rows: index):
  %one = plan.constant 1
  plan.yield %one, %one, %one
}

// -----

// count_c1
// expected-error @+1 {{expected three extents of a grid, got 2}}
plan.count {
^bb0(%rows: !plan.int):
  plan.yield %rows, %rows
}

// -----

// count_c2: holds plan.constant and plan.expr only
plan.count {
^bb0(%rows: !plan.int):
  // expected-error @+1 {{expected constants and expressions in a count}}
  %n = plan.dim tokens
  plan.yield %n, %rows, %rows
}
