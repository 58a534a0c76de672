// What has no kernel is told by its op.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-emit-cpu-kernels

hadal.executable @unpacked target "cpu" {
  func.func @body(%x: tensor<?x64xf32>, %w: tensor<96x64xbf16>) -> tensor<?x96xf32> {
    // expected-error @+1 {{expected a weight in panels of 32 rows of bf16, f32 or f8E4M3FN, got 'tensor<96x64xbf16>' (run hadal-pack-parameters)}}
    %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
    return %y : tensor<?x96xf32>
  }
}

// -----

hadal.executable @foreign target "cpu" {
  func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    // expected-error @+1 {{'arith.negf' op has no kernel for the CPU}}
    %y = arith.negf %x : tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}
