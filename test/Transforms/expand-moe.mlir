// Routing counts ranks, and a weight chosen by data is an extract.
// RUN: hadal-opt %s --hadal-expand --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @route
// CHECK-SAME:    %[[LOGITS:[^:]*]]: tensor<?x16xf32>, %[[BIAS:[^:]*]]: tensor<16xf32>
// CHECK:         %[[SCORES:.*]] = linalg.generic {{.*}} ins(%[[LOGITS]] :
// CHECK:           math.absf
// CHECK:         %[[CHOICES:.*]] = linalg.generic {{.*}} ins(%[[SCORES]], %[[BIAS]] :
// CHECK:           arith.cmpf uno
// CHECK:         %[[GROUPED:.*]] = tensor.expand_shape %[[CHOICES]] {{.*}} into tensor<?x4x4xf32>
// CHECK:         %[[MEMBERS:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[GROUPED]], %[[GROUPED]] :
// CHECK:         %[[SUMS:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[GROUPED]], %[[MEMBERS]] :
// CHECK:         %[[GROUPS:.*]] = linalg.generic {{.*}} ins(%[[SUMS]] :
// CHECK:         %[[GROUP_RANKS:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[GROUPS]], %[[GROUPS]] :
// CHECK:         %[[EXCLUDED:.*]] = linalg.generic
// CHECK:           tensor.extract %[[GROUP_RANKS]]
// CHECK:         %[[RANKS:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[CHOICES]], %[[CHOICES]], %[[EXCLUDED]], %[[EXCLUDED]] :
// CHECK:         %[[IDS:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[RANKS]] :
// CHECK:         %[[CHOSEN:.*]] = linalg.generic {{.*}} ins(%[[IDS]] :
// CHECK:           tensor.extract %[[SCORES]]
// CHECK:         %[[TOTAL:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[CHOSEN]] :
// CHECK:         %[[WEIGHTS:.*]] = linalg.generic {{.*}} ins(%[[CHOSEN]], %[[TOTAL]] :
// CHECK:         return %[[WEIGHTS]], %[[IDS]]
func.func @route(%l: tensor<?x16xf32>, %b: tensor<16xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>) {
  %w, %ids = hadal.moe_route %l bias %b {scoring = #hadal.scoring<sigmoid>, group_rule = #hadal.groups<top_two_sum>, n_group = 4 : i64, topk_group = 2 : i64, top_k = 4 : i64, normalise, scale = 2.5 : f32}
    : (tensor<?x16xf32>, tensor<16xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>)
  return %w, %ids : tensor<?x4xf32>, tensor<?x4xi32>
}

// No grouping is needed where each token names its experts.
// CHECK-LABEL: func.func @experts
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x64xbf16>, %[[W:[^:]*]]: tensor<?x4xf32>, %[[IDS:[^:]*]]: tensor<?x4xi32>, %[[G:[^:]*]]: tensor<16x32x64xbf16>, %[[D:[^:]*]]: tensor<16x64x32xf8E4M3FN>, %[[S:[^:,]*]]: tensor<16x2x1xf32>
// CHECK:         %[[GATE:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[X]], %[[IDS]] :
// CHECK:           tensor.extract %[[G]]
// CHECK:         %[[H:.*]] = linalg.generic {{.*}} ins(%[[GATE]], %{{.*}} :
// CHECK:         %[[Y:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[H]], %[[IDS]] :
// CHECK:           tensor.extract %[[D]]
// CHECK:           tensor.extract %[[S]]
// CHECK:         linalg.generic {{.*}}"reduction"]} ins(%[[W]], %[[Y]] :
// CHECK-NOT:     linalg.generic
func.func @experts(%x: tensor<?x64xbf16>, %w: tensor<?x4xf32>, %ids: tensor<?x4xi32>, %g: tensor<16x32x64xbf16>, %d: tensor<16x64x32xf8E4M3FN>, %s: tensor<16x2x1xf32>) -> tensor<?x64xf32> {
  %y = hadal.moe_experts %x, %w, %ids, %g, %g, %d scales none, none, %s {block = array<i64: 32, 48>}
    : (tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>, tensor<16x64x32xf8E4M3FN>, tensor<16x2x1xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// A pair's place is how many come before it.
// CHECK-LABEL: func.func @group
// CHECK:         %[[IDS:.*]] = tensor.collapse_shape
// CHECK:         %[[OFFSETS:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[IDS]] :
// CHECK:         %[[PLACES:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[IDS]], %[[IDS]] :
// CHECK:         %[[NUMBERS:.*]] = linalg.generic
// CHECK:         %[[ROWS:.*]] = scf.forall (%[[P:.*]]) in
// CHECK:           %[[ROW:.*]] = tensor.extract_slice %[[NUMBERS]][%[[P]]] [1] [1]
// CHECK:           %[[PLACE:.*]] = tensor.extract %[[PLACES]][%[[P]]]
// CHECK:           %[[TO:.*]] = arith.index_cast %[[PLACE]]
// CHECK:           tensor.parallel_insert_slice %[[ROW]] into %{{.*}}[%[[TO]]] [1] [1]
// CHECK:         return %[[OFFSETS]], %[[ROWS]]
func.func @group(%ids: tensor<?x4xi32>) -> (tensor<17xi32>, tensor<?xi32>) {
  %o, %r = hadal.moe_group %ids {experts = 16 : i64} : (tensor<?x4xi32>) -> (tensor<17xi32>, tensor<?xi32>)
  return %o, %r : tensor<17xi32>, tensor<?xi32>
}

// CHECK-LABEL: func.func @gate_up
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x64xf32>, %[[O:[^:]*]]: tensor<17xi32>, %[[R:[^:]*]]: tensor<?xi32>
// CHECK:         %[[TOKENS:.*]] = linalg.generic {{.*}} ins(%[[R]] :
// CHECK:           arith.divui %{{.*}}, %c4
// CHECK:           tensor.extract %[[X]]
// CHECK:         %[[ENDS:.*]] = tensor.extract_slice %[[O]][1] [16] [1]
// CHECK:         %[[EXPERT:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[ENDS]] :
// CHECK:         linalg.generic {{.*}}"reduction"]} ins(%[[TOKENS]], %[[EXPERT]] :
func.func @gate_up(%x: tensor<?x64xf32>, %o: tensor<17xi32>, %r: tensor<?xi32>, %g: tensor<16x32x64xf32>) -> tensor<?x32xf32> {
  %h = hadal.moe_gate_up %x, %o, %r, %g, %g {top_k = 4 : i64} : (tensor<?x64xf32>, tensor<17xi32>, tensor<?xi32>, tensor<16x32x64xf32>, tensor<16x32x64xf32>) -> tensor<?x32xf32>
  return %h : tensor<?x32xf32>
}

// CHECK-LABEL: func.func @down
// CHECK-SAME:    %[[H:[^:]*]]: tensor<?x32xf32>, %[[O:[^:]*]]: tensor<17xi32>, %[[R:[^:]*]]: tensor<?xi32>
// CHECK:         %[[Z:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[H]], %{{.*}} :
// CHECK:         scf.forall (%[[P:.*]]) in
// CHECK:           %[[ROW:.*]] = tensor.extract_slice %[[Z]][%[[P]], 0] [1, 64]
// CHECK:           tensor.extract %[[R]][%[[P]]]
// CHECK:           tensor.parallel_insert_slice %[[ROW]] into %{{.*}}[%{{.*}}, 0] [1, 64]
func.func @down(%h: tensor<?x32xf32>, %o: tensor<17xi32>, %r: tensor<?xi32>, %d: tensor<16x64x32xf32>) -> tensor<?x64xf32> {
  %y = hadal.moe_down %h, %o, %r, %d : (tensor<?x32xf32>, tensor<17xi32>, tensor<?xi32>, tensor<16x64x32xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @combine
// CHECK:         %[[Y:.*]] = tensor.expand_shape %{{.*}} {{\[\[}}0, 1], [2]] {{.*}} into tensor<?x4x64xf32>
// CHECK:         linalg.generic {{.*}}"reduction"]} ins(%{{.*}}, %[[Y]] :
func.func @combine(%y: tensor<?x64xf32>, %w: tensor<?x4xf32>) -> tensor<?x64xf32> {
  %z = hadal.moe_combine %y, %w : (tensor<?x64xf32>, tensor<?x4xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}
