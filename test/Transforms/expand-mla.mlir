// Attention becomes its absorbed form over the context that the host knows.
// RUN: hadal-opt %s --hadal-expand --canonicalize --cse | FileCheck %s

plan.host_dim @context is max_context

// A row of the cache for each token, in place; two writes, of the latent and of the key.
// CHECK-LABEL: func.func @append
// CHECK-SAME:    %[[CACHE:[^:,]*]]: tensor<?x64x80xbf16>) ->
// CHECK:         %[[ENDS:.*]] = tensor.extract_slice %{{.*}}[1] [%{{.*}}] [1] : tensor<?xi32> to tensor<?xi32>
// CHECK:         %[[SEQUENCE:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[ENDS]] :
// CHECK:         %[[LATENT:.*]] = scf.forall (%[[N:.*]]) in {{.*}} shared_outs(%[[OUT:.*]] = %[[CACHE]])
// CHECK:           %[[ROW:.*]] = tensor.extract_slice %{{.*}}[%[[N]], 0] [1, 64] [1, 1]
// CHECK:           tensor.extract %[[SEQUENCE]][%[[N]]]
// CHECK:           tensor.parallel_insert_slice %[[ROW]] into %[[OUT]][%{{.*}}, %{{.*}}, 0] [1, 1, 64] [1, 1, 1]
// CHECK:         %[[KEY:.*]] = scf.forall {{.*}} shared_outs(%[[OUT:.*]] = %[[LATENT]])
// CHECK:           tensor.parallel_insert_slice %{{.*}} into %[[OUT]][%{{.*}}, %{{.*}}, 64] [1, 1, 16] [1, 1, 1]
// CHECK:         return %[[KEY]]
func.func @append(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %a: tensor<128x8xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>,
                  %t: tensor<?x?xi32>, %c: tensor<?x64x80xbf16>) -> tensor<?x64x80xbf16> {
  %y = hadal.mla_append %kv, %w, %a, %a, %p, %o, %s, %t outs(%c) {eps = 1.0e-6 : f32, interleaved}
    : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xbf16>) -> tensor<?x64x80xbf16>
  return %y : tensor<?x64x80xbf16>
}

// Keys after a token's position read its own row, and count for nothing.
// CHECK-LABEL: func.func @attention
// CHECK-SAME:    %[[Q:[^:]*]]: tensor<?x144xbf16>, %[[CACHE:[^:]*]]: tensor<?x64x80xbf16>
// CHECK-DAG:     %[[LOWEST:.*]] = arith.constant 0xFF800000 : f32
// CHECK:         %[[CONTEXT:.*]] = hadal.host_dim @context
// CHECK:         %[[KEYS:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?xi32>, tensor<?xi32>)
// CHECK:           arith.minui
// CHECK:         } -> tensor<?x?xi32>
// CHECK:         %[[ABSORBED:.*]] = linalg.generic {{.*}}"reduction"]
// CHECK:         tensor.empty(%{{.*}}, %[[CONTEXT]]) : tensor<?x3x?xf32>
// CHECK:         %[[PART:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[ABSORBED]], %[[KEYS]] :
// CHECK:           tensor.extract %[[CACHE]]
// CHECK:         %[[SCORES:.*]] = linalg.generic {{.*}}"reduction"]} ins(%{{.*}}, %[[KEYS]] : {{.*}}) outs(%[[PART]] :
// CHECK:         %[[MASKED:.*]] = linalg.generic {{.*}} ins(%[[SCORES]], %{{.*}} :
// CHECK:           arith.select %{{.*}}, %{{.*}}, %[[LOWEST]]
// CHECK:         %[[LARGEST:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[MASKED]] :
// CHECK:         %[[WEIGHTS:.*]] = linalg.generic {{.*}} ins(%[[MASKED]], %[[LARGEST]] :
// CHECK:           math.exp
// CHECK:         %[[TOTAL:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[WEIGHTS]] :
// CHECK:         %[[SUM:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[WEIGHTS]], %[[KEYS]], %{{.*}} :
// CHECK:           tensor.extract %[[CACHE]]
// CHECK:           arith.select
// CHECK:         linalg.generic {{.*}} ins(%[[SUM]], %[[TOTAL]] :
// CHECK:           arith.divf
// CHECK:         linalg.generic {{.*}}"reduction"]
// CHECK-NOT:     hadal.
func.func @attention(%q: tensor<?x144xbf16>, %c: tensor<?x64x80xbf16>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>,
                     %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x96xbf16> {
  %y = hadal.mla_attention %q, %c, %uk, %uv, %p, %o, %s, %t {scale = 0.1 : f32}
    : (tensor<?x144xbf16>, tensor<?x64x80xbf16>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xbf16>
  return %y : tensor<?x96xbf16>
}

// Rows of shorter sequences stay what the destination held.
// CHECK-LABEL: func.func @expanded
// CHECK-SAME:    %[[OUT:[^:,]*]]: tensor<?x96xf32>) ->
// CHECK:         %[[Y:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x96xf32>, tensor<?xi32>) outs(%[[OUT]] :
// CHECK:           %[[SHORTER:.*]] = arith.cmpi slt, %{{.*}}, %c171
// CHECK:           arith.select %[[SHORTER]]
// CHECK:         return %[[Y]]
func.func @expanded(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>,
                    %t: tensor<?x?xi32>, %out: tensor<?x96xf32>) -> tensor<?x96xf32> {
  %y = hadal.mla_attend_expanded %q, %c, %uk, %uk, %p, %o, %s, %t outs(%out) {scale = 0.1 : f32, threshold = 171 : i64}
    : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xf32>, tensor<3x32x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// Queries are in latent space already.
// CHECK-LABEL: func.func @absorbed
// CHECK-SAME:    %[[LATENT:[^:]*]]: tensor<?x192xf32>, %[[Q:[^:]*]]: tensor<?x144xf32>
// CHECK-DAG:     %[[QL:.*]] = tensor.expand_shape %[[LATENT]] {{.*}} into tensor<?x3x64xf32>
// CHECK-DAG:     %[[QH:.*]] = tensor.expand_shape %[[Q]] {{.*}} into tensor<?x3x48xf32>
// CHECK:         %[[ROPE:.*]] = tensor.extract_slice %[[QH]][0, 0, 32] [%{{.*}}, 3, 16] [1, 1, 1]
// CHECK:         linalg.generic {{.*}} ins(%[[QL]],
// CHECK:         linalg.generic {{.*}} ins(%[[ROPE]],
func.func @absorbed(%l: tensor<?x192xf32>, %q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x192xf32> {
  %y = hadal.mla_attend_absorbed %l, %q, %c, %i, %i, %i, %t {heads = 3 : i64, scale = 0.1 : f32}
    : (tensor<?x192xf32>, tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x192xf32>
  return %y : tensor<?x192xf32>
}
