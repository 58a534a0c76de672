// The two linear ops of a gate become one op, where these serve nothing else.
// RUN: hadal-opt %s --hadal-fuse-gates | FileCheck %s
// RUN: hadal-opt %s --hadal-fuse-gates --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix=LABEL

// The label of the gate stays: it is what a trace shows.
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

// The gate's linear is read elsewhere.
// CHECK-LABEL: func.func @gate_of_two_uses
// CHECK:         hadal.swiglu
func.func @gate_of_two_uses(%x: tensor<?x64xf32>, %w: tensor<96x64xbf16>) -> (tensor<?x96xf32>, tensor<?x96xf32>) {
  %g = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
  %u = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
  %y = hadal.swiglu %g, %u : (tensor<?x96xf32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return %y, %g : tensor<?x96xf32>, tensor<?x96xf32>
}
