// A program for each target takes copies of the neutral functions, parameters and states.
// RUN: hadal-opt %s --hadal-form-programs=targets=cpu | FileCheck %s
// RUN: not hadal-opt %s --hadal-form-programs 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: expected at least one target, got none
// RUN: not hadal-opt %s --hadal-form-programs=targets=cpu,arm 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: expected a target that is registered (cpu), got 'arm'
// RUN: not hadal-opt %s --hadal-form-programs=targets=cpu,cpu 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: expected no symbol 'cpu' beside the program for target 'cpu', found one

// CHECK-NOT:   hadal.parameter
// CHECK-NOT:   func.func
// CHECK:       hadal.program @cpu target <"cpu"> {
// CHECK-NEXT:    hadal.parameter @w : tensor<64xf32>
// CHECK-NEXT:    hadal.state @c : tensor<?x64x80xf32>
// CHECK-NEXT:    func.func @prefill
// CHECK-NEXT:      hadal.param @w
hadal.parameter @w : tensor<64xf32>
hadal.state @c : tensor<?x64x80xf32>
func.func @prefill(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %w = hadal.param @w : tensor<64xf32>
  %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
