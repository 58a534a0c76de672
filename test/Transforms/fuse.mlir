// Additions and gates become part of the ops that feed them, where these serve nothing else.
// RUN: hadal-opt %s --hadal-fuse | FileCheck %s
// RUN: hadal-opt %s --hadal-fuse --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix=LABEL

// The label of the linear stays: it is what a trace shows.
// CHECK-LABEL: func.func @residual
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x64xf32>
// CHECK:         hadal.linear %{{.*}}, %{{.*}} addend %[[X]] :
// LABEL:         hadal.linear {{.*}} addend {{.*}} loc("down")
// CHECK-NOT:     arith.addf
func.func @residual(%x: tensor<?x64xf32>, %h: tensor<?x96xf32>, %w: tensor<64x96xbf16>) -> tensor<?x64xf32> {
  %y = hadal.linear %h, %w : (tensor<?x96xf32>, tensor<64x96xbf16>) -> tensor<?x64xf32> loc("down")
  %z = arith.addf %x, %y : tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// The linear's result is read elsewhere.
// CHECK-LABEL: func.func @residual_of_two_uses
// CHECK:         arith.addf
func.func @residual_of_two_uses(%x: tensor<?x64xf32>, %h: tensor<?x96xf32>, %w: tensor<64x96xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %y = hadal.linear %h, %w : (tensor<?x96xf32>, tensor<64x96xbf16>) -> tensor<?x64xf32>
  %z = arith.addf %x, %y : tensor<?x64xf32>
  return %z, %y : tensor<?x64xf32>, tensor<?x64xf32>
}

// A sum with itself, and a linear that has its addend.
// CHECK-LABEL: func.func @twice
// CHECK:         %[[Y:.*]] = hadal.linear
// CHECK:         arith.addf %[[Y]], %[[Y]]
func.func @twice(%h: tensor<?x96xf32>, %w: tensor<64x96xbf16>) -> tensor<?x64xf32> {
  %y = hadal.linear %h, %w : (tensor<?x96xf32>, tensor<64x96xbf16>) -> tensor<?x64xf32>
  %z = arith.addf %y, %y : tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}
// CHECK-LABEL: func.func @addend_taken
// CHECK:         hadal.linear {{.*}} addend
// CHECK:         arith.addf
func.func @addend_taken(%x: tensor<?x64xf32>, %h: tensor<?x96xf32>, %w: tensor<64x96xbf16>) -> tensor<?x64xf32> {
  %y = hadal.linear %h, %w addend %x : (tensor<?x96xf32>, tensor<64x96xbf16>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = arith.addf %y, %x : tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// A sum in bf16 is another number.
// CHECK-LABEL: func.func @narrow_sum
// CHECK:         arith.addf
func.func @narrow_sum(%x: tensor<?x64xbf16>, %h: tensor<?x96xbf16>, %w: tensor<64x96xbf16>) -> tensor<?x64xbf16> {
  %y = hadal.linear %h, %w : (tensor<?x96xbf16>, tensor<64x96xbf16>) -> tensor<?x64xbf16>
  %z = arith.addf %x, %y : tensor<?x64xbf16>
  return %z : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @gate
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x64xbf16>, %[[G:[^:]*]]: tensor<96x64xbf16>, %[[U:[^:]*]]: tensor<96x64xbf16>
// CHECK:         hadal.gated_linear %[[X]], %[[G]], %[[U]] : {{.*}} -> tensor<?x96xbf16>
// LABEL:         hadal.gated_linear {{.*}} loc("gate")
// CHECK-NOT:     hadal.swiglu
func.func @gate(%x: tensor<?x64xbf16>, %wg: tensor<96x64xbf16>, %wu: tensor<96x64xbf16>) -> tensor<?x96xbf16> {
  %g = hadal.linear %x, %wg : (tensor<?x64xbf16>, tensor<96x64xbf16>) -> tensor<?x96xf32> loc("gate")
  %u = hadal.linear %x, %wu : (tensor<?x64xbf16>, tensor<96x64xbf16>) -> tensor<?x96xf32> loc("up")
  %y = hadal.swiglu %g, %u : (tensor<?x96xf32>, tensor<?x96xf32>) -> tensor<?x96xbf16>
  return %y : tensor<?x96xbf16>
}

// Block scales go along, gate first.
// CHECK-LABEL: func.func @scaled_gate
// CHECK-SAME:    %[[GS:[^:,]*]]: tensor<1x1xf32>, %[[US:[^:,]*]]: tensor<1x1xf32>
// CHECK:         hadal.gated_linear {{.*}} scales %[[GS]], %[[US]] {block = array<i64: 128, 128>}
func.func @scaled_gate(%x: tensor<?x64xf32>, %w: tensor<96x64xf8E4M3FN>, %gs: tensor<1x1xf32>, %us: tensor<1x1xf32>) -> tensor<?x96xf32> {
  %g = hadal.linear %x, %w scale %gs {block = array<i64: 128, 128>} : (tensor<?x64xf32>, tensor<96x64xf8E4M3FN>, tensor<1x1xf32>) -> tensor<?x96xf32>
  %u = hadal.linear %x, %w scale %us {block = array<i64: 128, 128>} : (tensor<?x64xf32>, tensor<96x64xf8E4M3FN>, tensor<1x1xf32>) -> tensor<?x96xf32>
  %y = hadal.swiglu %g, %u : (tensor<?x96xf32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// Different inputs, one linear for both, weights of different types.
// CHECK-LABEL: func.func @other_input
// CHECK:         hadal.swiglu
func.func @other_input(%x: tensor<?x64xf32>, %z: tensor<?x64xf32>, %w: tensor<96x64xbf16>) -> tensor<?x96xf32> {
  %g = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
  %u = hadal.linear %z, %w : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
  %y = hadal.swiglu %g, %u : (tensor<?x96xf32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}
// CHECK-LABEL: func.func @same_linear
// CHECK:         hadal.swiglu
func.func @same_linear(%x: tensor<?x64xf32>, %w: tensor<96x64xbf16>) -> tensor<?x96xf32> {
  %g = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
  %y = hadal.swiglu %g, %g : (tensor<?x96xf32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}
// CHECK-LABEL: func.func @other_weight
// CHECK:         hadal.swiglu
func.func @other_weight(%x: tensor<?x64xf32>, %w: tensor<96x64xbf16>, %v: tensor<96x64xf32>) -> tensor<?x96xf32> {
  %g = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
  %u = hadal.linear %x, %v : (tensor<?x64xf32>, tensor<96x64xf32>) -> tensor<?x96xf32>
  %y = hadal.swiglu %g, %u : (tensor<?x96xf32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// The shared experts, then the residual: in the order in which combine sums.
// CHECK-LABEL: func.func @combine
// CHECK-SAME:    %[[RES:[^:,]*]]: tensor<?x64xf32>, %[[H:[^:,]*]]: tensor<?x32xf32>
// CHECK:         %[[S:.*]] = hadal.linear %[[H]]
// CHECK:         hadal.moe_combine {{.*}} shared %[[S]] addend %[[RES]]
// CHECK-NOT:     arith.addf
func.func @combine(%res: tensor<?x64xf32>, %h: tensor<?x32xf32>, %w: tensor<64x32xbf16>, %y: tensor<?x64xf32>, %weights: tensor<?x4xf32>) -> tensor<?x64xf32> {
  %c = hadal.moe_combine %y, %weights : (tensor<?x64xf32>, tensor<?x4xf32>) -> tensor<?x64xf32>
  %s = hadal.linear %h, %w : (tensor<?x32xf32>, tensor<64x32xbf16>) -> tensor<?x64xf32>
  %a = arith.addf %c, %s : tensor<?x64xf32>
  %z = arith.addf %res, %a : tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}
