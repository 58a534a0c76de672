// A program for each target takes copies of the neutral functions and of what is declared.
// RUN: hadal-opt %s --hadal-form-programs=targets=cpu | FileCheck %s
// RUN: not hadal-opt %s --hadal-form-programs 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: expected at least one target, got none
// RUN: not hadal-opt %s --hadal-form-programs=targets=cpu,arm 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: expected a target that is registered (cpu, cuda), got 'arm'
// RUN: not hadal-opt %s --hadal-form-programs=targets=cpu,cpu 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: expected each target once, got 'cpu' again
// RUN: not hadal-opt %s --hadal-form-programs=targets=sm_90,cpu,sm_90 2>&1 | FileCheck %s --check-prefix=TWICE-LEVEL
// TWICE-LEVEL: error: expected each target once, got 'sm_90' again
// RUN: hadal-opt %s --hadal-form-programs=targets=sm_90,cpu,sm_80 | FileCheck %s --check-prefix=LEVEL
// RUN: hadal-opt %s --hadal-form-programs=targets=sm_90,cuda,cpu,sm_80 | FileCheck %s --check-prefix=LEVEL
// RUN: hadal-opt %s --hadal-form-programs=targets=cuda,sm_90,sm_80,cpu | FileCheck %s --check-prefix=LEVEL
// LEVEL:     hadal.program @cuda target <"cuda", levels = ["sm_90", "sm_80"]> {
// LEVEL:     hadal.program @cpu target <"cpu"> {
// LEVEL-NOT: hadal.program

// CHECK-NOT:   hadal.parameter
// CHECK-NOT:   func.func
// CHECK:       hadal.program @cpu target <"cpu"> {
// CHECK-NEXT:    hadal.parameter @w : tensor<64xf32>
// CHECK-NEXT:    plan.block_table @pages page_size 64
// CHECK-NEXT:    plan.host_dim @tokens is tokens
// CHECK-NEXT:    hadal.state @c growing @pages : tensor<?x64x80xf32>
// CHECK-NEXT:    func.func @step(%{{.*}}: tensor<?x64xf32> {hadal.port = #hadal.port<"x", value, [@tokens]>})
// CHECK-NEXT:      hadal.param @w
hadal.parameter @w : tensor<64xf32>
plan.block_table @pages page_size 64
plan.host_dim @tokens is tokens
hadal.state @c growing @pages : tensor<?x64x80xf32>
func.func @step(%x: tensor<?x64xf32> {hadal.port = #hadal.port<"x", value, [@tokens]>}) -> tensor<?x64xf32> {
  %w = hadal.param @w : tensor<64xf32>
  %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
