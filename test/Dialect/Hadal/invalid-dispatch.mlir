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
