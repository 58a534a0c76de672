// What the target has no kernel for takes its expansion, and the module says what did.
// RUN: hadal-opt %s --hadal-expand-unsupported | FileCheck %s
// RUN: hadal-opt %s --hadal-expand-unsupported=plain | FileCheck %s --check-prefix=PLAIN

// CHECK: module attributes {hadal.expanded = {arith.negf = 1 : i64, hadal.rms_norm = 1 : i64, linalg.abs = 1 : i64}}
// PLAIN: module attributes {hadal.expanded = {arith.addf = 1 : i64, arith.negf = 1 : i64, hadal.rms_norm = 2 : i64, linalg.abs = 1 : i64}}
hadal.program @cpu target <"cpu"> {
  hadal.parameter @n : tensor<64xbf16>
  // CHECK-LABEL: func.func @forward
  // CHECK-SAME:    (%[[X:.*]]: tensor<?x64xf32>, %{{.*}}: tensor<64xbf16>)
  // A parameter gets the type that the kernel reads.
  // CHECK:         %[[Y:.*]] = hadal.rms_norm %[[X]]
  // An argument is as it is.
  // CHECK-NOT:     hadal.rms_norm
  // CHECK:         linalg.generic
  // PLAIN-LABEL: func.func @forward
  // PLAIN-NOT:     hadal.rms_norm
  func.func @forward(%x: tensor<?x64xf32>, %w: tensor<64xbf16>) -> tensor<?x64xf32> {
    %n = hadal.param @n : tensor<64xbf16>
    %y = hadal.rms_norm %x, %n {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xbf16>) -> tensor<?x64xf32>
    %z = hadal.rms_norm %y, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xbf16>) -> tensor<?x64xf32>
    %c0 = arith.constant 0 : index
    %rows = tensor.dim %z, %c0 : tensor<?x64xf32>
    %e = tensor.empty(%rows) : tensor<?x64xf32>
    %a = linalg.abs ins(%z : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
    %m = arith.negf %a : tensor<?x64xf32>
    %s = arith.addf %m, %z : tensor<?x64xf32>
    return %s : tensor<?x64xf32>
  }
}
