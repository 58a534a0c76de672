// Native precision narrows what the dot unit reads and the caches; reference precision nothing.
// RUN: hadal-opt %s --split-input-file --hadal-set-precision | FileCheck %s
// RUN: hadal-opt %s --split-input-file --hadal-set-precision=precision=reference | FileCheck %s --check-prefix=REFERENCE
// RUN: not hadal-opt %s --split-input-file --hadal-set-precision=precision=exact 2>&1 | FileCheck %s --check-prefix=ERROR
// REFERENCE-NOT: xbf16
// ERROR: error: expected the precision native or reference, got 'exact'

// The input of a linear is rounded by the norm that makes it; the result stays f32.
// CHECK-LABEL: func.func @norm
// CHECK:         hadal.rms_norm {{.*}} -> tensor<?x64xbf16>
// CHECK:         hadal.linear {{.*}} -> tensor<?x96xf32>
func.func @norm(%x: tensor<?x64xf32>, %n: tensor<64xf32>, %w: tensor<96x64xf32>) -> tensor<?x96xf32> {
  %a = hadal.rms_norm %x, %n {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  %y = hadal.linear %a, %w : (tensor<?x64xf32>, tensor<96x64xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// -----

// The router reads f32, so that no choice flips, and the experts bf16: the norm is in f32, and rounded beside that.
// CHECK-LABEL: func.func @router
// CHECK:         %[[WIDE:.*]] = hadal.rms_norm {{.*}} -> tensor<?x64xf32>
// CHECK-NEXT:    %[[N:.*]] = arith.truncf %[[WIDE]] : tensor<?x64xf32> to tensor<?x64xbf16>
// CHECK:         %[[L:.*]] = hadal.linear %[[WIDE]]
// CHECK:         hadal.moe_route %[[L]]
// CHECK:         hadal.moe_experts %[[N]]
func.func @router(%x: tensor<?x64xf32>, %n: tensor<64xf32>, %r: tensor<16x64xf32>, %g: tensor<16x32x64xf32>, %d: tensor<16x64x32xf32>) -> tensor<?x64xf32> {
  %a = hadal.rms_norm %x, %n {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  %l = hadal.linear %a, %r : (tensor<?x64xf32>, tensor<16x64xf32>) -> tensor<?x16xf32>
  %w, %ids = hadal.moe_route %l {scoring = #hadal.scoring<softmax>, top_k = 4 : i64, scale = 1.0 : f32} : (tensor<?x16xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>)
  %y = hadal.moe_experts %a, %w, %ids, %g, %g, %d : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xf32>, tensor<16x32x64xf32>, tensor<16x64x32xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// Caches are bf16 and what is appended is rounded; queries are rounded by their rope.
// CHECK-LABEL: hadal.state @c growing @pages : tensor<?x64x80xbf16>
// CHECK:         hadal.state_read @c : tensor<?x64x80xbf16>
// CHECK:         hadal.rope {{.*}} -> tensor<?x144xbf16>
// CHECK:         hadal.mla_append {{.*}} -> tensor<?x64x80xbf16>
// CHECK:         hadal.mla_attention {{.*}} -> tensor<?x96xbf16>
// CHECK:         hadal.linear {{.*}} -> tensor<?x64xf32>
plan.block_table @pages page_size 64
hadal.state @c growing @pages : tensor<?x64x80xf32>
func.func @attention(%q: tensor<?x144xf32>, %kv: tensor<?x80xf32>, %n: tensor<64xf32>, %cos: tensor<128x8xf32>, %u: tensor<3x32x64xf32>, %o: tensor<64x96xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x64xf32> {
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  %r = hadal.rope %q, %i, %cos, %cos {heads = 3 : i64} : (tensor<?x144xf32>, tensor<?xi32>, tensor<128x8xf32>, tensor<128x8xf32>) -> tensor<?x144xf32>
  %c1 = hadal.mla_append %kv, %n, %cos, %cos, %i, %i, %i, %t outs(%c) {eps = 1.0e-6 : f32}
    : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  hadal.state_write @c, %c1 : tensor<?x64x80xf32>
  %a = hadal.mla_attention %r, %c1, %u, %u, %i, %i, %i, %t {scale = 0.1 : f32}
    : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xf32>, tensor<3x32x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
  %y = hadal.linear %a, %o : (tensor<?x96xf32>, tensor<64x96xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// The final norm is gathered before the head reads it: both are bf16, and a tap has f32.
// CHECK-LABEL: func.func @head
// CHECK:         %[[WIDE:.*]] = hadal.rms_norm {{.*}} -> tensor<?x64xf32>
// CHECK-NEXT:    %[[N:.*]] = arith.truncf %[[WIDE]]
// CHECK:         hadal.tap "hidden.1", %[[WIDE]]
// CHECK:         hadal.gather_rows %[[N]], {{.*}} -> tensor<?x64xbf16>
func.func @head(%x: tensor<?x64xf32>, %n: tensor<64xf32>, %rows: tensor<?xi32>, %w: tensor<97x64xf32>) -> tensor<?x97xf32> {
  %a = hadal.rms_norm %x, %n {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  hadal.tap "hidden.1", %a : tensor<?x64xf32>
  %g = hadal.gather_rows %a, %rows : (tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
  %y = hadal.linear %g, %w : (tensor<?x64xf32>, tensor<97x64xf32>) -> tensor<?x97xf32>
  return %y : tensor<?x97xf32>
}

// -----

// What cannot round its result is rounded after it.
// CHECK-LABEL: func.func @made_in_f32
// CHECK:         %[[X:.*]] = hadal.embedding {{.*}} -> tensor<?x64xf32>
// CHECK-NEXT:    %[[B:.*]] = arith.truncf %[[X]]
// CHECK-NEXT:    hadal.linear %[[B]]
func.func @made_in_f32(%t: tensor<?xi32>, %e: tensor<97x64xf32>, %w: tensor<96x64xf32>) -> tensor<?x96xf32> {
  %x = hadal.embedding %t, %e : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
  %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// -----

// A sum reads it in f32.
// CHECK-LABEL: func.func @read_in_f32
// CHECK:         %[[X:.*]] = hadal.swiglu {{.*}} -> tensor<?x64xf32>
// CHECK-NEXT:    %[[B:.*]] = arith.truncf %[[X]]
// CHECK-NEXT:    %[[Y:.*]] = hadal.linear %[[B]]
// CHECK-NEXT:    arith.addf %[[X]], %[[Y]]
func.func @read_in_f32(%g: tensor<?x64xf32>, %w: tensor<64x64xf32>) -> tensor<?x64xf32> {
  %x = hadal.swiglu %g, %g : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %z = arith.addf %x, %y : tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// A state that an op of another dialect writes is of the type that it was given.
// CHECK: hadal.state @own growing @pages : tensor<?x64x80xf32>
// CHECK: hadal.state @cache growing @pages : tensor<?x64x80xbf16>
plan.block_table @pages page_size 64
hadal.state @own growing @pages : tensor<?x64x80xf32>
hadal.state @cache growing @pages : tensor<?x64x80xf32>
func.func @states(%row: tensor<1x1x80xf32>, %kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %i: tensor<?xi32>, %pages: tensor<?x?xi32>) {
  %s = hadal.state_read @own : tensor<?x64x80xf32>
  %s1 = scf.forall (%n) in (4) shared_outs(%out = %s) -> tensor<?x64x80xf32> {
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %row into %out[%n, 0, 0] [1, 1, 80] [1, 1, 1] : tensor<1x1x80xf32> into tensor<?x64x80xf32>
    }
  }
  hadal.state_write @own, %s1 : tensor<?x64x80xf32>
  %c = hadal.state_read @cache : tensor<?x64x80xf32>
  %c1 = hadal.mla_append %kv, %w, %cos, %cos, %i, %i, %i, %pages outs(%c) {eps = 1.0e-6 : f32}
    : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  hadal.state_write @cache, %c1 : tensor<?x64x80xf32>
  return
}
