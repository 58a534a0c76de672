// Every constraint of the plan dialect's entry points and of what the host knows is enforced.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// host_dim_c1: a block table is named exactly by pages_per_slot, and is a plan.block_table
// expected-error @+1 {{expected a block table exactly for pages_per_slot, got none for pages_per_slot}}
plan.host_dim @pages_per_slot is pages_per_slot

// -----

// host_dim_c1
plan.block_table @pages page_size 64
// expected-error @+1 {{expected a block table exactly for pages_per_slot, got one for tokens}}
plan.host_dim @tokens is tokens of @pages

// -----

// host_dim_c1
plan.host_dim @tokens is tokens
// expected-error @+1 {{expected @tokens to name a plan.block_table}}
plan.host_dim @pages_per_slot is pages_per_slot of @tokens

// -----

// host_dim_c2: only what is the caller's own has a default and bounds
// expected-error @+1 {{expected a default and bounds only for session_value and call_value, got them for tokens}}
plan.host_dim @tokens is tokens to 8

// -----

// host_dim_c3: the default lies within the bounds
// expected-error @+1 {{expected a default from 1 to 2147483647, got 0}}
plan.host_dim @drafts is call_value from 1

// -----

// block_table_c1: page size and tokens a row are positive
// expected-error @+1 {{expected a positive page size and tokens a row, got 64 and 0}}
plan.block_table @pages page_size 64 tokens_per_row 0

// -----

// dim_c1: the symbol names a plan.host_dim
plan.block_table @pages page_size 64
// expected-error @+1 {{expected @pages to name a plan.host_dim}}
%n = plan.dim @pages

// -----

// extent_c1: the entry point has that argument, and it has that axis
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected an axis of an argument of the entry point, got axis 2 of argument 0}}
    %n = plan.extent 0, 2
    %x = plan.argument 0 "x" : tensor<4x8xf32> sizes()
  }
}

// -----

// extent_c1
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected an axis of an argument of the entry point, got axis 0 of argument 1}}
    %n = plan.extent 1, 0
    %x = plan.argument 0 "x" : tensor<4x8xf32> sizes()
  }
}

// -----

// port_c1: one size for each dynamic extent
plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 4
    // expected-error @+1 {{expected 2 sizes for 'tensor<?x?xi32>', got 1}}
    %x = plan.argument 0 "x" : tensor<?x?xi32> sizes(%n)
  }
}

// -----

// A result is held to the same.
plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 4
    // expected-error @+1 {{expected 0 sizes for 'tensor<4x64xf32>', got 1}}
    %x = plan.result 0 "logits" role logits : tensor<4x64xf32> sizes(%n)
  }
}

// -----

// port_c2: the role is one of an argument, or of a result, and of such a tensor
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected a role of a result, got tokens}}
    %x = plan.result 0 "tokens" role tokens : tensor<4xi32> sizes()
  }
}

// -----

// port_c2
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected a role of an argument, got logits}}
    %x = plan.argument 0 "x" role logits : tensor<4x8xf32> sizes()
  }
}

// -----

// port_c2
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected slots to be a tensor of rank 1 of i32, got 'tensor<4xi64>'}}
    %x = plan.argument 0 "slots" role slots : tensor<4xi64> sizes()
  }
}

// -----

// port_c2
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected logits to be a tensor of rank 2 of f32, got 'tensor<4xf32>'}}
    %x = plan.result 0 "logits" role logits : tensor<4xf32> sizes()
  }
}

// -----

// port_c3: a block table is named exactly by that role, and is a plan.block_table
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected a plan.block_table exactly for the role block_table, got none for block_table}}
    %x = plan.argument 0 "table" role block_table : tensor<4x8xi32> sizes()
  }
}

// -----

// port_c3
plan.program @cpu abi 1 {
  plan.entry @forward {
    // expected-error @+1 {{expected @forward to name a plan.block_table}}
    %x = plan.argument 0 "table" role block_table of @forward : tensor<4x8xi32> sizes()
  }
}

// -----

// launch_c1: the symbol names a plan.executable of the program
plan.program @cpu abi 1 {
  plan.entry @forward {
    %n = plan.constant 4
    // expected-error @+1 {{expected @forward to name a plan.executable}}
    plan.launch @forward bindings() constants() label "k" flops %n bytes %n
  }
}

// -----

// launch_c2: as many bindings and constants as the executable has
plan.program @cpu abi 1 {
  plan.executable @k family "rms_norm" access [read, write] constants 1 {
  }
  plan.entry @forward {
    %n = plan.constant 4
    %x = plan.parameter @w
    // expected-error @+1 {{expected 2 bindings and 1 constants, got 1 and 0}}
    plan.launch @k bindings(%x) constants() label "k" flops %n bytes %n
  }
}

// -----

// launch_c3: no argument or parameter where the executable writes
plan.program @cpu abi 1 {
  plan.executable @k family "rms_norm" access [read_write, write] constants 0 {
  }
  plan.entry @forward {
    %n = plan.constant 4
    %x = plan.parameter @w
    %y = plan.argument 0 "y" role value : tensor<4xf32> sizes()
    // expected-error @+1 {{expected storage that @k may write as binding 0, got 'plan.argument'}}
    plan.launch @k bindings(%y, %x) constants() label "k" flops %n bytes %n
  }
}

// -----

// launch_c3
plan.program @cpu abi 1 {
  plan.executable @k family "rms_norm" access [read, write] constants 0 {
  }
  plan.entry @forward {
    %n = plan.constant 4
    %x = plan.parameter @w
    %y = plan.argument 0 "y" role value : tensor<4xf32> sizes()
    // expected-error @+1 {{expected storage that @k may write as binding 1, got 'plan.parameter'}}
    plan.launch @k bindings(%y, %x) constants() label "k" flops %n bytes %n
  }
}

// -----

// tap_c1: one size for each dynamic extent
plan.program @cpu abi 1 {
  plan.entry @forward {
    %x = plan.parameter @w
    // expected-error @+1 {{expected 1 sizes for 'tensor<?x64xf32>', got 0}}
    plan.tap "hidden.0", %x : tensor<?x64xf32> sizes()
  }
}
