// step becomes the entry points prefill and decode, which differ in nothing yet.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-specialize-entries | FileCheck %s

// CHECK-LABEL: func.func @prefill
// CHECK-SAME:    attributes {hadal.entry = "prefill"}
// CHECK:         hadal.gather_rows
// CHECK-LABEL: func.func @decode
// CHECK-SAME:    attributes {hadal.entry = "decode"}
// CHECK:         hadal.gather_rows
// CHECK-NOT:   @step
func.func @step(%x: tensor<?x64xf32>, %r: tensor<?xi32>) -> tensor<?x64xf32> {
  %y = hadal.gather_rows %x, %r : (tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// A module that has its entry points is left alone.
// CHECK-LABEL: func.func @prefill
// CHECK-NOT:     hadal.entry
// CHECK-NOT:   @decode
func.func @prefill() {
  return
}

// -----

// expected-error @-2 {{expected a function 'step', found none}}
func.func @forward() {
  return
}
