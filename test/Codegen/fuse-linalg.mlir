// Ops on each element are fused where nothing is computed more often, and what must not be written is copied.
// RUN: hadal-opt %s --split-input-file --hadal-fuse-linalg | FileCheck %s

hadal.program @cpu target <"cpu"> {
  // CHECK-LABEL: func.func @forward
  // CHECK:         linalg.generic
  // CHECK:           math.exp
  // CHECK:           arith.negf
  // CHECK-NOT:     linalg.generic
  // CHECK:         return
  func.func @forward(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %a = math.exp %x : tensor<?x64xf32>
    %b = arith.negf %a : tensor<?x64xf32>
    return %b : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // What the target has a kernel for stays what it is.
  // CHECK-LABEL: func.func @forward
  // CHECK:         arith.addf %{{.*}} : tensor<?x64xf32>
  // CHECK:         linalg.generic
  func.func @forward(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %a = arith.addf %x, %x : tensor<?x64xf32>
    %b = arith.negf %a : tensor<?x64xf32>
    return %b : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // An element that several read is made once.
  // CHECK-LABEL: func.func @forward
  // CHECK:         %[[E:.*]] = linalg.generic
  // CHECK:           math.exp
  // CHECK:         linalg.matmul ins(%[[E]],
  func.func @forward(%x: tensor<?x64xf32>, %w: tensor<64x32xf32>) -> tensor<?x32xf32> {
    %a = math.exp %x : tensor<?x64xf32>
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %a, %c0 : tensor<?x64xf32>
    %empty = tensor.empty(%n) : tensor<?x32xf32>
    %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x32xf32>) -> tensor<?x32xf32>
    %y = linalg.matmul ins(%a, %w : tensor<?x64xf32>, tensor<64x32xf32>) outs(%start : tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // CHECK-LABEL: func.func @forward
  // CHECK-SAME:    %[[D:[^:, ]*]]: tensor<4x4xf32>)
  // An argument is not written over, but a copy of it.
  // CHECK:         %[[COPY:.*]] = linalg.copy ins(%[[D]] : tensor<4x4xf32>)
  // CHECK:         linalg.matmul {{.*}} outs(%[[COPY]] : tensor<4x4xf32>)
  func.func @forward(%x: tensor<4x8xf32>, %w: tensor<8x4xf32>, %d: tensor<4x4xf32>) -> tensor<4x4xf32> {
    %y = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x4xf32>) outs(%d : tensor<4x4xf32>) -> tensor<4x4xf32>
    return %y : tensor<4x4xf32>
  }
}
