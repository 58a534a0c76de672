// Core ops become the loops of their equations, in f32 and rounded at the end.
// RUN: hadal-opt %s --hadal-expand --canonicalize --cse | FileCheck %s

// CHECK-DAG: #[[$X:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[$W:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[$Y:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>

// CHECK-LABEL: func.func @linear
// CHECK-SAME:    %[[A0:[^:]*]]: tensor<?x64xbf16>, %[[A1:[^:]*]]: tensor<96x64xbf16>
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant 0.0
// CHECK:         %[[EMPTY:.*]] = tensor.empty(%{{.*}}) : tensor<?x96xf32>
// CHECK:         %[[FILL:.*]] = linalg.fill ins(%[[ZERO]] : f32) outs(%[[EMPTY]]
// CHECK:         %[[SUM:.*]] = linalg.generic {indexing_maps = [#[[$X]], #[[$W]], #[[$Y]]], iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[A0]], %[[A1]] : {{.*}}) outs(%[[FILL]]
// CHECK:         ^bb0(%[[XE:.*]]: bf16, %[[WE:.*]]: bf16, %[[ACC:.*]]: f32):
// CHECK-DAG:       %[[XF:.*]] = arith.extf %[[XE]] :
// CHECK-DAG:       %[[WF:.*]] = arith.extf %[[WE]] :
// CHECK:           %[[P:.*]] = arith.mulf %[[XF]], %[[WF]]
// CHECK:           %[[S:.*]] = arith.addf %[[ACC]], %[[P]]
// CHECK:           linalg.yield %[[S]]
// CHECK:         return %[[SUM]]
func.func @linear(%x: tensor<?x64xbf16>, %w: tensor<96x64xbf16>) -> tensor<?x96xf32> {
  %y = hadal.linear %x, %w : (tensor<?x64xbf16>, tensor<96x64xbf16>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// The scale of the weight's block, by absolute index.
// CHECK-LABEL: func.func @scaled
// CHECK-SAME:    %[[SCALE:[^:,]*]]: tensor<1x2xf32>
// CHECK:         ^bb0(%{{.*}}: f32, %[[WE:.*]]: f8E4M3FN, %{{.*}}: f32):
// CHECK:           %[[O:.*]] = linalg.index 1
// CHECK:           %[[I:.*]] = linalg.index 2
// CHECK:           %[[WF:.*]] = arith.extf %[[WE]] : f8E4M3FN to f32
// CHECK:           %[[BO:.*]] = arith.divui %[[O]], %c128
// CHECK:           %[[BI:.*]] = arith.divui %[[I]], %c48
// CHECK:           %[[F:.*]] = tensor.extract %[[SCALE]][%[[BO]], %[[BI]]]
// CHECK:           arith.mulf %[[WF]], %[[F]]
// CHECK:         arith.truncf %{{.*}} : f32 to bf16
func.func @scaled(%x: tensor<?x64xf32>, %w: tensor<96x64xf8E4M3FN>, %s: tensor<1x2xf32>) -> tensor<?x96xbf16> {
  %y = hadal.linear %x, %w scale %s {block = array<i64: 128, 48>} : (tensor<?x64xf32>, tensor<96x64xf8E4M3FN>, tensor<1x2xf32>) -> tensor<?x96xbf16>
  return %y : tensor<?x96xbf16>
}

// A token outside of the table reads its first row, and gives NaN.
// CHECK-LABEL: func.func @embedding
// CHECK-DAG:     %[[NAN:.*]] = arith.constant 0x7FC00000 : f32
// CHECK:           %[[KNOWN:.*]] = arith.cmpi ult, %[[TOKEN:.*]], %c97
// CHECK:           %[[ROW:.*]] = arith.select %[[KNOWN]], %[[TOKEN]], %c0
// CHECK:           tensor.extract %{{.*}} : tensor<97x64xbf16>
// CHECK:           arith.select %[[KNOWN]], %{{.*}}, %[[NAN]] : f32
func.func @embedding(%t: tensor<?xi32>, %w: tensor<97x64xbf16>) -> tensor<?x64xf32> {
  %y = hadal.embedding %t, %w : (tensor<?xi32>, tensor<97x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Chosen rows are gathered, then normed.
// CHECK-LABEL: func.func @rms_norm
// CHECK:         %[[ROWS:.*]] = linalg.generic
// CHECK:           tensor.extract
// CHECK:         %[[SQUARES:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[ROWS]] :
// CHECK:         %[[INVERSE:.*]] = linalg.generic {{.*}} ins(%[[SQUARES]] :
// CHECK:           math.sqrt
// CHECK:         linalg.generic {{.*}} ins(%[[ROWS]], %[[INVERSE]], %{{.*}} :
// CHECK:           arith.truncf
func.func @rms_norm(%x: tensor<?x64xf32>, %w: tensor<64xf32>, %rows: tensor<?xi32>) -> tensor<?x64xbf16> {
  %y = hadal.rms_norm %x, %w rows %rows {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>, tensor<?xi32>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @gated_linear
// CHECK:         %[[GATE:.*]] = linalg.generic {{.*}}"reduction"]
// CHECK:         %[[UP:.*]] = linalg.generic {{.*}}"reduction"]
// CHECK:         linalg.generic {{.*}} ins(%[[GATE]], %[[UP]] :
// CHECK:           math.exp
// CHECK:           arith.truncf
func.func @gated_linear(%x: tensor<?x64xbf16>, %g: tensor<96x64xbf16>, %u: tensor<96x64xbf16>) -> tensor<?x96xbf16> {
  %y = hadal.gated_linear %x, %g, %u : (tensor<?x64xbf16>, tensor<96x64xbf16>, tensor<96x64xbf16>) -> tensor<?x96xbf16>
  return %y : tensor<?x96xbf16>
}

// The nope part of a head is a slice of it.
// CHECK-LABEL: func.func @head_linear
// CHECK:         %[[HEADS:.*]] = tensor.expand_shape %{{.*}} : tensor<?x144xf32> into tensor<?x3x48xf32>
// CHECK:         %[[NOPE:.*]] = tensor.extract_slice %[[HEADS]][0, 0, 0] [%{{.*}}, 3, 32]
// CHECK:         %[[Y:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[NOPE]], %{{.*}} :
// CHECK:         tensor.collapse_shape %[[Y]]
func.func @head_linear(%x: tensor<?x144xf32>, %w: tensor<3x64x32xbf16>) -> tensor<?x192xf32> {
  %y = hadal.head_linear %x, %w : (tensor<?x144xf32>, tensor<3x64x32xbf16>) -> tensor<?x192xf32>
  return %y : tensor<?x192xf32>
}

// Results keep their types, also where the expansion knows more.
// CHECK-LABEL: func.func @more_is_known
// CHECK:         %[[Y:.*]] = linalg.generic
// CHECK:         } -> tensor<4x96xf32>
// CHECK:         tensor.cast %[[Y]] : tensor<4x96xf32> to tensor<?x96xf32>
func.func @more_is_known(%x: tensor<4x64xf32>, %w: tensor<96x64xf32>) -> tensor<?x96xf32> {
  %y = hadal.linear %x, %w : (tensor<4x64xf32>, tensor<96x64xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}
