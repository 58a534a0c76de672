// What the target fuses becomes one dispatch, where the order of an entry point allows it.
// RUN: hadal-opt %s --split-input-file --hadal-form-dispatches --hadal-verify-dispatch --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

hadal.program @cpu target <"cpu"> {
  // Results of the last op come first. A dispatch has the label and the name of its root, the place of its last op,
  // and equal groups share an executable.
  // CHECK-LABEL: hadal.executable @rms_norm_64
  // CHECK:         func.func @body(%[[X:[^:]*]]: tensor<?x64xf32> {{.*}}, %[[W:[^:]*]]: tensor<64xf32> {{.*}}) -> (tensor<?x64xbf16>, tensor<?x64xf32>)
  // CHECK:           %[[N:.*]] = hadal.rms_norm %[[X]], %[[W]]
  // CHECK:           %[[B:.*]] = arith.truncf %[[N]]
  // CHECK:           return %[[B]], %[[N]]
  // CHECK-NOT:   hadal.executable
  // CHECK-LABEL: func.func @results
  // CHECK:         hadal.tap "before"
  // CHECK:         %[[R:.*]]:2 = hadal.dispatch @rms_norm_64({{.*}}) label "input_norm" : {{.*}} -> (tensor<?x64xbf16>, tensor<?x64xf32>) {{.*}}loc("input_norm")
  // CHECK:         hadal.tap "wide", %[[R]]#1
  // CHECK:         hadal.tap "narrow", %[[R]]#0
  // CHECK:         hadal.dispatch @rms_norm_64({{.*}}) label "rms_norm"
  func.func @results(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> (tensor<?x64xbf16>, tensor<?x64xf32>) {
    %a = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32> loc("input_norm")
    hadal.tap "before", %x : tensor<?x64xf32>
    %b = arith.truncf %a : tensor<?x64xf32> to tensor<?x64xbf16>
    hadal.tap "wide", %a : tensor<?x64xf32>
    hadal.tap "narrow", %b : tensor<?x64xbf16>
    %c = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    %d = arith.truncf %c : tensor<?x64xf32> to tensor<?x64xbf16>
    return %d, %c : tensor<?x64xbf16>, tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // What two ops of a body read is one argument, what one op reads twice is two.
  // CHECK-LABEL: hadal.executable @linear_64
  // CHECK:         func.func @body(%[[X:[^:]*]]: tensor<?x64xf32> {{.*}}, %[[W:[^:]*]]: tensor<64x64xf32> {{.*}}) -> tensor<?x64xf32>
  // CHECK:           %[[Y:.*]] = hadal.linear %[[X]], %[[W]]
  // CHECK:           arith.addf %[[X]], %[[Y]]
  // CHECK-LABEL: hadal.executable @addf_64
  // CHECK:         func.func @body(%[[A:[^:]*]]: tensor<?x64xf32> {{.*}}, %[[B:[^:]*]]: tensor<?x64xf32>
  // CHECK:           arith.addf %[[A]], %[[B]]
  func.func @arguments(%x: tensor<?x64xf32>, %w: tensor<64x64xf32>) -> tensor<?x64xf32> {
    %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
    %z = arith.addf %x, %y : tensor<?x64xf32>
    %d = arith.addf %z, %z : tensor<?x64xf32>
    return %d : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // Something wants the norm before it is rounded.
  // CHECK-LABEL: func.func @wanted_before
  // CHECK:         %[[N:.*]] = hadal.dispatch @rms_norm_64
  // CHECK:         %[[S:.*]] = hadal.dispatch @swiglu_64(%[[N]], %[[N]])
  // CHECK:         hadal.dispatch @truncf_64(%[[N]])
  func.func @wanted_before(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> (tensor<?x64xbf16>, tensor<?x64xf32>) {
    %a = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    %s = hadal.swiglu %a, %a : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    %b = arith.truncf %a : tensor<?x64xf32> to tensor<?x64xbf16>
    return %b, %s : tensor<?x64xbf16>, tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // What the norm reads is overwritten before it is rounded.
  // CHECK-LABEL: func.func @overwritten_between
  // CHECK:         hadal.dispatch @swiglu_64
  // CHECK:         hadal.dispatch @rms_norm_64
  // CHECK:         hadal.dispatch @fill_64
  // CHECK:         hadal.dispatch @truncf_64
  func.func @overwritten_between(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> (tensor<?x64xbf16>, tensor<?x64xf32>) {
    %one = arith.constant 1.0 : f32
    %y = hadal.swiglu %x, %x : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    %a = hadal.rms_norm %y, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    %f = linalg.fill ins(%one : f32) outs(%y : tensor<?x64xf32>) -> tensor<?x64xf32>
    %b = arith.truncf %a : tensor<?x64xf32> to tensor<?x64xbf16>
    return %b, %f : tensor<?x64xbf16>, tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // Ops of different conditions are dispatches of their own, and those of one keep it.
  // CHECK-LABEL: func.func @conditions
  // CHECK:         hadal.dispatch @linear_64x96({{.*}}) label "linear" when <any_shorter, 171>
  // CHECK:         hadal.dispatch @addf_64({{.*}}) label "addf" :
  // CHECK:         hadal.dispatch @linear_64x96_0({{.*}}) label "linear" when <any_shorter, 171>
  // CHECK-NOT:     addf
  func.func @conditions(%x: tensor<?x96xf32>, %r: tensor<?x64xf32>, %w: tensor<64x96xf32, #hadal.panels<rows = 32, interleave = 1>>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
    %a = hadal.linear %x, %w {hadal.when = #hadal.when<any_shorter, 171>} : (tensor<?x96xf32>, tensor<64x96xf32, #hadal.panels<rows = 32, interleave = 1>>) -> tensor<?x64xf32>
    %b = arith.addf %r, %a : tensor<?x64xf32>
    %c = hadal.linear %x, %w {hadal.when = #hadal.when<any_shorter, 171>} : (tensor<?x96xf32>, tensor<64x96xf32, #hadal.panels<rows = 32, interleave = 1>>) -> tensor<?x64xf32>
    %d = arith.addf %r, %c {hadal.when = #hadal.when<any_shorter, 171>} : tensor<?x64xf32>
    return %b, %d : tensor<?x64xf32>, tensor<?x64xf32>
  }
}
