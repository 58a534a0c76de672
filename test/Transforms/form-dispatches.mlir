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
  // Ops of other dialects are bodies too, with the constants that they read. What their regions differ in makes
  // two kernels.
  // What costs nothing each body has for itself: integers, empty and filled tensors.
  // CHECK-NOT:   hadal.executable @fill
  // CHECK-LABEL: hadal.executable @map_64 {
  // CHECK:         func.func @body(%[[X:[^:]*]]: tensor<?x64xf32> {{.*}}, %[[OTHER:[^:]*]]: tensor<64xf32>
  // CHECK:           %[[ONE:.*]] = arith.constant 1.0
  // CHECK:           %[[N:.*]] = tensor.dim %[[X]]
  // CHECK:           %[[OUT:.*]] = tensor.empty(%[[N]])
  // CHECK:           linalg.fill ins(%[[ONE]] {{.*}} outs(%[[OUT]]
  // CHECK:           tensor.extract %[[OTHER]]
  // CHECK-LABEL: hadal.executable @map_64_0
  // CHECK-LABEL: hadal.executable @exp_64
  // CHECK:         func.func @body(%[[X:[^:]*]]: tensor<?x64xf32> {{.*}}) -> tensor<?x64xf32>
  // CHECK:           math.exp %[[X]]
  // CHECK-LABEL: func.func @foreign
  // CHECK-SAME:    (%[[X:[^:]*]]: tensor<?x64xf32> {{.*}}, %[[T:[^:]*]]: tensor<64xf32>
  // CHECK-NEXT:    %[[M:.*]] = hadal.dispatch @map_64(%[[X]], %[[T]]) label "map"
  // CHECK-NEXT:    %[[A:.*]] = hadal.dispatch @map_64_0(%[[M]], %[[X]]) label "map"
  // CHECK-NEXT:    hadal.dispatch @exp_64(%[[A]]) label "exp"
  func.func @foreign(%x: tensor<?x64xf32>, %t: tensor<64xf32>) -> tensor<?x64xf32> {
    %c0 = arith.constant 0 : index
    %one = arith.constant 1.0 : f32
    %n = tensor.dim %x, %c0 : tensor<?x64xf32>
    %e = tensor.empty(%n) : tensor<?x64xf32>
    %f = linalg.fill ins(%one : f32) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
    %m = linalg.map ins(%x : tensor<?x64xf32>) outs(%f : tensor<?x64xf32>) (%a: f32, %o: f32) {
      %i = linalg.index 1 : index
      %b = tensor.extract %t[%i] : tensor<64xf32>
      %c = arith.addf %a, %b : f32
      %d = arith.addf %c, %one : f32
      linalg.yield %d : f32
    }
    %g = tensor.empty(%n) : tensor<?x64xf32>
    %r = linalg.map ins(%m : tensor<?x64xf32>) outs(%g : tensor<?x64xf32>) (%a: f32, %o: f32) {
      %b = math.absf %a : f32
      linalg.yield %b : f32
    }
    %y = math.exp %r : tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  func.func @no_tensors(%x: tensor<?x64xf32>, %v: vector<8xf32>) -> tensor<?x64xf32> {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{'vector.transfer_write' op has no place in a dispatch: expected a hadal op that computes, or one of linalg, tensor, arith or math}}
    %y = vector.transfer_write %v, %x[%c0, %c0] : vector<8xf32>, tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  func.func @scalar(%x: tensor<?x64xf32>) {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{'tensor.extract' op expected ranked tensors as results in a dispatch, got 'f32'}}
    %y = tensor.extract %x[%c0, %c0] : tensor<?x64xf32>
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  func.func @index(%x: tensor<?x64xf32>, %n: index) -> tensor<?x64xf32> {
    // expected-error @+1 {{'tensor.extract_slice' op expected ranked tensors or constants where a kernel computes, got 'index'}}
    %y = tensor.extract_slice %x[0, 0] [%n, 64] [1, 1] : tensor<?x64xf32> to tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// -----

// expected-error @+1 {{expected a target that is registered (cpu, cuda), got 'tpu'}}
hadal.program @tpu target <"tpu"> {
}
