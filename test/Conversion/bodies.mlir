// Of a body of several ops the plan has the family of its root, extents of its results and the work of all of it.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-convert-to-plan | FileCheck %s

hadal.program @cpu target <"cpu"> {
  hadal.executable @both interface <bindings = [0, 1, 2, 3, 4, 5], access = [read, read, read, read, write, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%x: tensor<?x64xf32>, %n: tensor<64xf32>, %w: tensor<32x64xf32>, %r: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x64xf32>) {
      %a = hadal.rms_norm %x, %n {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
      %y = hadal.linear %a, %w : (tensor<?x64xf32>, tensor<32x64xf32>) -> tensor<?x32xf32>
      %z = arith.addf %r, %y : tensor<?x32xf32>
      return %z, %a : tensor<?x32xf32>, tensor<?x64xf32>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
      ^bb0(%rows: !plan.int):
        plan.grid %rows, %rows, %rows
      }
      func.func @both() {
        return
      }
    }
  }
  hadal.parameter @n : tensor<64xf32>
  hadal.parameter @w : tensor<32x64xf32>
  // CHECK:         plan.executable @both family "linear" access [read, read, read, read, write, write]
  // CHECK-LABEL: plan.entry @forward
  // CHECK-DAG:     %[[N:.*]] = plan.extent 0, 0
  // CHECK-DAG:     %[[R:.*]] = plan.extent 1, 0
  // Two times 32 x 64 a row; the bytes of both weights, and not of what the linear reads of the norm.
  // CHECK-DAG:     %[[EACH:.*]] = plan.constant 4096
  // CHECK-DAG:     %[[FLOPS:.*]] = plan.expr mul %[[N]], %[[EACH]]
  // CHECK-DAG:     %[[BYTES:.*]] = plan.constant 8448
  // CHECK:         %[[Z:.*]] = plan.result 0 "0" : tensor<?x32xf32> sizes(%[[R]])
  // CHECK:         %[[A:.*]] = plan.result 1 "1" : tensor<?x64xf32> sizes(%[[N]])
  // CHECK:         plan.launch @both bindings(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[Z]], %[[A]]) constants(%[[N]]) label "both" flops %[[FLOPS]] bytes %[[BYTES]]
  func.func @forward(%x: tensor<?x64xf32>, %r: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x64xf32>) {
    %n = hadal.param @n : tensor<64xf32>
    %w = hadal.param @w : tensor<32x64xf32>
    %z, %a = hadal.dispatch @both(%x, %n, %w, %r) label "both" : (tensor<?x64xf32>, tensor<64xf32>, tensor<32x64xf32>, tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x64xf32>)
    return %z, %a : tensor<?x32xf32>, tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // Ops of other dialects, that take shapes from one another, and a destination two ops away.
  hadal.executable @map interface <bindings = [0, 1], access = [read, read_write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%x: tensor<?x64xf32>, %out: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
      %zero = arith.constant 0.0 : bf16
      %e = math.exp %x : tensor<?x64xf32>
      %0 = linalg.fill ins(%zero : bf16) outs(%out : tensor<?x64xbf16>) -> tensor<?x64xbf16>
      %1 = linalg.map ins(%e : tensor<?x64xf32>) outs(%0 : tensor<?x64xbf16>) (%a: f32, %o: bf16) {
        %b = arith.truncf %a : f32 to bf16
        linalg.yield %b : bf16
      }
      return %1 : tensor<?x64xbf16>
    }
    hadal.variant "x86-64-v3" {
      plan.interface {
      ^bb0(%rows: !plan.int):
        plan.grid %rows, %rows, %rows
      }
      func.func @map() {
        return
      }
    }
  }
  // CHECK:         plan.executable @map family "exp" access [read, read_write]
  // CHECK-LABEL: plan.entry @forward
  // CHECK:         %[[OUT:.*]] = plan.buffer "scratch"
  // CHECK:         plan.launch @map bindings(%{{.*}}, %[[OUT]]) constants(%[[C:.*]]) label
  // CHECK:         plan.tap "y", %[[OUT]] : tensor<?x64xbf16> sizes(%{{.*}})
  func.func @forward(%x: tensor<?x64xf32>) {
    %c0 = arith.constant 0 : index
    %r = tensor.dim %x, %c0 : tensor<?x64xf32>
    %out = tensor.empty(%r) : tensor<?x64xbf16>
    %y = hadal.dispatch @map(%x, %out) label "map" : (tensor<?x64xf32>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
    hadal.tap "y", %y : tensor<?x64xbf16>
    return
  }
}

