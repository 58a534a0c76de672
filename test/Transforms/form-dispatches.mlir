// Ops become dispatches of executables; equal ops share one, wherever they stand.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-form-dispatches --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

hadal.program @cpu target <"cpu"> {
  // CHECK-LABEL: hadal.executable @rms_norm_64
  // CHECK:         func.func @body(%[[X:[^:]*]]: tensor<?x64xf32> {{.*}}, %[[W:[^:]*]]: tensor<64xf32> {{.*}}) -> tensor<?x64xf32>
  // CHECK:           %[[Y:.*]] = hadal.rms_norm %[[X]], %[[W]] {eps
  // CHECK:           return %[[Y]]
  // The same op of another eps is another kernel, under a name of its own.
  // CHECK:       hadal.executable @rms_norm_64_0
  // CHECK-NOT:   hadal.executable
  hadal.parameter @w : tensor<64xf32>

  // CHECK-LABEL: func.func @prefill
  // CHECK:         %[[P:.*]] = hadal.param @w
  // CHECK:         %[[A:.*]] = hadal.dispatch @rms_norm_64(%{{.*}}, %[[P]]) label "layers.0.input_norm"
  // CHECK:         %[[B:.*]] = hadal.dispatch @rms_norm_64(%[[A]], %[[P]]) label "layers.1.input_norm"
  // CHECK:         hadal.tap "hidden.1", %[[B]]
  // CHECK:         hadal.dispatch @rms_norm_64_0(%[[B]], %[[P]]) label "rms_norm"
  func.func @prefill(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %w = hadal.param @w : tensor<64xf32>
    %a = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32> loc("layers.0.input_norm")
    %b = hadal.rms_norm %a, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32> loc("layers.1.input_norm")
    hadal.tap "hidden.1", %b : tensor<?x64xf32>
    %c = hadal.rms_norm %b, %w {eps = 1.0e-5 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    return %c : tensor<?x64xf32>
  }

  // CHECK-LABEL: func.func @decode
  // CHECK:         hadal.dispatch @rms_norm_64(
  func.func @decode(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %w = hadal.param @w : tensor<64xf32>
    %a = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    return %a : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // Layouts are part of a kernel, and give it its name; conditions go to the dispatch.
  // CHECK-LABEL: hadal.executable @linear_96x64 {
  // CHECK-NOT:     hadal.when
  // CHECK:       hadal.dispatch @linear_96x64({{.*}}) label "linear" when <any_shorter, 171>
  // CHECK:       hadal.dispatch @linear_96x64({{.*}}) label "linear" :
  func.func @conditions(%x: tensor<?x64xf32>, %w: tensor<96x64xbf16, #hadal.panels<rows = 32, interleave = 2>>) -> (tensor<?x96xf32>, tensor<?x96xf32>) {
    %a = hadal.linear %x, %w {hadal.when = #hadal.when<any_shorter, 171>} : (tensor<?x64xf32>, tensor<96x64xbf16, #hadal.panels<rows = 32, interleave = 2>>) -> tensor<?x96xf32>
    %b = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xbf16, #hadal.panels<rows = 32, interleave = 2>>) -> tensor<?x96xf32>
    return %a, %b : tensor<?x96xf32>, tensor<?x96xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // An operand given twice is two arguments of the body.
  // CHECK-LABEL: hadal.executable @swiglu_64
  // CHECK:         func.func @body(%[[G:[^:]*]]: tensor<?x64xf32> {{.*}}, %[[U:[^:]*]]: tensor<?x64xf32>
  // CHECK:           hadal.swiglu %[[G]], %[[U]]
  func.func @twice(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    %y = hadal.swiglu %x, %x : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  func.func @no_kernel(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
    // expected-error @+1 {{'arith.mulf' op has no kernel for target 'cpu': expected a hadal op, or an addition that fuses into one}}
    %y = arith.mulf %x, %x : tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}
