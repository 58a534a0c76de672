// What the flat form is not.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-verify-flat

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = []> {
    func.func @body(%x: tensor<64xf32>) -> tensor<64xf32> {
      %y = math.exp %x : tensor<64xf32>
      return %y : tensor<64xf32>
    }
    hadal.variant "flat" {
      func.func @k(%x: memref<?xf32>, %y: memref<?xf32>, %item: index) {
        %v = memref.load %x[%item] : memref<?xf32>
        // expected-error @+1 {{'math.exp' op has no place in the flat form}}
        %e = math.exp %v : f32
        memref.store %e, %y[%item] : memref<?xf32>
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = []> {
    func.func @body(%x: tensor<64xbf16>) -> tensor<64xbf16> {
      %y = math.exp %x : tensor<64xbf16>
      return %y : tensor<64xbf16>
    }
    hadal.variant "flat" {
      // expected-error @+1 {{expected argument 0 to be a flat buffer, got 'memref<?xbf16>'}}
      func.func @k(%x: memref<?xbf16>, %y: memref<?xi16>, %item: index) {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [7]> {
    func.func @body(%x: tensor<64xf32>) -> tensor<64xf32> {
      %y = math.exp %x : tensor<64xf32>
      return %y : tensor<64xf32>
    }
    hadal.variant "flat" {
      // expected-error @+1 {{expected one block, no result and 4 arguments: bindings, constants and the work item}}
      func.func @k(%x: memref<?xf32>, %y: memref<?xf32>, %item: index) {
        return
      }
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = []> {
    func.func @body(%x: tensor<64xf32>) -> tensor<64xf32> {
      %y = math.exp %x : tensor<64xf32>
      return %y : tensor<64xf32>
    }
    hadal.variant "flat" {
      func.func @k(%x: memref<?xf32>, %y: memref<?xf32>, %item: index) {
        %c0 = arith.constant 0 : index
        scf.for %i = %c0 to %item step %item {
          // expected-error @+1 {{expected memory of a work item at the start of the function, of one static extent}}
          %own = memref.alloca() : memref<4xf32>
        }
        return
      }
    }
  }
}
