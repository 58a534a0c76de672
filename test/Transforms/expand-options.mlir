// Steps are named after the op, and run under its condition.
// RUN: hadal-opt %s --hadal-expand --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix=NAMES
// NAMES-LABEL: func.func @named
// NAMES:         linalg.generic
// NAMES:         {hadal.when = #hadal.when<any_shorter, 96>}
// NAMES:         loc("layers.0.mlp.gate"("layers.0.mlp"))
func.func @named(%x: tensor<?x64xf32>, %g: tensor<96x64xf32>) -> tensor<?x96xf32> {
  %y = hadal.gated_linear %x, %g, %g {hadal.when = #hadal.when<any_shorter, 96>} : (tensor<?x64xf32>, tensor<96x64xf32>, tensor<96x64xf32>) -> tensor<?x96xf32> loc("layers.0.mlp")
  return %y : tensor<?x96xf32>
}

// Ops may be kept by name; those of other dialects stay anyway.
// RUN: hadal-opt %s --hadal-expand="keep=hadal.linear,hadal.swiglu" | FileCheck %s --check-prefix=KEEP
// RUN: not hadal-opt %s --hadal-expand="keep=hadal.lineal" 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: error: expected names of ops that expand, got 'hadal.lineal'
// KEEP-LABEL: func.func @kept
// KEEP:         hadal.linear
// KEEP:         linalg.generic
// KEEP:         hadal.swiglu
func.func @kept(%x: tensor<?x64xf32>, %w: tensor<96x64xf32>, %p: tensor<?xi32>, %a: tensor<8x8xf32>) -> tensor<?x96xf32> {
  %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xf32>) -> tensor<?x96xf32>
  %z = hadal.rope %y, %p, %a, %a {heads = 3 : i64} : (tensor<?x96xf32>, tensor<?xi32>, tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<?x96xf32>
  %u = hadal.swiglu %y, %z : (tensor<?x96xf32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return %u : tensor<?x96xf32>
}
