// Executables get an interface and a kernel for each level.
// RUN: hadal-opt %s --split-input-file --hadal-cpu-emit-kernels --hadal-verify-kernel | FileCheck %s --check-prefixes=CHECK,ALL
// RUN: hadal-opt %s --split-input-file --hadal-cpu-emit-kernels=levels=x86-64-v3 --hadal-verify-kernel | FileCheck %s --check-prefixes=CHECK,V3
// RUN: hadal-opt %s --split-input-file --hadal-cpu-emit-kernels=emulate-dot --hadal-verify-kernel | FileCheck %s --check-prefixes=CHECK,V3
// RUN: not hadal-opt %s --split-input-file --hadal-cpu-emit-kernels=levels=x86-64-v2 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: error: expected a level x86-64-v3 or x86-64-v4-bf16, got 'x86-64-v2'

hadal.program @cpu target <"cpu"> {
  // x, weight, y: rows come from x.
  // CHECK-LABEL: hadal.executable @norm
  // CHECK-SAME:    interface <bindings = [0, 1, 2], access = [read, read, write], constants = [#hadal.extent<0, 0>]>
  // CHECK:         func.func @body
  // CHECK:         hadal.variant "x86-64-v3" {
  // CHECK-NEXT:      plan.interface {
  // CHECK-NEXT:      ^bb0(%[[ROWS:.*]]: !plan.int):
  // CHECK-NEXT:        %[[Y:.*]] = plan.constant 1
  // CHECK-NEXT:        %[[Z:.*]] = plan.constant 1
  // CHECK-NEXT:        plan.grid %[[ROWS]], %[[Y]], %[[Z]]
  // CHECK:           func.func @norm(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
  // ALL:           hadal.variant "x86-64-v4-bf16"
  // ALL:             func.func @norm(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
  // V3-NOT:        hadal.variant
  hadal.executable @norm {
    func.func @body(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> tensor<?x64xf32> {
      %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // Absorbed attention: queries of both kinds, cache, where rows are and whose they are; the threshold is
  // a constant of the launch, so that one kernel serves all.
  // CHECK-LABEL: hadal.executable @absorbed
  // CHECK-SAME:    interface <bindings = [0, 1, 2, 6, 3, 4, 5, 7]
  // CHECK-SAME:    constants = [#hadal.extent<1, 0>, #hadal.extent<5, 0>, #hadal.extent<6, 1>, 171]>
  hadal.executable @absorbed {
    func.func @body(%l: tensor<?x192xf32>, %q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x192xf32> {
      %y = hadal.mla_attend_absorbed %l, %q, %c, %p, %o, %s, %t {heads = 3 : i64, scale = 0.1 : f32, threshold = 171 : i64}
        : (tensor<?x192xf32>, tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x192xf32>
      return %y : tensor<?x192xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // Expanded attention writes over its destination, operand 8, and has no result of its own.
  // CHECK-LABEL: hadal.executable @expanded
  // CHECK-SAME:    interface <bindings = [0, 2, 3, 1, 7, 4, 5, 6, 8]
  // CHECK-SAME:    constants = [#hadal.extent<0, 0>, #hadal.extent<6, 0>, #hadal.extent<7, 1>, 0]>
  // Each sequence may begin a tile of rows.
  // CHECK:           plan.interface scratch
  // CHECK-NEXT:      ^bb0(%[[ROWS:.*]]: !plan.int, %[[S:.*]]: !plan.int, %{{.*}}: !plan.int, %{{.*}}: !plan.int):
  // CHECK:             %[[TILES:.*]] = plan.expr ceil_div %[[ROWS]], %{{.*}}
  // CHECK-NEXT:        %[[ALL:.*]] = plan.expr add %[[S]], %[[TILES]]
  // CHECK:             plan.grid %{{.*}}, %[[ALL]], %{{.*}}
  hadal.executable @expanded {
    func.func @body(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16, #hadal.panels<rows = 32, interleave = 2>>, %uv: tensor<3x32x64xbf16, #hadal.panels<rows = 32, interleave = 2>>,
                    %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %out: tensor<?x96xf32>) -> tensor<?x96xf32> {
      %y = hadal.mla_attend_expanded %q, %c, %uk, %uv, %p, %o, %s, %t outs(%out) {scale = 0.1 : f32}
        : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16, #hadal.panels<rows = 32, interleave = 2>>, tensor<3x32x64xbf16, #hadal.panels<rows = 32, interleave = 2>>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x96xf32>) -> tensor<?x96xf32>
      return %y : tensor<?x96xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // A linear spreads over panels of outputs and over rows.
  // CHECK-LABEL: hadal.executable @linear
  // CHECK-SAME:    interface <bindings = [0, 1, 2, 3], access = [read, read, read, write], constants = [#hadal.extent<0, 0>]>
  hadal.executable @linear {
    func.func @body(%x: tensor<?x64xbf16>, %w: tensor<96x64xbf16, #hadal.panels<rows = 32, interleave = 2>>, %a: tensor<?x96xf32>) -> tensor<?x96xf32> {
      %y = hadal.linear %x, %w : (tensor<?x64xbf16>, tensor<96x64xbf16, #hadal.panels<rows = 32, interleave = 2>>) -> tensor<?x96xf32>
      %z = arith.addf %a, %y : tensor<?x96xf32>
      return %z : tensor<?x96xf32>
    }
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // Rounding and adding rows are kernels of their own, where no other takes them.
  // CHECK-LABEL: hadal.executable @round
  // CHECK-SAME:    interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>]>
  // CHECK:         func.func @round(
  hadal.executable @round {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xbf16> {
      %y = arith.truncf %x : tensor<?x64xf32> to tensor<?x64xbf16>
      return %y : tensor<?x64xbf16>
    }
  }
  // CHECK-LABEL: hadal.executable @add
  // CHECK-SAME:    interface <bindings = [0, 1, 2], access = [read, read, write], constants = [#hadal.extent<0, 0>]>
  // CHECK:         func.func @add(
  hadal.executable @add {
    func.func @body(%x: tensor<?x64xf32>, %y: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %z = arith.addf %x, %y : tensor<?x64xf32>
      return %z : tensor<?x64xf32>
    }
  }
}
