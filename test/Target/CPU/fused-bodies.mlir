// What the CPU computes in one kernel, and how it binds the values of such a body.
// RUN: hadal-opt %s --split-input-file --hadal-form-dispatches --hadal-verify-dispatch --hadal-cpu-emit-kernels=levels=x86-64-v3 --hadal-verify-kernel | FileCheck %s

hadal.program @cpu target <"cpu"> {
  // The norm is rounded, and in f32 beside it: x, weight, narrow, wide.
  // CHECK-LABEL: hadal.executable @rms_norm_64
  // CHECK-SAME:    interface <bindings = [0, 1, 2, 3], access = [read, read, write, write], constants = [#hadal.extent<0, 0>]>
  // CHECK:           return %{{.*}}, %{{.*}} : tensor<?x64xbf16>, tensor<?x64xf32>
  // Of chosen rows, and rounded alone: x, rows, weight, narrow.
  // CHECK-LABEL: hadal.executable @rms_norm_64_0
  // CHECK-SAME:    interface <bindings = [0, 2, 1, 3], access = [read, read, read, write], constants = [#hadal.extent<2, 0>]>
  // CHECK:           return %{{.*}} : tensor<?x64xbf16>
  func.func @norm(%x: tensor<?x64xf32>, %w: tensor<64xf32>, %r: tensor<?xi32>) -> (tensor<?x64xbf16>, tensor<?x64xf32>, tensor<?x64xbf16>) {
    %a = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    %b = arith.truncf %a : tensor<?x64xf32> to tensor<?x64xbf16>
    %c = hadal.rms_norm %x, %w rows %r {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
    %d = arith.truncf %c : tensor<?x64xf32> to tensor<?x64xbf16>
    return %b, %a, %d : tensor<?x64xbf16>, tensor<?x64xf32>, tensor<?x64xbf16>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // The residual follows the weight, whichever side of the sum it is on; its own linear is another kernel.
  // CHECK-LABEL: hadal.executable @linear_32x64
  // CHECK-SAME:    interface <bindings = [0, 1, 2], access = [read, read, write]
  // CHECK-LABEL: hadal.executable @linear_32x64_0
  // CHECK-SAME:    interface <bindings = [0, 1, 2, 3], access = [read, read, read, write], constants = [#hadal.extent<0, 0>]>
  // CHECK:           %[[Y:.*]] = hadal.linear
  // CHECK-NEXT:      arith.addf %{{.*}}, %[[Y]]
  // CHECK-NOT:   hadal.executable
  // CHECK-LABEL: func.func @residual
  // CHECK:         %[[Y:.*]] = hadal.dispatch @linear_32x64(
  // CHECK:         hadal.dispatch @linear_32x64_0(%{{.*}}, %{{.*}}, %[[Y]])
  func.func @residual(%x: tensor<?x64xf32>, %w: tensor<32x64xf32, #hadal.panels<rows = 32, interleave = 1>>) -> tensor<?x32xf32> {
    %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<32x64xf32, #hadal.panels<rows = 32, interleave = 1>>) -> tensor<?x32xf32>
    %z = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<32x64xf32, #hadal.panels<rows = 32, interleave = 1>>) -> tensor<?x32xf32>
    %s = arith.addf %y, %z : tensor<?x32xf32>
    return %s : tensor<?x32xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // The shared experts, then the residual, in the order of the sums; the linear of the shared experts does not take the
  // sum away, wherever it stands.
  // CHECK-LABEL: hadal.executable @moe_combine_32
  // CHECK-SAME:    interface <bindings = [0, 1, 2, 3, 4], access = [read, read, read, read, write], constants = [#hadal.extent<1, 0>]>
  // CHECK:         func.func @body(%{{.*}}, %{{.*}}: tensor<?x4xf32>, %[[SHARED:[^:]*]]: tensor<?x32xf32>, %[[RES:[^:]*]]: tensor<?x32xf32>)
  // CHECK:           %[[C:.*]] = hadal.moe_combine
  // CHECK:           %[[A:.*]] = arith.addf %[[C]], %[[SHARED]]
  // CHECK:           arith.addf %[[RES]], %[[A]]
  // CHECK-LABEL: func.func @combine
  // CHECK-NOT:     arith.addf
  // CHECK-COUNT-2: hadal.dispatch @moe_combine_32
  // CHECK-NOT:     arith.addf
  func.func @combine(%res: tensor<?x32xf32>, %h: tensor<?x64xf32>, %w: tensor<32x64xf32, #hadal.panels<rows = 32, interleave = 1>>, %y: tensor<?x32xf32>, %weights: tensor<?x4xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
    %c = hadal.moe_combine %y, %weights : (tensor<?x32xf32>, tensor<?x4xf32>) -> tensor<?x32xf32>
    %s = hadal.linear %h, %w : (tensor<?x64xf32>, tensor<32x64xf32, #hadal.panels<rows = 32, interleave = 1>>) -> tensor<?x32xf32>
    %a = arith.addf %c, %s : tensor<?x32xf32>
    %z = arith.addf %res, %a : tensor<?x32xf32>
    %s2 = hadal.linear %h, %w : (tensor<?x64xf32>, tensor<32x64xf32, #hadal.panels<rows = 32, interleave = 1>>) -> tensor<?x32xf32>
    %c2 = hadal.moe_combine %y, %weights : (tensor<?x32xf32>, tensor<?x4xf32>) -> tensor<?x32xf32>
    %a2 = arith.addf %c2, %s2 : tensor<?x32xf32>
    %z2 = arith.addf %res, %a2 : tensor<?x32xf32>
    return %z, %z2 : tensor<?x32xf32>, tensor<?x32xf32>
  }
}