// -----

// The work of a sum is a product and a sum for each run of its innermost loop.
hadal.program @cpu target <"cpu"> {
  hadal.executable @product interface <bindings = [0, 1, 2], access = [read, read, read_write], constants = []> {
    func.func @body(%x: tensor<4x8xf32>, %w: tensor<8x4xf32>, %out: tensor<4x4xf32>) -> tensor<4x4xf32> {
      %y = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x4xf32>) outs(%out : tensor<4x4xf32>) -> tensor<4x4xf32>
      return %y : tensor<4x4xf32>
    }
  }
  // CHECK-LABEL: plan.entry @forward
  // CHECK-DAG:     %[[FLOPS:.*]] = plan.constant 256
  // CHECK:         plan.launch @product {{.*}} flops %[[FLOPS]]
  func.func @forward(%x: tensor<4x8xf32>, %w: tensor<8x4xf32>) {
    %out = tensor.empty() : tensor<4x4xf32>
    %y = hadal.dispatch @product(%x, %w, %out) label "product" : (tensor<4x8xf32>, tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // Extents that are made of those of operands.
  hadal.executable @shape interface <bindings = [0, 1], access = [read, write], constants = []> {
    func.func @body(%x: tensor<?x8xf32>) -> tensor<?xf32> {
      %y = tensor.collapse_shape %x [[0, 1]] : tensor<?x8xf32> into tensor<?xf32>
      return %y : tensor<?xf32>
    }
  }
  // CHECK-LABEL: plan.entry @forward
  // CHECK-DAG:     %[[N:.*]] = plan.extent 0, 0
  // CHECK-DAG:     %[[EIGHT:.*]] = plan.constant 8
  // CHECK-DAG:     %[[ALL:.*]] = plan.expr mul %[[N]], %[[EIGHT]]
  // CHECK:         plan.result 0 "0" : tensor<?xf32> sizes(%[[ALL]])
  func.func @forward(%x: tensor<?x8xf32>) -> tensor<?xf32> {
    %y = hadal.dispatch @shape(%x) label "shape" : (tensor<?x8xf32>) -> tensor<?xf32>
    return %y : tensor<?xf32>
  }
}

// -----

// MLIR lets a dim be asked for that is not there, as long as nobody needs it.
hadal.program @cpu target <"cpu"> {
  hadal.executable @beyond interface <bindings = [0, 1], access = [read, write], constants = []> {
    func.func @body(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
      %axis = arith.constant 7777777 : index
      %rows = tensor.dim %x, %axis : tensor<?x8xf32>
      // expected-error @+1 {{'tensor.empty' op expected extents that are multiples of an operand's}}
      %empty = tensor.empty(%rows) : tensor<?x8xf32>
      %y = math.exp %empty : tensor<?x8xf32>
      return %y : tensor<?x8xf32>
    }
  }
  func.func @forward(%x: tensor<?x8xf32>) {
    %y = hadal.dispatch @beyond(%x) label "beyond" : (tensor<?x8xf32>) -> tensor<?x8xf32>
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.executable @copy interface <bindings = [0, 1], access = [read, read_write], constants = []> {
    func.func @body(%x: tensor<?x8xf32>, %out: tensor<?x8xf32>) -> tensor<?x8xf32> {
      %y = linalg.exp ins(%x : tensor<?x8xf32>) outs(%out : tensor<?x8xf32>) -> tensor<?x8xf32>
      return %y : tensor<?x8xf32>
    }
  }
  func.func @forward(%x: tensor<?x8xf32>) {
    %rows = arith.constant -3 : index
    // expected-error @+1 {{expected a buffer whose extents the host knows}}
    %out = tensor.empty(%rows) : tensor<?x8xf32>
    %y = hadal.dispatch @copy(%x, %out) label "copy" : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
    return
  }
}

// -----

// Bytes that exceed 63 bits would be a buffer of few.
hadal.program @cpu target <"cpu"> {
  hadal.executable @large interface <bindings = [0, 1], access = [read, write], constants = []> {
    func.func @body(%x: tensor<?x4611686018427387904xf32>) -> tensor<?x4611686018427387904xf32> {
      %y = math.exp %x : tensor<?x4611686018427387904xf32>
      return %y : tensor<?x4611686018427387904xf32>
    }
  }
  func.func @forward(%x: tensor<?x4611686018427387904xf32>) {
    // expected-error @+1 {{expected a buffer whose extents the host knows, of 281474976710656 bytes at most for each that is not constant, got 'tensor<?x4611686018427387904xf32>'}}
    %y = hadal.dispatch @large(%x) label "large" : (tensor<?x4611686018427387904xf32>) -> tensor<?x4611686018427387904xf32>
    return
  }
}

// -----

// How many pages a state has, the host does not know, and so neither the work over them.
hadal.program @cpu target <"cpu"> {
  plan.block_table @pages page_size 64
  hadal.state @c growing @pages : tensor<?x64xf32>
  hadal.executable @linear interface <bindings = [0, 1, 2], access = [read, read, write], constants = []> {
    func.func @body(%c: tensor<?x64xf32>, %w: tensor<8x64xf32>) -> tensor<?x8xf32> {
      // expected-error @+1 {{expected work over rows that the host knows}}
      %y = hadal.linear %c, %w : (tensor<?x64xf32>, tensor<8x64xf32>) -> tensor<?x8xf32>
      return %y : tensor<?x8xf32>
    }
  }
  func.func @forward(%w: tensor<8x64xf32>) {
    %c = hadal.state_read @c : tensor<?x64xf32>
    %y = hadal.dispatch @linear(%c, %w) label "linear" : (tensor<?x64xf32>, tensor<8x64xf32>) -> tensor<?x8xf32>
    return
  }
}

// -----

// How long each tile is, only the loop knows: of one index it would be known to agree.
hadal.program @cpu target <"cpu"> {
  hadal.executable @tiles interface <bindings = [0, 1], access = [read, read_write], constants = []> {
    func.func @body(%x: tensor<8xf32>, %d: tensor<8xf32>) -> tensor<8xf32> {
      %one = arith.constant 1 : index
      %y = scf.forall (%i) in (8) shared_outs(%o = %d) -> (tensor<8xf32>) {
        %n = arith.addi %i, %one : index
        %a = tensor.extract_slice %x[0] [%n] [1] : tensor<8xf32> to tensor<?xf32>
        %b = tensor.extract_slice %o[0] [%i] [1] : tensor<8xf32> to tensor<?xf32>
        // expected-error @+1 {{'linalg.exp' op expected operands in a loop whose extents are constants, known to the host, or one index}}
        %t = linalg.exp ins(%a : tensor<?xf32>) outs(%b : tensor<?xf32>) -> tensor<?xf32>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %t into %o[0] [%i] [1] : tensor<?xf32> into tensor<8xf32>
        }
      }
      return %y : tensor<8xf32>
    }
  }
  func.func @forward(%x: tensor<8xf32>) {
    %e = tensor.empty() : tensor<8xf32>
    %y = hadal.dispatch @tiles(%x, %e) label "tiles" : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    return
  }
}
