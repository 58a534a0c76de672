// Parameters get the type and layout that their readers want; those that nothing reads go.
// RUN: hadal-opt %s --split-input-file --hadal-pack-parameters | FileCheck %s --check-prefixes=CHECK,NATIVE
// RUN: hadal-opt %s --split-input-file --hadal-pack-parameters="precision=reference" | FileCheck %s --check-prefixes=CHECK,REFERENCE
// RUN: not hadal-opt %s --split-input-file --hadal-pack-parameters="precision=q" 2>&1 | FileCheck %s --check-prefix=PRECISION
// PRECISION: error: expected the precision native or reference, got 'q'

hadal.program @cpu target <"cpu"> {
  // Weights of products: bf16 stays, f16 and f32 are rounded in native precision and widened in reference.
  // CHECK-LABEL: hadal.parameter @bf16 : tensor<96x64xbf16, #hadal.panels<rows = 32, interleave = 2>>
  // NATIVE:      hadal.parameter @f16 : tensor<96x64xbf16, #hadal.panels<rows = 32, interleave = 2>>
  // REFERENCE:   hadal.parameter @f16 : tensor<96x64xf32, #hadal.panels<rows = 32, interleave = 1>>
  // NATIVE:      hadal.parameter @f32 : tensor<96x64xbf16, #hadal.panels<rows = 32, interleave = 2>>
  // REFERENCE:   hadal.parameter @f32 : tensor<96x64xf32, #hadal.panels<rows = 32, interleave = 1>>
  // CHECK:       hadal.parameter @fp8 : tensor<96x64xf8E4M3FN, #hadal.panels<rows = 32, interleave = 1>>
  // CHECK:       hadal.parameter @fp8.scale : tensor<1x1xf32>{{$}}
  // CHECK:       hadal.parameter @norm : tensor<64xf32>
  // CHECK-NOT:   @unread
  hadal.parameter @bf16 : tensor<96x64xbf16>
  hadal.parameter @f16 : tensor<96x64xf16>
  hadal.parameter @f32 : tensor<96x64xf32>
  hadal.parameter @fp8 : tensor<96x64xf8E4M3FN>
  hadal.parameter @fp8.scale : tensor<1x1xf32>
  hadal.parameter @norm : tensor<64xbf16>
  hadal.parameter @unread : tensor<64xbf16>
  hadal.parameter @unread_value : tensor<64xbf16>
  func.func @products(%x: tensor<?x64xf32>) -> (tensor<?x96xf32>, tensor<?x96xf32>, tensor<?x96xf32>, tensor<?x96xf32>) {
    %norm = hadal.param @norm : tensor<64xbf16>
    %a = hadal.param @bf16 : tensor<96x64xbf16>
    %b = hadal.param @f16 : tensor<96x64xf16>
    %c = hadal.param @f32 : tensor<96x64xf32>
    %d = hadal.param @fp8 : tensor<96x64xf8E4M3FN>
    %s = hadal.param @fp8.scale : tensor<1x1xf32>
    %unread = hadal.param @unread_value : tensor<64xbf16>
    %h = hadal.rms_norm %x, %norm {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xbf16>) -> tensor<?x64xf32>
    // CHECK: hadal.linear %{{.*}}, %{{.*}} : (tensor<?x64xf32>, tensor<96x64xbf16, #hadal.panels<rows = 32, interleave = 2>>)
    %0 = hadal.linear %h, %a : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
    %1 = hadal.linear %h, %b : (tensor<?x64xf32>, tensor<96x64xf16>) -> tensor<?x96xf32>
    %2 = hadal.linear %h, %c : (tensor<?x64xf32>, tensor<96x64xf32>) -> tensor<?x96xf32>
    %3 = hadal.linear %h, %d scale %s {block = array<i64: 128, 128>} : (tensor<?x64xf32>, tensor<96x64xf8E4M3FN>, tensor<1x1xf32>) -> tensor<?x96xf32>
    return %0, %1, %2, %3 : tensor<?x96xf32>, tensor<?x96xf32>, tensor<?x96xf32>, tensor<?x96xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // Tied embeddings: rows for the embedding, panels for the head, from the same source, also
  // where one value serves both.
  // CHECK-LABEL: hadal.parameter @embed : tensor<97x64xbf16> sources [#hadal.source<0, "embed"
  // CHECK:       %[[ROWS:.*]] = hadal.param @embed : tensor<97x64xbf16>{{$}}
  // CHECK:       %[[PANELS:.*]] = hadal.param @embed_0 : tensor<97x64xbf16, #hadal.panels
  // CHECK:       hadal.embedding %{{.*}}, %[[ROWS]]
  // CHECK:       hadal.linear %{{.*}}, %[[PANELS]]
  // CHECK:       hadal.parameter @embed_0 : tensor<97x64xbf16, #hadal.panels<rows = 32, interleave = 2>> sources [#hadal.source<0, "embed"
  hadal.parameter @embed : tensor<97x64xbf16> sources [#hadal.source<0, "embed", offset = 0, length = 12416, tensor<97x64xbf16>>]
  func.func @tied(%tokens: tensor<?xi32>) -> tensor<?x97xf32> {
    %w = hadal.param @embed : tensor<97x64xbf16>
    %x = hadal.embedding %tokens, %w : (tensor<?xi32>, tensor<97x64xbf16>) -> tensor<?x64xf32>
    %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<97x64xbf16>) -> tensor<?x97xf32>
    return %y : tensor<?x97xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // One role in two functions is one parameter.
  // CHECK-LABEL: hadal.parameter @w : tensor<96x64xbf16, #hadal.panels
  // CHECK-NOT:   hadal.parameter
  // CHECK:       hadal.param @w : tensor<96x64xbf16, #hadal.panels
  // CHECK:       hadal.param @w : tensor<96x64xbf16, #hadal.panels
  hadal.parameter @w : tensor<96x64xbf16>
  func.func @prefill(%x: tensor<?x64xf32>) -> tensor<?x96xf32> {
    %w = hadal.param @w : tensor<96x64xbf16>
    %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
    return %y : tensor<?x96xf32>
  }
  func.func @decode(%x: tensor<?x64xf32>) -> tensor<?x96xf32> {
    %w = hadal.param @w : tensor<96x64xbf16>
    %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
    return %y : tensor<?x96xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // Experts and heads are stacks of panels; an f16 table of embeddings is widened, rotary tables stay.
  // CHECK-LABEL: hadal.parameter @down : tensor<4x64x32xbf16, #hadal.panels
  // CHECK:       hadal.parameter @heads : tensor<3x64x32xbf16, #hadal.panels
  // CHECK:       hadal.parameter @table : tensor<97x96xf32>{{$}}
  // CHECK:       hadal.parameter @cos : tensor<128x8xf32>{{$}}
  hadal.parameter @down : tensor<4x64x32xbf16>
  hadal.parameter @heads : tensor<3x64x32xbf16>
  hadal.parameter @table : tensor<97x96xf16>
  hadal.parameter @cos : tensor<128x8xf32>
  func.func @stacks(%tokens: tensor<?xi32>, %h: tensor<?x32xf32>, %o: tensor<5xi32>, %r: tensor<?xi32>) -> (tensor<?x64xf32>, tensor<?x192xf32>) {
    %d = hadal.param @down : tensor<4x64x32xbf16>
    %w = hadal.param @heads : tensor<3x64x32xbf16>
    %t = hadal.param @table : tensor<97x96xf16>
    %c = hadal.param @cos : tensor<128x8xf32>
    %x = hadal.embedding %tokens, %t : (tensor<?xi32>, tensor<97x96xf16>) -> tensor<?x96xf32>
    %q = hadal.rope %x, %tokens, %c, %c {heads = 3 : i64} : (tensor<?x96xf32>, tensor<?xi32>, tensor<128x8xf32>, tensor<128x8xf32>) -> tensor<?x96xf32>
    %y = hadal.moe_down %h, %o, %r, %d : (tensor<?x32xf32>, tensor<5xi32>, tensor<?xi32>, tensor<4x64x32xbf16>) -> tensor<?x64xf32>
    %z = hadal.head_linear %q, %w : (tensor<?x96xf32>, tensor<3x64x32xbf16>) -> tensor<?x192xf32>
    return %y, %z : tensor<?x64xf32>, tensor<?x192xf32>
  }
}
