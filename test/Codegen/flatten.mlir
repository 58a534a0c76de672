// A body of linalg in the flat form: what is bound, how many work items there are, and what one of them does.
// RUN: hadal-opt %s --split-input-file --hadal-flatten --hadal-verify-flat | FileCheck %s
// RUN: hadal-opt %s --split-input-file --hadal-flatten="item-elements=1 lanes=1" --hadal-verify-flat | FileCheck %s --check-prefix=SCALAR

hadal.program @cpu target <"cpu"> {
  // CHECK-LABEL: hadal.executable @product
  // Of what is read and written, and the rows; the extent of the result is that of x.
  // CHECK-SAME:    interface <bindings = [0, 1, 2], access = [read, read, write], constants = [#hadal.extent<0, 0>]>
  // CHECK:       hadal.variant "flat" {
  // CHECK:         plan.interface {
  // CHECK-NEXT:    ^bb0(%[[N:.*]]: !plan.int):
  // CHECK-DAG:       %[[TWO:.*]] = plan.constant 2
  // CHECK-DAG:       %[[ONE:.*]] = plan.constant 1
  // CHECK-DAG:       %[[ITEMS:.*]] = plan.expr mul %[[N]], %[[TWO]]
  // CHECK:           plan.grid %[[ITEMS]], %[[ONE]], %[[ONE]]
  // A weight of bf16 is one of integers; sums are vectors, since both operands lie along them.
  // CHECK:         func.func @product(%{{.*}}: memref<?xf32>, %{{.*}}: memref<?xi16>, %[[Y:.*]]: memref<?xf32>, %{{.*}}: index, %[[ITEM:.*]]: index) {
  // CHECK:           scf.for
  // CHECK:             scf.for {{.*}} -> (vector<16xf32>)
  // CHECK:               vector.load %{{.*}} : memref<?xi16>, vector<16xi16>
  // CHECK-NOT:           bf16
  // CHECK:             memref.store %{{.*}}, %[[Y]]
  // SCALAR-LABEL: hadal.executable @product
  // SCALAR:         plan.constant 96
  // SCALAR:         func.func @product
  // SCALAR-NOT:       vector
  // SCALAR:           scf.for {{.*}} -> (f32)
  // SCALAR-NOT:       vector
  // SCALAR:           return
  hadal.executable @product {
    func.func @body(%x: tensor<?x64xf32>, %w: tensor<96x64xbf16>) -> tensor<?x96xf32> {
      %c0 = arith.constant 0 : index
      %zero = arith.constant 0.0 : f32
      %n = tensor.dim %x, %c0 : tensor<?x64xf32>
      %empty = tensor.empty(%n) : tensor<?x96xf32>
      %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x96xf32>) -> tensor<?x96xf32>
      %y = linalg.generic {indexing_maps = [affine_map<(n, o, i) -> (n, i)>, affine_map<(n, o, i) -> (o, i)>, affine_map<(n, o, i) -> (n, o)>],
          iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<?x64xf32>, tensor<96x64xbf16>) outs(%start : tensor<?x96xf32>) {
      ^bb0(%a: f32, %b: bf16, %sum: f32):
        %wide = arith.extf %b : bf16 to f32
        %p = arith.mulf %a, %wide : f32
        %s = arith.addf %sum, %p : f32
        linalg.yield %s : f32
      } -> tensor<?x96xf32>
      return %y : tensor<?x96xf32>
    }
  }
  func.func @forward(%x: tensor<?x64xf32>, %w: tensor<96x64xbf16>) -> tensor<?x96xf32> {
    %y = hadal.dispatch @product(%x, %w) label "product" : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x96xf32>
    return %y : tensor<?x96xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // A destination is written in place, row by row where the data says, if there is such a row. The nearest number is read.
  // CHECK-LABEL: hadal.executable @append
  // CHECK-SAME:    interface <bindings = [0, 1, 2], access = [read, read, read_write], constants = [#hadal.extent<0, 0>, #hadal.extent<1, 0>, #hadal.extent<2, 0>]>
  // CHECK:         func.func @append(%[[ROWS:.*]]: memref<?xf32>, %[[TO:.*]]: memref<?xi32>, %[[CACHE:.*]]: memref<?xf32>, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %[[ITEM:.*]]: index) {
  // CHECK:           %[[LESS:.*]] = arith.minsi %[[ITEM]], %{{.*}}
  // CHECK:           %[[AT:.*]] = arith.maxsi %[[LESS]], %{{.*}}
  // CHECK:           memref.load %[[TO]][%[[AT]]]
  // CHECK:           scf.if
  // CHECK:             vector.load %[[ROWS]]
  // CHECK:             vector.store %{{.*}}, %[[CACHE]]
  // CHECK-NOT:       memref.alloca
  // CHECK:           return
  hadal.executable @append {
    func.func @body(%x: tensor<?x64xf32>, %to: tensor<?xi32>, %cache: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %x, %c0 : tensor<?x64xf32>
      %y = scf.forall (%p) in (%n) shared_outs(%o = %cache) -> (tensor<?x64xf32>) {
        %a = tensor.extract %to[%p] : tensor<?xi32>
        %row = arith.index_cast %a : i32 to index
        %slice = tensor.extract_slice %x[%p, 0] [1, 64] [1, 1] : tensor<?x64xf32> to tensor<1x64xf32>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %slice into %o[%row, 0] [1, 64] [1, 1] : tensor<1x64xf32> into tensor<?x64xf32>
        }
      }
      return %y : tensor<?x64xf32>
    }
  }
  func.func @forward(%x: tensor<?x64xf32>, %to: tensor<?xi32>, %c: tensor<?x64xf32>) {
    %y = hadal.dispatch @append(%x, %to, %c) label "append" : (tensor<?x64xf32>, tensor<?xi32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    return
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.state @cache growing @pages : tensor<?x64x64xf32>
  plan.block_table @pages page_size 64
  // How many pages a state has nobody says: their numbers are the session's.
  // CHECK-LABEL: hadal.executable @append_pages
  // CHECK-SAME:    constants = [#hadal.extent<0, 0>]>
  // CHECK-NOT:       scf.if
  // CHECK:         func.func @forward
  hadal.executable @append_pages {
    func.func @body(%x: tensor<?x64xf32>, %cache: tensor<?x64x64xf32>) -> tensor<?x64x64xf32> {
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      %n = tensor.dim %x, %c0 : tensor<?x64xf32>
      %y = scf.forall (%p) in (%n) shared_outs(%o = %cache) -> (tensor<?x64x64xf32>) {
        %page = arith.divui %p, %c64 : index
        %row = arith.remui %p, %c64 : index
        %slice = tensor.extract_slice %x[%p, 0] [1, 64] [1, 1] : tensor<?x64xf32> to tensor<1x64xf32>
        scf.forall.in_parallel {
          tensor.parallel_insert_slice %slice into %o[%page, %row, 0] [1, 1, 64] [1, 1, 1] : tensor<1x64xf32> into tensor<?x64x64xf32>
        }
      }
      return %y : tensor<?x64x64xf32>
    }
  }
  func.func @forward(%x: tensor<?x64xf32>) {
    %c = hadal.state_read @cache : tensor<?x64x64xf32>
    %y = hadal.dispatch @append_pages(%x, %c) label "append" : (tensor<?x64xf32>, tensor<?x64x64xf32>) -> tensor<?x64x64xf32>
    hadal.state_write @cache, %y : tensor<?x64x64xf32>
    return
  }
}
