// What has no kernel is told by its op.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-emit-cpu-kernels

hadal.program @cpu target <"cpu"> {
  hadal.executable @unpacked {
    func.func @body(%x: tensor<?x64xf32>, %w: tensor<96x64xbf16>) -> tensor<?x96xf32> {
      // expected-error @+1 {{expected a weight in panels of 32 rows of bf16, f32 or f8E4M3FN, got 'tensor<96x64xbf16>' (run hadal-pack-parameters)}}
      %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
      return %y : tensor<?x96xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @foreign {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      // expected-error @+1 {{'arith.negf' op has no kernel for the CPU}}
      %y = arith.negf %x : tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
}

// -----

// expected-error @+1 {{expected the target 'cpu', got 'sm_90a'}}
hadal.program @gpu target <"sm_90a"> {
}

// -----

// expected-error @+1 {{expected a level x86-64-v3 or x86-64-v4-bf16, got 'x86-64-v2'}}
hadal.program @cpu target <"cpu", levels = ["x86-64-v3", "x86-64-v2"]> {
}

// -----

// A table of rows that somebody packed.
hadal.program @cpu target <"cpu"> {
  hadal.executable @packed {
    func.func @body(%t: tensor<?xi32>, %w: tensor<97x64xbf16, #hadal.panels<rows = 32, interleave = 2>>) -> tensor<?x64xf32> {
      // expected-error @+1 {{expected operand 1 without a layout, got 'tensor<97x64xbf16, #hadal.panels<rows = 32, interleave = 2>>'}}
      %y = hadal.embedding %t, %w : (tensor<?xi32>, tensor<97x64xbf16, #hadal.panels<rows = 32, interleave = 2>>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
}

// -----

// expected-error @+1 {{expected each level once, got 'x86-64-v3' again}}
hadal.program @cpu target <"cpu", levels = ["x86-64-v3", "x86-64-v3"]> {
}
