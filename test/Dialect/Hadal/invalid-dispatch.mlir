// Every constraint of programs, executables and dispatches is enforced.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// program_c1: holds declarations, executables and functions with a body only
hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected declarations, executables and functions in a program}}
  builtin.module {
  }
}

// -----

// program_c1
hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a function with a body in a program}}
  func.func private @prefill()
}

// -----

// program_c2: dims are at most 256, block tables 64
hadal.program @cpu target <"cpu"> {
  plan.block_table @t0 page_size 1 plan.block_table @t1 page_size 1 plan.block_table @t2 page_size 1 plan.block_table @t3 page_size 1 plan.block_table @t4 page_size 1 plan.block_table @t5 page_size 1 plan.block_table @t6 page_size 1 plan.block_table @t7 page_size 1 plan.block_table @t8 page_size 1 plan.block_table @t9 page_size 1 plan.block_table @t10 page_size 1 plan.block_table @t11 page_size 1 plan.block_table @t12 page_size 1 plan.block_table @t13 page_size 1 plan.block_table @t14 page_size 1 plan.block_table @t15 page_size 1 plan.block_table @t16 page_size 1 plan.block_table @t17 page_size 1 plan.block_table @t18 page_size 1 plan.block_table @t19 page_size 1 plan.block_table @t20 page_size 1 plan.block_table @t21 page_size 1 plan.block_table @t22 page_size 1 plan.block_table @t23 page_size 1 plan.block_table @t24 page_size 1 plan.block_table @t25 page_size 1 plan.block_table @t26 page_size 1 plan.block_table @t27 page_size 1 plan.block_table @t28 page_size 1 plan.block_table @t29 page_size 1 plan.block_table @t30 page_size 1 plan.block_table @t31 page_size 1 plan.block_table @t32 page_size 1 plan.block_table @t33 page_size 1 plan.block_table @t34 page_size 1 plan.block_table @t35 page_size 1 plan.block_table @t36 page_size 1 plan.block_table @t37 page_size 1 plan.block_table @t38 page_size 1 plan.block_table @t39 page_size 1 plan.block_table @t40 page_size 1 plan.block_table @t41 page_size 1 plan.block_table @t42 page_size 1 plan.block_table @t43 page_size 1 plan.block_table @t44 page_size 1 plan.block_table @t45 page_size 1 plan.block_table @t46 page_size 1 plan.block_table @t47 page_size 1 plan.block_table @t48 page_size 1 plan.block_table @t49 page_size 1 plan.block_table @t50 page_size 1 plan.block_table @t51 page_size 1 plan.block_table @t52 page_size 1 plan.block_table @t53 page_size 1 plan.block_table @t54 page_size 1 plan.block_table @t55 page_size 1 plan.block_table @t56 page_size 1 plan.block_table @t57 page_size 1 plan.block_table @t58 page_size 1 plan.block_table @t59 page_size 1 plan.block_table @t60 page_size 1 plan.block_table @t61 page_size 1 plan.block_table @t62 page_size 1 plan.block_table @t63 page_size 1
  // expected-error @+1 {{expected 64 of them in a program at most, got more}}
  plan.block_table @t64 page_size 1
}

// -----

// executable_c1: holds a function named body of one block
// expected-error @+1 {{expected a function named body of one block, found none}}
hadal.executable @k {
}

// -----

// dispatch_c1: the symbol names a hadal.executable
func.func private @k(tensor<?x64xf32>) -> tensor<?x64xf32>
func.func @f(%x: tensor<?x64xf32>) {
  // expected-error @+1 {{expected @k to name a hadal.executable}}
  %y = hadal.dispatch @k(%x) label "k" : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

// dispatch_c2: operand and result types are those of its body
hadal.executable @k {
  func.func @body(%x: tensor<?x64xf32>, %r: tensor<?xi32>) -> tensor<?x64xf32> {
    %y = hadal.gather_rows %x, %r : (tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}
func.func @f(%x: tensor<?x64xf32>) {
  // expected-error @+1 {{expected operands and results of '(tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>', got '(tensor<?x64xf32>) -> tensor<?x64xf32>'}}
  %y = hadal.dispatch @k(%x) label "k" : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

// executable_c2: an interface binds operands and results of the body, with an access for each, and writes results
// expected-error @+1 {{expected bindings below 2, the operands and results of the body, got 2}}
hadal.executable @k interface <bindings = [0, 2], access = [read, write], constants = []> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// executable_c2
// expected-error @+1 {{expected result 0 of the body to be written, got read}}
hadal.executable @k interface <bindings = [0, 1], access = [read, read], constants = []> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// executable_c2
// expected-error @+1 {{expected an access for each of 2 bindings, got 1}}
hadal.executable @k interface <bindings = [0, 1], access = [read], constants = []> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// expected-error @+1 {{expected one of [read, write, read_write] for how a kernel uses a binding, got: all}}
hadal.executable @k interface <bindings = [0, 1], access = [read, all], constants = []> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// executable_c3: constants are integers of i64, extents of operands, or dims by name
// expected-error @+1 {{expected a constant to be an integer of i64, an extent of an operand or a dim that the host knows, got #hadal.extent<1, 0>}}
hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<1, 0>]> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// executable_c3
// expected-error @+1 {{expected a constant to be an integer of i64, an extent of an operand or a dim that the host knows, got #hadal.extent<0, 2>}}
hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 2>]> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// executable_c3
// expected-error @+1 {{expected a constant to be an integer of i64, an extent of an operand or a dim that the host knows, got true}}
hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [true]> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// executable_c3
// expected-error @+1 {{got #hadal.extent<0, 0>}}
hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>]> {
  func.func @body(%x: i32) -> i32 {
    return %x : i32
  }
}

// -----

// executable_c4: bindings are at most 64, constants 256
// expected-error @+1 {{expected 64 bindings and 256 constants at most, got 65 and 0}}
hadal.executable @k interface <bindings = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], access = [read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read, read], constants = []> {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
}

// -----

// executable_c5: holds the body and variants only
hadal.executable @k {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    return %x : tensor<?x64xf32>
  }
  // expected-error @+1 {{expected the body and variants in an executable}}
  func.func private @helper()
}
