// What has no flat form is refused by name, at its line.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-fuse-linalg --hadal-form-dispatches --hadal-flatten --hadal-verify-flat

hadal.program @cuda target <"cuda"> {
  func.func @quad(%x: tensor<?xf128>) -> tensor<?xf128> {
    // expected-error @+1 {{expected numbers of f64, f32, f16, bf16, f8E4M3FN, i1, i8, i16, i32, i64 or index, got}}
    %y = arith.addf %x, %x : tensor<?xf128>
    return %y : tensor<?xf128>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @complex(%x: tensor<4xcomplex<f32>>, %d: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
    // expected-error @+1 {{expected numbers of f64, f32, f16, bf16, f8E4M3FN, i1, i8, i16, i32, i64 or index, got}}
    %y = linalg.copy ins(%x : tensor<4xcomplex<f32>>) outs(%d : tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>>
    return %y : tensor<4xcomplex<f32>>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @other_f8(%x: tensor<?xf8E5M2>) -> tensor<?xf8E5M2> {
    // expected-error @+1 {{expected numbers of f64, f32, f16, bf16, f8E4M3FN, i1, i8, i16, i32, i64 or index, got}}
    %y = arith.addf %x, %x : tensor<?xf8E5M2>
    return %y : tensor<?xf8E5M2>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @power(%x: tensor<?xf32>) -> tensor<?xf32> {
    // expected-error @+1 {{'math.powf' op has no place in the flat form, and no expansion for 'f32'}}
    %y = math.powf %x, %x : tensor<?xf32>
    return %y : tensor<?xf32>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @wide(%x: tensor<?xf64>) -> tensor<?xf64> {
    // expected-error @+1 {{'math.exp' op has no place in the flat form, and no expansion for 'f64'}}
    %y = math.exp %x : tensor<?xf64>
    return %y : tensor<?xf64>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @either(%x: tensor<?xf32>) -> tensor<?xf32> {
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?xf32>
    %c = arith.cmpi eq, %n, %c0 : index
    // expected-error @+1 {{'scf.if' op expected extents of results made of those of operands}}
    %y = scf.if %c -> tensor<?xf32> {
      scf.yield %x : tensor<?xf32>
    } else {
      %q = math.exp %x : tensor<?xf32>
      scf.yield %q : tensor<?xf32>
    }
    return %y : tensor<?xf32>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @beyond(%x: tensor<8xf32>) -> tensor<8xf32> {
    %y = scf.forall (%p) in (800) shared_outs(%o = %x) -> (tensor<8xf32>) {
      %s = tensor.extract_slice %x[0] [1] [1] : tensor<8xf32> to tensor<1xf32>
      scf.forall.in_parallel {
        // expected-error @+1 {{expected an index of axis 0 from 0 to 7, got 799}}
        tensor.parallel_insert_slice %s into %o[%p] [1] [1] : tensor<1xf32> into tensor<8xf32>
      }
    }
    return %y : tensor<8xf32>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @before(%x: tensor<?xf32>) -> tensor<2xf32> {
    %k = arith.constant -5 : index
    // expected-error @+1 {{expected an index of axis 0 of at least 0, got -5}}
    %s = tensor.extract_slice %x[%k] [2] [1] : tensor<?xf32> to tensor<2xf32>
    %y = math.exp %s : tensor<2xf32>
    return %y : tensor<2xf32>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @behind(%x: tensor<4xf32>) -> tensor<4xf32> {
    %z = arith.constant 1.0 : f32
    %c = arith.constant 9 : index
    // expected-error @+1 {{expected an index of axis 0 from 0 to 3, got 9}}
    %y = tensor.insert %z into %x[%c] : tensor<4xf32>
    return %y : tensor<4xf32>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @fewer(%x: tensor<?xf32>) -> tensor<?xf32> {
    %c = arith.constant -5 : index
    %z = arith.constant 1.0 : f32
    // expected-error @+1 {{'tensor.empty' op expected extents of at least 0, got -5}}
    %e = tensor.empty(%c) : tensor<?xf32>
    %y = linalg.fill ins(%z : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    return %y : tensor<?xf32>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @towards_zero(%x: tensor<?xf32>) -> tensor<?xf16> {
    // expected-error @+1 {{'arith.truncf' op expected to round to_nearest_even, got toward_zero}}
    %y = arith.truncf %x toward_zero : tensor<?xf32> to tensor<?xf16>
    return %y : tensor<?xf16>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @scattered(%x: tensor<2x1xf32>, %d: tensor<4xf32>, %i: tensor<2x1xindex>) -> tensor<4xf32> {
    // expected-error @+1 {{'tensor.scatter' op has no flat form}}
    %y = tensor.scatter %x into %d[%i] scatter_dims([0]) unique : (tensor<2x1xf32>, tensor<4xf32>, tensor<2x1xindex>) -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  func.func @reshaped(%x: tensor<?xf32>) -> tensor<?x2xf32> {
    %s = arith.constant dense<[3, 2]> : tensor<2xindex>
    // expected-error @+1 {{'tensor.reshape' op expected extents that are known, got 'tensor<?xf32>'}}
    %y = tensor.reshape %x(%s) : (tensor<?xf32>, tensor<2xindex>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}
