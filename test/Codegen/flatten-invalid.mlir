// What has no flat form is refused by name.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-flatten
// RUN: not hadal-opt %s --split-input-file --hadal-flatten=lanes=0 2>&1 | FileCheck %s --check-prefix=LANES
// LANES: error: expected item-elements of at least 1 and lanes that are a power of two, got 64 and 0

hadal.program @cpu target <"cpu"> {
  hadal.executable @sum {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %x, %c0 : tensor<?x64xf32>
      %empty = tensor.empty(%n) : tensor<?x64xf32>
      %y = scf.forall (%p) in (%n) shared_outs(%o = %empty) -> (tensor<?x64xf32>) {
        // expected-error @+1 {{expected intermediates of a work item of a size that is known, got}}
        %own = tensor.empty(%p) : tensor<?x64xf32>
        %all = linalg.exp ins(%x : tensor<?x64xf32>) outs(%own : tensor<?x64xf32>) -> tensor<?x64xf32>
        %slice = tensor.extract_slice %all[%p, 0] [1, 64] [1, 1] : tensor<?x64xf32> to tensor<1x64xf32>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %slice into %o[%p, 0] [1, 64] [1, 1] : tensor<1x64xf32> into tensor<?x64xf32>
        }
      }
      return %y : tensor<?x64xf32>
    }
  }
  func.func @forward(%x: tensor<?x64xf32>) {
    %y = hadal.dispatch @sum(%x) label "sum" : (tensor<?x64xf32>) -> tensor<?x64xf32>
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected a body of ops that compute, found none}}
  hadal.executable @same {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      return %x : tensor<?x64xf32>
    }
  }
}
