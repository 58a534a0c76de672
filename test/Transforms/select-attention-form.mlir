// The form of attention is chosen by cost, forced by an option, and absorbed for one token a sequence unless forced.
// RUN: hadal-opt %s --hadal-select-attention-form | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: hadal-opt %s --hadal-select-attention-form=form=absorbed | FileCheck %s --check-prefixes=CHECK,ABSORBED
// RUN: hadal-opt %s --hadal-select-attention-form=form=expanded | FileCheck %s --check-prefixes=CHECK,EXPANDED
// RUN: not hadal-opt %s --hadal-select-attention-form=form=unset 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: error: expected the form auto, absorbed or expanded, got 'unset'

// DeepSeek-V2 and V3: r = 512, dn = dv = 128, dr = 64: 512 (128 + 128) / (1088 - 320), rounded up.
// CHECK-LABEL: func.func @step
// AUTO:          hadal.mla_attention {{.*}}form = #hadal.form<auto>{{.*}}threshold = 171 : i64
// ABSORBED:      hadal.mla_attention {{.*}}form = #hadal.form<absorbed>
// ABSORBED-NOT:  threshold
// EXPANDED:      hadal.mla_attention {{.*}}form = #hadal.form<expanded>
// EXPANDED-NOT:  threshold
func.func @step(%q: tensor<?x3072xf32>, %c: tensor<?x64x576xf32>, %uk: tensor<16x128x512xbf16>, %uv: tensor<16x128x512xbf16>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x2048xf32> attributes {hadal.entry = #hadal.entry<step>} {
  %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {scale = 0.1 : f32}
    : (tensor<?x3072xf32>, tensor<?x64x576xf32>, tensor<16x128x512xbf16>, tensor<16x128x512xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x2048xf32>
  return %y : tensor<?x2048xf32>
}

// A sequence has one new token, so absorbed attention costs less, and a forced form is kept:
// else chunks of one token would differ from a whole prompt.
// CHECK-LABEL: func.func @decode
// AUTO:          hadal.mla_attention {{.*}}form = #hadal.form<absorbed>
// ABSORBED:      hadal.mla_attention {{.*}}form = #hadal.form<absorbed>
// EXPANDED:      hadal.mla_attention {{.*}}form = #hadal.form<expanded>
func.func @decode(%q: tensor<?x3072xf32>, %c: tensor<?x64x576xf32>, %uk: tensor<16x128x512xbf16>, %uv: tensor<16x128x512xbf16>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x2048xf32> attributes {hadal.entry = #hadal.entry<decode>} {
  %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {scale = 0.1 : f32}
    : (tensor<?x3072xf32>, tensor<?x64x576xf32>, tensor<16x128x512xbf16>, tensor<16x128x512xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x2048xf32>
  return %y : tensor<?x2048xf32>
}

// GLM-4.7-Flash: dn = 192, dv = 256: 512 (192 + 256) / (1088 - 512), rounded up.
// CHECK-LABEL: func.func @glm
// AUTO:          threshold = 399 : i64
func.func @glm(%q: tensor<?x512xf32>, %c: tensor<?x64x576xf32>, %uk: tensor<2x192x512xbf16>, %uv: tensor<2x256x512xbf16>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x512xf32> attributes {hadal.entry = #hadal.entry<step>} {
  %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {scale = 0.1 : f32}
    : (tensor<?x512xf32>, tensor<?x64x576xf32>, tensor<2x192x512xbf16>, tensor<2x256x512xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x512xf32>
  return %y : tensor<?x512xf32>
}

// r = 16, dn = dv = 16, dr = 8: absorbed costs 40 and expanded 40, so expanding never pays.
// CHECK-LABEL: func.func @never
// AUTO:          hadal.mla_attention {{.*}}form = #hadal.form<absorbed>
// AUTO-NOT:      threshold
func.func @never(%q: tensor<?x72xf32>, %c: tensor<?x64x24xf32>, %uk: tensor<3x16x16xbf16>, %uv: tensor<3x16x16xbf16>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x48xf32> attributes {hadal.entry = #hadal.entry<step>} {
  %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {scale = 0.1 : f32}
    : (tensor<?x72xf32>, tensor<?x64x24xf32>, tensor<3x16x16xbf16>, tensor<3x16x16xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x48xf32>
  return %y : tensor<?x48xf32>
}

// A form that is set stays.
// CHECK-LABEL: func.func @set
// CHECK:         hadal.mla_attention {{.*}}threshold = 7 : i64
func.func @set(%q: tensor<?x72xf32>, %c: tensor<?x64x24xf32>, %uk: tensor<3x16x16xbf16>, %uv: tensor<3x16x16xbf16>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x48xf32> {
  %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {form = #hadal.form<auto>, scale = 0.1 : f32, threshold = 7 : i64}
    : (tensor<?x72xf32>, tensor<?x64x24xf32>, tensor<3x16x16xbf16>, tensor<3x16x16xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x48xf32>
  return %y : tensor<?x48xf32>
}
