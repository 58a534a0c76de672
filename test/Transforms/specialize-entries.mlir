// A function of the role step gets one of the role decode, which differs in nothing yet.
// RUN: hadal-opt %s --split-input-file --hadal-specialize-entries | FileCheck %s

// CHECK-LABEL: func.func @forward
// CHECK-SAME:    {hadal.port = #hadal.port<"logits", logits>}
// CHECK-SAME:    attributes {hadal.entry = #hadal.entry<step>}
// CHECK:         hadal.gather_rows
// CHECK-LABEL: func.func @decode
// CHECK-SAME:    {hadal.port = #hadal.port<"tokens", tokens>}
// CHECK-SAME:    {hadal.port = #hadal.port<"logits", logits>}
// CHECK-SAME:    attributes {hadal.entry = #hadal.entry<decode>}
// CHECK:         hadal.gather_rows
// CHECK-LABEL: func.func @other
// CHECK-NOT:   func.func
func.func @forward(%x: tensor<?x64xf32>, %r: tensor<?xi32> {hadal.port = #hadal.port<"tokens", tokens>}) -> (tensor<?x64xf32> {hadal.port = #hadal.port<"logits", logits>})
    attributes {hadal.entry = #hadal.entry<step>} {
  %y = hadal.gather_rows %x, %r : (tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
func.func @other() {
  return
}

// -----

// A module that has its entry points is left alone, whatever they are called.
// CHECK-LABEL: func.func @one
// CHECK-LABEL: func.func @many
// CHECK-NOT:   func.func
func.func @one() attributes {hadal.entry = #hadal.entry<decode>} {
  return
}
func.func @many() attributes {hadal.entry = #hadal.entry<step>} {
  return
}

// -----

// Without a step there is nothing to specialise, and the name of a function is none of our business.
// CHECK-LABEL: func.func @step
// CHECK-NOT:   func.func
func.func @step() {
  return
}

// -----

// The name is free for others.
// CHECK-LABEL: func.func @decode
// CHECK-LABEL: func.func @forward
// CHECK-LABEL: func.func @decode_0
// CHECK-SAME:    attributes {hadal.entry = #hadal.entry<decode>}
func.func @decode() {
  return
}
func.func @forward() attributes {hadal.entry = #hadal.entry<step>} {
  return
}
