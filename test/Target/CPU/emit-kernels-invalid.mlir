// What has no kernel is told by its op.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-cpu-emit-kernels

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

// What is read as it is stored, of another type than kernels read.
hadal.program @cpu target <"cpu"> {
  hadal.executable @vector {
    func.func @body(%x: tensor<?x64xf32>, %w: tensor<64xbf16>) -> tensor<?x64xf32> {
      // expected-error @+1 {{expected operand 1 of f32, got 'bf16'}}
      %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xbf16>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @lookup {
    func.func @body(%t: tensor<?xi32>, %w: tensor<97x64xf16>) -> tensor<?x64xf32> {
      // expected-error @+1 {{expected operand 1 of f32 or bf16, got 'f16'}}
      %y = hadal.embedding %t, %w : (tensor<?xi32>, tensor<97x64xf16>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @mixed {
    func.func @body(%ql: tensor<?x192xf32>, %q: tensor<?x144xf32>, %c: tensor<?x64x80xbf16>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x192xf32> {
      // expected-error @+1 {{expected q, cache and result of one element type, got 'f32', 'bf16' and 'f32'}}
      %y = hadal.mla_attend_absorbed %ql, %q, %c, %i, %i, %i, %t {heads = 3 : i64, scale = 0.1 : f32}
        : (tensor<?x192xf32>, tensor<?x144xf32>, tensor<?x64x80xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x192xf32>
      return %y : tensor<?x192xf32>
    }
  }
}

// -----

// expected-error @+1 {{expected each level once, got 'x86-64-v3' again}}
hadal.program @cpu target <"cpu", levels = ["x86-64-v3", "x86-64-v3"]> {
}

// -----

// Bodies of several ops: what a kernel does not do beside its root, and what its kernel does not write.
hadal.program @cpu target <"cpu"> {
  hadal.executable @product {
    func.func @body(%x: tensor<?x64xf32>, %n: tensor<64xf32>) -> tensor<?x64xf32> {
      %a = hadal.rms_norm %x, %n {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
      // expected-error @+1 {{'arith.mulf' op has no kernel for the CPU together with 'hadal.rms_norm'}}
      %y = arith.mulf %a, %x : tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @twice {
    func.func @body(%x: tensor<?x64xf32>, %n: tensor<64xf32>) -> tensor<?x64xbf16> {
      %a = hadal.rms_norm %x, %n {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
      %b = arith.truncf %a : tensor<?x64xf32> to tensor<?x64xbf16>
      // expected-error @+1 {{'arith.truncf' op has no kernel for the CPU together with 'hadal.rms_norm'}}
      %c = arith.truncf %a : tensor<?x64xf32> to tensor<?x64xbf16>
      return %c : tensor<?x64xbf16>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @intermediate {
    func.func @body(%x: tensor<?x64xf32>, %w: tensor<32x64xf32, #hadal.panels<rows = 32, interleave = 1>>, %r: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
      %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<32x64xf32, #hadal.panels<rows = 32, interleave = 1>>) -> tensor<?x32xf32>
      // expected-error @+1 {{'arith.addf' op has no kernel for the CPU together with 'hadal.linear'}}
      %z = arith.addf %y, %r : tensor<?x32xf32>
      return %z, %y : tensor<?x32xf32>, tensor<?x32xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @reduction {
    func.func @body(%x: tensor<4x8xf32>, %w: tensor<8x4xf32>, %out: tensor<4x4xf32>) -> tensor<4x4xf32> {
      %zero = arith.constant 0.0 : f32
      // expected-error @+1 {{'linalg.fill' op has no kernel for the CPU}}
      %f = linalg.fill ins(%zero : f32) outs(%out : tensor<4x4xf32>) -> tensor<4x4xf32>
      %y = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x4xf32>) outs(%f : tensor<4x4xf32>) -> tensor<4x4xf32>
      return %y : tensor<4x4xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a body of ops that compute, found none}}
  hadal.executable @empty {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @argument {
    func.func @body(%x: tensor<?x64xf32>, %n: tensor<64xf32>) -> tensor<?x64xf32> {
      // expected-error @+1 {{expected a body that returns all that the kernel writes}}
      %a = hadal.rms_norm %x, %n {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
      return %x : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @again {
    func.func @body(%x: tensor<?x64xf32>, %n: tensor<64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
      // expected-error @+1 {{has no kernel for the CPU that writes all that its body returns}}
      %a = hadal.rms_norm %x, %n {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
      return %a, %a : tensor<?x64xf32>, tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @half {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf16> {
      // expected-error @+1 {{'arith.truncf' op has no kernel for the CPU}}
      %y = arith.truncf %x : tensor<?x64xf32> to tensor<?x64xf16>
      return %y : tensor<?x64xf16>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @columns {
    func.func @body(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
      // expected-error @+1 {{'arith.addf' op has no kernel for the CPU}}
      %y = arith.addf %x, %x : tensor<?x?xf32>
      return %y : tensor<?x?xf32>
    }
  }
}
