// Every constraint of executables, their variants and how each is launched is enforced.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

plan.program @cpu abi 1 {
  // expected-error @+1 {{expected one of [read, write, read_write] for how a kernel uses a binding, got: all}}
  plan.executable @k family "rms_norm" access [read, all] constants 0 {
  }
}

// -----

// executable_c1: constants are from 0 to 256, bindings at most 64, variants at most 16
plan.program @cpu abi 1 {
  // expected-error @+1 {{expected from 0 to 256 constants, got -2}}
  plan.executable @k family "rms_norm" access [read] constants -2 {
  }
}

// -----

// executable_c1
plan.program @cpu abi 1 {
  // expected-error @+1 {{expected from 0 to 256 constants, got 4294967296}}
  plan.executable @k family "rms_norm" access [read] constants 4294967296 {
  }
}

// -----

// executable_c1
plan.program @cpu abi 1 {
  // expected-error @+1 {{expected 64 bindings at most, got 65}}
  plan.executable @k family "rms_norm" access [read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read] constants 0 {
  }
}

// -----

// executable_c1
plan.program @cpu abi 1 {
  plan.image @i level "l" {
  }
  // expected-error @+1 {{expected 16 variants at most, got 17}}
  plan.executable @k family "rms_norm" access [] constants 0 {
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
    plan.variant @i { plan.interface { %n = plan.constant 1 plan.grid %n, %n, %n } }
  }
}

// -----

// executable_c2: holds plan.variant only
plan.program @cpu abi 1 {
  plan.executable @k family "rms_norm" access [read] constants 0 {
    // expected-error @+1 {{expected variants in an executable}}
    %n = plan.constant 1
  }
}

// -----

// executable_c3: the interface of a variant takes the constants, and binds what is bound
plan.program @cpu abi 1 {
  plan.image @v3 level "x86-64-v3" {
  }
  plan.executable @k family "rms_norm" access [read] constants 0 {
    plan.variant @v3 {
      // expected-error @+1 {{expected an argument for each of 0 constants, got 1}}
      plan.interface {
      ^bb0(%rows: !plan.int):
        plan.grid %rows, %rows, %rows
      }
    }
  }
}

// -----

// executable_c3
plan.program @cpu abi 1 {
  plan.image @v3 level "x86-64-v3" {
  }
  plan.executable @k family "rms_norm" access [read] constants 1 {
    plan.variant @v3 {
      plan.interface {
      ^bb0(%rows: !plan.int):
        // expected-error @+1 {{expected a binding below 1, got 1}}
        plan.kernel_parameter binding[1]
        plan.grid %rows, %rows, %rows
      }
    }
  }
}

// -----

// variant_c1: the symbol names a plan.image
plan.program @cpu abi 1 {
  plan.executable @k family "rms_norm" access [] constants 1 {
    // expected-error @+1 {{expected @k to name a plan.image}}
    plan.variant @k {
      plan.interface {
      ^bb0(%rows: !plan.int):
        plan.grid %rows, %rows, %rows
      }
    }
  }
}

// -----

// variant_c2: holds one plan.interface
plan.program @cpu abi 1 {
  plan.image @v3 level "x86-64-v3" {
  }
  plan.executable @k family "rms_norm" access [] constants 1 {
    // expected-error @+1 {{expected one plan.interface, got 0 ops}}
    plan.variant @v3 {
    }
  }
}

// -----

// interface_c1: arguments are of !plan.int, and plan.grid ends the block
// expected-error @+1 {{expected arguments of !plan.int, got 'index'}}
plan.interface {
^bb0(%rows: index):
  %one = plan.constant 1
  plan.grid %one, %one, %one
}

// -----

// interface_c1
// expected-error @+1 {{expected plan.grid at the end, found none}}
plan.interface {
^bb0(%rows: !plan.int):
  plan.yield %rows
}

// -----

// interface_c2: holds constants, expressions, selections and kernel parameters only
plan.host_dim @tokens is tokens
plan.interface {
^bb0(%rows: !plan.int):
  // expected-error @+1 {{expected constants, expressions, selections and kernel parameters in an interface}}
  %n = plan.dim @tokens
  plan.grid %n, %rows, %rows
}

// -----

// interface_c3: scratch is from 0 to 1 GiB, static shared memory from 0 to 4,294,967,295 bytes
// expected-error @+1 {{expected static shared memory from 0 to 4294967295 bytes, got -1}}
plan.interface static_shared -1 {
^bb0(%rows: !plan.int):
  plan.grid %rows, %rows, %rows
}

// -----

// interface_c3
// expected-error @+1 {{expected static shared memory from 0 to 4294967295 bytes, got 4294967296}}
plan.interface static_shared 4294967296 {
^bb0(%rows: !plan.int):
  plan.grid %rows, %rows, %rows
}

// -----

// interface_c3
// expected-error @+1 {{expected scratch from 0 to 1073741824 bytes, got 1073741825}}
plan.interface scratch 1073741825 {
^bb0(%rows: !plan.int):
  plan.grid %rows, %rows, %rows
}

