// What the target has kernels of is split; one form serves all sequences where it has no kernel of the other.
// RUN: hadal-opt %s --hadal-decompose=supported | FileCheck %s

hadal.program @cuda target <"cuda"> {
  plan.host_dim @max_context is max_context
  hadal.parameter @w_uk : tensor<3x32x64xbf16>
  hadal.parameter @w_uv : tensor<3x32x64xbf16>
  hadal.parameter @w_uk_24 : tensor<3x24x64xbf16>
  hadal.parameter @w_144 : tensor<3x32x144xbf16>
  // CHECK-LABEL: func.func @native
  // CHECK:         hadal.head_linear {{.*}} {hadal.when = #hadal.when<any_shorter, 171>}
  // CHECK:         hadal.mla_attend_absorbed {{.*}} {hadal.when = #hadal.when<any_shorter, 171>, heads = 3 : i64, scale = {{.*}} : f32, threshold = 171 : i64}
  // CHECK:         hadal.head_linear {{.*}} {hadal.when = #hadal.when<any_shorter, 171>}
  // CHECK:         hadal.mla_attend_expanded {{.*}} {hadal.when = #hadal.when<any_at_least, 171>, scale = {{.*}} : f32, threshold = 171 : i64}
  func.func @native(%q: tensor<?x144xbf16>, %c: tensor<?x64x80xbf16>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x96xbf16> {
    %uk = hadal.param @w_uk : tensor<3x32x64xbf16>
    %uv = hadal.param @w_uv : tensor<3x32x64xbf16>
    %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {form = #hadal.form<auto>, threshold = 171 : i64, scale = 0.1 : f32}
      : (tensor<?x144xbf16>, tensor<?x64x80xbf16>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xbf16>
    return %y : tensor<?x96xbf16>
  }
  // CHECK-LABEL: func.func @odd_keys
  // CHECK:         hadal.head_linear
  // CHECK:         hadal.mla_attend_absorbed {{.*}} {heads = 3 : i64, scale = {{.*}} : f32}
  // CHECK:         hadal.head_linear
  // CHECK-NOT:     hadal.mla
  func.func @odd_keys(%q: tensor<?x120xbf16>, %c: tensor<?x64x80xbf16>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x96xbf16> {
    %uk = hadal.param @w_uk_24 : tensor<3x24x64xbf16>
    %uv = hadal.param @w_uv : tensor<3x32x64xbf16>
    %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {form = #hadal.form<auto>, threshold = 171 : i64, scale = 0.1 : f32}
      : (tensor<?x120xbf16>, tensor<?x64x80xbf16>, tensor<3x24x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xbf16>
    return %y : tensor<?x96xbf16>
  }
  // A decode step's is in parts where other steps' is, though there is a kernel of none of them: they round alike.
  // CHECK-LABEL: func.func @odd_rank
  // CHECK:         hadal.head_linear
  // CHECK:         hadal.mla_attend_absorbed {{.*}} {heads = 3 : i64, scale = {{.*}} : f32}
  // CHECK:         hadal.head_linear
  // CHECK-NOT:     hadal.mla
  func.func @odd_rank(%q: tensor<?x144xbf16>, %c: tensor<?x64x160xbf16>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x96xbf16> {
    %w = hadal.param @w_144 : tensor<3x32x144xbf16>
    %y = hadal.mla_attention %q, %c, %w, %w, %i, %i, %i, %t {form = #hadal.form<absorbed>, scale = 0.1 : f32}
      : (tensor<?x144xbf16>, tensor<?x64x160xbf16>, tensor<3x32x144xbf16>, tensor<3x32x144xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xbf16>
    return %y : tensor<?x96xbf16>
  }
  // CHECK-LABEL: func.func @reference
  // CHECK:         hadal.mla_attention
  // CHECK-NOT:     hadal.mla_attend
  func.func @reference(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x96xf32> {
    %uk = hadal.param @w_uk : tensor<3x32x64xbf16>
    %uv = hadal.param @w_uv : tensor<3x32x64xbf16>
    %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {form = #hadal.form<auto>, threshold = 171 : i64, scale = 0.1 : f32}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
    return %y : tensor<?x96xf32>
  }
}
