// Every constraint of programs, executables and dispatches is enforced.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// program_c1: holds parameters, states, executables and functions only
hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected parameters, states, executables and functions in a program}}
  builtin.module {
  }
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