// -----

// interface_c4: a workgroup size and a cluster are three extents from 1 to 4,294,967,295
// expected-error @+1 {{expected a workgroup size of three extents from 1 to 4294967295, got [128, 0, 1]}}
plan.interface workgroup_size [128, 0, 1] {
^bb0(%rows: !plan.int):
  plan.grid %rows, %rows, %rows
}

// -----

// interface_c4
// expected-error @+1 {{expected a cluster of three extents from 1 to 4294967295, got [2]}}
plan.interface cluster [2] {
^bb0(%rows: !plan.int):
  plan.grid %rows, %rows, %rows
}

// -----

// interface_c4
// expected-error @+1 {{expected a workgroup size of three extents from 1 to 4294967295, got [4294967297, 1, 1]}}
plan.interface workgroup_size [4294967297, 1, 1] {
^bb0(%rows: !plan.int):
  plan.grid %rows, %rows, %rows
}

// -----

// interface_c4
// expected-error @+1 {{expected a cluster of three extents from 1 to 4294967295, got [1, 1, 4294967296]}}
plan.interface cluster [1, 1, 4294967296] {
^bb0(%rows: !plan.int):
  plan.grid %rows, %rows, %rows
}

// -----

// interface_c5: a kernel parameter names a constant that there is, or a workspace where the grid asks for one
plan.interface {
^bb0(%rows: !plan.int):
  // expected-error @+1 {{expected a constant below 1, got 1}}
  plan.kernel_parameter constant_i64[1]
  plan.grid %rows, %rows, %rows
}

// -----

// interface_c5
plan.interface {
^bb0(%rows: !plan.int):
  // expected-error @+1 {{expected a grid that asks for a workspace, found none}}
  plan.kernel_parameter workspace
  plan.grid %rows, %rows, %rows
}

// -----

// interface_c6: kernel parameters are at most 512
// expected-error @+1 {{expected 512 kernel parameters at most, got 513}}
plan.interface {
^bb0(%rows: !plan.int):
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants plan.kernel_parameter constants
  plan.grid %rows, %rows, %rows
}

// -----

// grid_c1: workgroups that are constant are from 0 to 2,147,483,647, and bytes not negative
plan.interface {
  %one = plan.constant 1
  %more = plan.constant 2147483648
  // expected-error @+1 {{expected from 0 to 2147483647 workgroups, got 2147483648}}
  plan.grid %one, %more, %one
}

// -----

// grid_c1
plan.interface {
  %one = plan.constant 1
  %two = plan.constant 2
  %less = plan.expr sub %one, %two
  // expected-error @+1 {{expected bytes that are not negative, got -1}}
  plan.grid %one, %one, %one workspace %less
}

// -----

// kernel_parameter_c1: all but a workspace and constants have an index that is not negative
plan.interface {
^bb0(%rows: !plan.int):
  // expected-error @+1 {{expected an index that is not negative for all but a workspace and constants, got none for binding}}
  plan.kernel_parameter binding
  plan.grid %rows, %rows, %rows
}

// -----

// kernel_parameter_c1
plan.interface {
^bb0(%rows: !plan.int):
  // expected-error @+1 {{expected an index that is not negative for all but a workspace and constants, got -1 for binding}}
  plan.kernel_parameter binding[-1]
  plan.grid %rows, %rows, %rows
}

// -----

// kernel_parameter_c2: a tensor map, and nothing else, has elements, one to five extents, a stride for each but the first, and extents of a box from 1 to 4,294,967,295
plan.interface {
^bb0(%rows: !plan.int):
  // expected-error @+1 {{expected elements, extents, strides, a box and a swizzle of a tensor map only, got them for binding}}
  plan.kernel_parameter binding[0] swizzle 32
  plan.grid %rows, %rows, %rows
}

// -----

// kernel_parameter_c2
plan.interface {
^bb0(%rows: !plan.int):
  // expected-error @+1 {{expected elements, one to five extents, a stride for each but the first and as many extents of a box, got 2 extents, 0 strides and a box of 2}}
  plan.kernel_parameter tensor_map[0] of bf16 extents(%rows, %rows) box [64, 64]
  plan.grid %rows, %rows, %rows
}

// -----

// kernel_parameter_c2
plan.interface {
^bb0(%rows: !plan.int):
  // expected-error @+1 {{expected extents of a box from 1 to 4294967295, got [4294967296]}}
  plan.kernel_parameter tensor_map[0] of bf16 extents(%rows) box [4294967296]
  plan.grid %rows, %rows, %rows
}

// -----

// kernel_parameter_c3: a swizzle is 0, 32, 64 or 128
plan.interface {
^bb0(%rows: !plan.int):
  // expected-error @+1 {{expected a swizzle of 0, 32, 64 or 128, got 16}}
  plan.kernel_parameter tensor_map[0] of bf16 extents(%rows) box [64] swizzle 16
  plan.grid %rows, %rows, %rows
}
