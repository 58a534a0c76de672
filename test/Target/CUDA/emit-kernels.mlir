// Kernels in tiles, and from the flat form: a thread an element, or a warp a row that is summed.
// RUN: hadal-opt %s --pass-pipeline='builtin.module(hadal.program(hadal-cuda-emit-kernels))' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK: hadal.program @cuda target <"cuda", levels = ["sm_80"]>
hadal.program @cuda target <"cuda"> {
  // CHECK-LABEL: hadal.executable @double
  // CHECK-NOT:     "flat"
  // CHECK:         hadal.variant "sm_80"
  // CHECK:           plan.interface workgroup_size [128, 1, 1]
  // CHECK:             %[[WIDTH:.*]] = plan.constant 64
  // CHECK:             %[[ITEMS:.*]] = plan.expr mul %{{.*}}, %[[WIDTH]]
  // CHECK:             plan.kernel_parameter binding[0]
  // CHECK-NEXT:        plan.kernel_parameter binding[1]
  // CHECK-NEXT:        plan.kernel_parameter constants
  // CHECK:             %[[THREADS:.*]] = plan.constant 128
  // CHECK:             %[[GRID:.*]] = plan.expr ceil_div %[[ITEMS]], %[[THREADS]]
  // CHECK:             plan.grid %[[GRID]]
  // CHECK:           func.func @double(%[[X:.*]]: memref<?xf32> {llvm.align = 64 : i64}, %[[Y:.*]]: memref<?xf32> {llvm.align = 64 : i64}, %[[CONSTANTS:.*]]: memref<?xi64>) attributes {nvvm.reqntid = array<i32: 128, 1, 1>}
  // CHECK:             %[[ROWS:.*]] = memref.load %[[CONSTANTS]]
  // CHECK:             %[[INDEX:.*]] = arith.index_cast %[[ROWS]]
  // CHECK:             %[[COUNT:.*]] = arith.muli %[[INDEX]], %{{.*}}
  // CHECK:             gpu.block_id x
  // CHECK:             %[[THREAD:.*]] = gpu.thread_id x
  // CHECK:             %[[ITEM:.*]] = arith.addi %{{.*}}, %[[THREAD]]
  // CHECK:             %[[THERE:.*]] = arith.cmpi ult, %[[ITEM]], %[[COUNT]]
  // CHECK-NEXT:        scf.if %[[THERE]]
  // CHECK-NEXT:          memref.load %[[X]][%[[ITEM]]]
  // CHECK:               memref.store %{{.*}}, %[[Y]][%[[ITEM]]]
  hadal.executable @double interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      %y = arith.addf %x, %x : tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    hadal.variant "flat" {
      plan.interface {
      ^bb0(%rows: !plan.int):
        %one = plan.constant 1
        %width = plan.constant 64
        %items = plan.expr mul %rows, %width
        plan.grid %items, %one, %one
      }
      func.func @double(%x: memref<?xf32>, %y: memref<?xf32>, %rows: index, %item: index) {
        %v = memref.load %x[%item] : memref<?xf32>
        %s = arith.addf %v, %v : f32
        memref.store %s, %y[%item] : memref<?xf32>
        return
      }
    }
  }

  // CHECK-LABEL: hadal.executable @sums
  // CHECK:             %[[WARPS:.*]] = plan.constant 4
  // CHECK:             plan.expr ceil_div %{{.*}}, %[[WARPS]]
  // CHECK:           func.func @sums
  // CHECK:             %[[THREAD:.*]] = gpu.thread_id x
  // CHECK:             %[[LANE:.*]] = arith.remui %[[THREAD]], %{{.*}}
  // CHECK:             %[[FIRST:.*]] = arith.cmpi eq, %[[LANE]]
  // CHECK:             %[[ITEM:.*]] = arith.divui
  // CHECK:             %[[START:.*]] = arith.constant 5.0
  // CHECK:             %[[BEGIN:.*]] = arith.addi %{{.*}}, %[[LANE]]
  // CHECK:             %[[PARTIAL:.*]] = scf.for %{{.*}} = %[[BEGIN]] to %{{.*}} step %{{.*}} iter_args(%{{.*}} = %{{.*}})
  // CHECK:             %[[OTHER:.*]], %{{.*}} = gpu.shuffle xor %[[PARTIAL]]
  // CHECK-NEXT:        arith.addf %[[PARTIAL]], %[[OTHER]]
  // CHECK-COUNT-4:     gpu.shuffle xor
  // CHECK:             %[[ALL:.*]] = arith.addf
  // CHECK:             %[[TOTAL:.*]] = arith.addf %[[START]], %[[ALL]]
  // CHECK:             scf.if %[[FIRST]]
  // CHECK-NEXT:          memref.store %[[TOTAL]]
  hadal.executable @sums interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>]> {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?xf32> {
      %e = tensor.empty() : tensor<1xf32>
      %y = tensor.cast %e : tensor<1xf32> to tensor<?xf32>
      return %y : tensor<?xf32>
    }
    hadal.variant "flat" {
      plan.interface {
      ^bb0(%rows: !plan.int):
        %one = plan.constant 1
        plan.grid %rows, %one, %one
      }
      func.func @sums(%x: memref<?xf32>, %y: memref<?xf32>, %rows: index, %item: index) {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c64 = arith.constant 64 : index
        %five = arith.constant 5.0 : f32
        %first = arith.muli %item, %c64 : index
        %sum = scf.for %k = %c0 to %c64 step %c1 iter_args(%s = %five) -> f32 {
          %at = arith.addi %first, %k : index
          %v = memref.load %x[%at] : memref<?xf32>
          %n = arith.addf %s, %v : f32
          scf.yield %n : f32
        }
        memref.store %sum, %y[%item] : memref<?xf32>
        return
      }
    }
  }
}

// -----

// A linear layer is programs for few and for many rows; the grid and the shared memory are those of the one that runs.
hadal.program @cuda target <"cuda", levels = ["sm_86"]> {
  // CHECK-LABEL: hadal.executable @linear_256x2048 interface <bindings = [0, 1, 2], access = [read, read, write], constants = [#hadal.extent<0, 0>]>
  // CHECK:         hadal.variant "sm_86"
  // CHECK:           plan.interface workgroup_size [128, 1, 1]
  // CHECK-NEXT:      ^bb0(%[[ROWS:.*]]: !plan.int):
  // CHECK:             %[[SIXTEEN:.*]] = plan.constant 16
  // CHECK:             %[[FEW:.*]] = plan.expr le %[[ROWS]], %[[SIXTEEN]]
  // CHECK:             plan.select %[[FEW]]
  // CHECK:             plan.grid %{{.*}}, %{{.*}}, %{{.*}} dynamic_shared %{{.*}}
  // CHECK:           func.func @linear_256x2048(%[[X:.*]]: !tile.global<?x2048xbf16, rows> {llvm.align = 64 : i64}, %[[W:.*]]: !tile.global<256x2048xbf16, packed> {llvm.align = 64 : i64}, %[[Y:.*]]: !tile.global<?x256xf32, rows> {llvm.align = 64 : i64}, %{{.*}}: memref<?xi64>)
  // Two groups of warps take a segment each.
  // CHECK:             tile.group [2, 1, 2]
  // CHECK:             tile.copy %[[X]]
  // CHECK:             tile.fetch %[[W]]
  // CHECK:             tile.write %{{.*}} : !tile.shared<2x8x64xf32, rows, pad = 4>
  // CHECK:             tile.write %{{.*}} : !tile.shared<2x16x64xf32, rows, pad = 4>
  // A pipeline of as many stages as this level has room for adds them up.
  // CHECK:             tile.alloc : <2x128x64xbf16, packed>
  // CHECK:             tile.copy
  // CHECK:             tile.store %{{.*}} accumulate
  // CHECK:             tile.write
  // CHECK-NOT:         tile.write
  hadal.executable @linear_256x2048 {
    func.func @body(%x: tensor<?x2048xbf16>, %w: tensor<256x2048xbf16, #hadal.fragments<segment = 1024>>) -> tensor<?x256xf32> {
      %y = hadal.linear %x, %w : (tensor<?x2048xbf16>, tensor<256x2048xbf16, #hadal.fragments<segment = 1024>>) -> tensor<?x256xf32>
      return %y : tensor<?x256xf32>
    }
  }
}

// -----

// A gate reads its rows once for both weights; a residual is added where the result is written.
hadal.program @cuda target <"cuda"> {
  // CHECK-LABEL: hadal.executable @gated interface <bindings = [0, 1, 2, 3], access = [read, read, read, write]
  // CHECK:           func.func @gated(%[[X:.*]]: !tile.global<?x64xbf16, rows> {{.*}}, %[[G:.*]]: !tile.global<96x64xbf16, packed> {{.*}}, %[[U:.*]]: !tile.global<96x64xbf16, packed>
  // CHECK:             tile.copy %[[X]]
  // CHECK:             tile.fetch %[[G]]
  // CHECK:             tile.fetch %[[U]]
  // CHECK:             tile.write %{{.*}}, %{{.*}} to
  // CHECK:               math.exp
  hadal.executable @gated {
    func.func @body(%x: tensor<?x64xbf16>, %g: tensor<96x64xbf16, #hadal.fragments<segment = 64>>, %u: tensor<96x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x96xbf16> {
      %y = hadal.gated_linear %x, %g, %u : (tensor<?x64xbf16>, tensor<96x64xbf16, #hadal.fragments<segment = 64>>, tensor<96x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x96xbf16>
      return %y : tensor<?x96xbf16>
    }
  }

  // CHECK-LABEL: hadal.executable @residual interface <bindings = [0, 1, 2, 3], access = [read, read, read, write]
  // CHECK:           func.func @residual(%{{.*}}, %{{.*}}, %[[R:.*]]: !tile.global<?x96xf32, rows> {{.*}}, %[[Y:.*]]: !tile.global<?x96xf32, rows>
  // CHECK:             tile.write %{{.*}} with %[[R]] {{.*}} to %[[Y]]
  hadal.executable @residual {
    func.func @body(%x: tensor<?x64xbf16>, %w: tensor<96x64xbf16, #hadal.fragments<segment = 64>>, %r: tensor<?x96xf32>) -> tensor<?x96xf32> {
      %y = hadal.linear %x, %w : (tensor<?x64xbf16>, tensor<96x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x96xf32>
      %z = arith.addf %r, %y : tensor<?x96xf32>
      return %z : tensor<?x96xf32>
    }
  }
}

// -----

// Experts: a workgroup looks for its tile among those of all experts, of which there are at most
// (pairs + min(pairs, experts) * (rows - 1)) / rows.
hadal.program @cuda target <"cuda"> {
  // CHECK-LABEL: hadal.executable @gate_up interface <bindings = [0, 1, 2, 3, 4, 5], access = [read, read, read, read, read, write], constants = [#hadal.extent<2, 0>]>
  // CHECK:           ^bb0(%[[PAIRS:.*]]: !plan.int):
  // CHECK:             %[[GROUPS:.*]] = plan.expr min %[[PAIRS]], %{{.*}}
  // CHECK:             %[[WASTED:.*]] = plan.expr mul %[[GROUPS]], %{{.*}}
  // CHECK:             %[[ALL:.*]] = plan.expr add %[[PAIRS]], %[[WASTED]]
  // CHECK:             plan.expr floor_div %[[ALL]], %{{.*}}
  // CHECK:           func.func @gate_up(%[[X:.*]]: !tile.global<?x64xbf16, rows> {{.*}}, %[[OFFSETS:.*]]: memref<17xi32> {{.*}}, %[[INDEX:.*]]: memref<?xi32> {{.*}}, %[[G:.*]]: !tile.global<16x96x64xbf16, packed> {{.*}}, %[[U:.*]]: !tile.global<16x96x64xbf16, packed>
  // CHECK:             %[[E:.*]], %[[ROW:.*]], %[[LEFT:.*]] = tile.locate %{{.*}} in %[[OFFSETS]] height 8
  // CHECK:             %[[GATE:.*]] = tile.matrix %[[G]][%[[E]]]
  // CHECK:             %[[UP:.*]] = tile.matrix %[[U]][%[[E]]]
  // CHECK:             tile.copy %[[X]][%[[ROW]], %{{.*}}] rows %[[LEFT]] by %[[INDEX]] div 4
  // CHECK:             tile.fetch %[[GATE]]
  // CHECK:             tile.fetch %[[UP]]
  // CHECK:             tile.write
  // CHECK:             tile.copy %[[X]][{{.*}} by %[[INDEX]] div 4
  hadal.executable @gate_up {
    func.func @body(%x: tensor<?x64xbf16>, %o: tensor<17xi32>, %r: tensor<?xi32>, %g: tensor<16x96x64xbf16, #hadal.fragments<segment = 64>>, %u: tensor<16x96x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x96xbf16> {
      %y = hadal.moe_gate_up %x, %o, %r, %g, %u {top_k = 4 : i64} : (tensor<?x64xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x96x64xbf16, #hadal.fragments<segment = 64>>, tensor<16x96x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x96xbf16>
      return %y : tensor<?x96xbf16>
    }
  }

  // CHECK-LABEL: hadal.executable @down interface <bindings = [0, 1, 2, 3, 4], access = [read, read, read, read, write], constants = [#hadal.extent<2, 0>]>
  // CHECK:           func.func @down(%[[H:.*]]: !tile.global<?x96xbf16, rows> {{.*}}, %{{.*}}: memref<17xi32> {{.*}}, %[[INDEX:.*]]: memref<?xi32> {{.*}}, %{{.*}}: !tile.global<16x64x96xbf16, packed> {{.*}}, %[[Y:.*]]: !tile.global<?x64xf32, rows>
  // CHECK:             tile.copy %[[H]][%{{.*}}, %{{.*}}] rows %{{.*}} :
  // CHECK:             tile.write %{{.*}} to %[[Y]][%{{.*}}, %{{.*}}] rows %{{.*}} by %[[INDEX]] : memref<?xi32>
  hadal.executable @down {
    func.func @body(%h: tensor<?x96xbf16>, %o: tensor<17xi32>, %r: tensor<?xi32>, %d: tensor<16x64x96xbf16, #hadal.fragments<segment = 128>>) -> tensor<?x64xf32> {
      %y = hadal.moe_down %h, %o, %r, %d : (tensor<?x96xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x64x96xbf16, #hadal.fragments<segment = 128>>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
}

// -----

// Weights of eight bits stay what they are; sums of blocks are added with their scales. The registers of these are
// those of a larger tile.
hadal.program @cuda target <"cuda"> {
  // CHECK-LABEL: hadal.executable @narrow interface <bindings = [0, 1, 2, 3], access = [read, read, read, write]
  // CHECK:           func.func @narrow(%{{.*}}, %[[W:.*]]: !tile.global<96x192xf8E4M3FN, packed> {{.*}}, %[[S:.*]]: !tile.global<1x2xf32, rows>
  // CHECK:             tile.fetch %[[W]]
  // CHECK:             tile.widen
  // CHECK:             tile.add_scaled %{{.*}} by %[[S]][%{{.*}}, %{{.*}}] block [128, 128]
  // CHECK:             tile.alloc : <4x128x64xf8E4M3FN, packed>
  // CHECK:             tile.add_scaled %{{.*}} by %[[S]][%{{.*}}, %{{.*}}] block [128, 128] : <128x64xf32, accumulator, [2, 2, 1]>
  // CHECK-NOT:         128x128xf32
  hadal.executable @narrow {
    func.func @body(%x: tensor<?x192xbf16>, %w: tensor<96x192xf8E4M3FN, #hadal.fragments<segment = 256>>, %s: tensor<1x2xf32>) -> tensor<?x96xf32> {
      %y = hadal.linear %x, %w scale %s {block = array<i64: 128, 128>} : (tensor<?x192xbf16>, tensor<96x192xf8E4M3FN, #hadal.fragments<segment = 256>>, tensor<1x2xf32>) -> tensor<?x96xf32>
      return %y : tensor<?x96xf32>
    }
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  hadal.executable @unpacked {
    func.func @body(%x: tensor<?x64xbf16>, %w: tensor<96x64xbf16>) -> tensor<?x96xf32> {
      // expected-error @below {{expected a weight in fragments, got 'tensor<96x64xbf16>' (run hadal-pack-parameters)}}
      %y = hadal.linear %x, %w : (tensor<?x64xbf16>, tensor<96x64xbf16>) -> tensor<?x96xf32>
      return %y : tensor<?x96xf32>
    }
  }
}

// -----

// Two linear layers of the same rows are side by side: the first workgroups are the first one's.
hadal.program @cuda target <"cuda"> {
  // CHECK-LABEL: hadal.executable @beside interface <bindings = [0, 1, 3, 0, 2, 4], access = [read, read, write, read, read, write], constants = [#hadal.extent<0, 0>]>
  // CHECK:           %[[X:.*]] = plan.expr add
  // CHECK:           plan.grid %[[X]], %{{.*}}, %{{.*}} dynamic_shared
  // CHECK:           func.func @beside(%{{.*}}, %[[V:.*]]: !tile.global<96x64xbf16, packed> {{.*}}, %{{.*}}, %{{.*}}, %[[W:.*]]: !tile.global<48x64xbf16, packed>
  // CHECK:             %[[GROUP:.*]] = gpu.block_id x
  // CHECK:             %[[IS:.*]] = arith.cmpi slt, %[[GROUP]]
  // CHECK:             scf.if %[[IS]]
  // CHECK:               tile.fetch %[[V]]
  // CHECK:             } else {
  // CHECK:               arith.subi %[[GROUP]]
  // CHECK:               tile.fetch %[[W]]
  hadal.executable @beside {
    func.func @body(%x: tensor<?x64xbf16>, %v: tensor<96x64xbf16, #hadal.fragments<segment = 64>>, %w: tensor<48x64xbf16, #hadal.fragments<segment = 64>>) -> (tensor<?x96xf32>, tensor<?x48xf32>) {
      %y = hadal.linear %x, %v : (tensor<?x64xbf16>, tensor<96x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x96xf32>
      %z = hadal.linear %x, %w : (tensor<?x64xbf16>, tensor<48x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x48xf32>
      return %y, %z : tensor<?x96xf32>, tensor<?x48xf32>
    }
  }
}

// -----

// A layer of many outputs has workgroups of twice as many threads, and its result lies over the stages. Beside
// another it has as many as that.
hadal.program @cuda target <"cuda", levels = ["sm_80"]> {
  // CHECK-LABEL: hadal.executable @wide
  // CHECK:           plan.interface workgroup_size [256, 1, 1]
  // CHECK:           func.func @wide(
  // CHECK:             %[[W:.*]] = tile.alloc : <3x256x64xbf16, packed>
  // CHECK:             %[[X:.*]] = tile.alloc : <3x128x64xbf16, swizzled>
  // CHECK:             tile.alloc over %[[W]], %[[X]] : <1x128x256xf32, rows, pad = 4>
  // CHECK:             tile.mma {{.*}} <256x128xf32, accumulator, [4, 2, 1]>
  hadal.executable @wide {
    func.func @body(%x: tensor<?x64xbf16>, %v: tensor<24576x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x24576xf32> {
      %y = hadal.linear %x, %v : (tensor<?x64xbf16>, tensor<24576x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x24576xf32>
      return %y : tensor<?x24576xf32>
    }
  }
  // CHECK-LABEL: hadal.executable @narrow_beside
  // CHECK:           plan.interface workgroup_size [128, 1, 1]
  // CHECK:           func.func @narrow_beside({{.*}}nvvm.reqntid = array<i32: 128, 1, 1>
  // CHECK-NOT:         [4, 2, 1]
  hadal.executable @narrow_beside {
    func.func @body(%x: tensor<?x64xbf16>, %v: tensor<24576x64xbf16, #hadal.fragments<segment = 64>>, %w: tensor<48x64xbf16, #hadal.fragments<segment = 64>>) -> (tensor<?x24576xf32>, tensor<?x48xf32>) {
      %y = hadal.linear %x, %v : (tensor<?x64xbf16>, tensor<24576x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x24576xf32>
      %z = hadal.linear %x, %w : (tensor<?x64xbf16>, tensor<48x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x48xf32>
      return %y, %z : tensor<?x24576xf32>, tensor<?x48xf32>
    }
  }
}

// -----

// Queries are rotated where they are written, also where latents stand beside them.
hadal.program @cuda target <"cuda"> {
  // CHECK-LABEL: hadal.executable @queries interface <bindings = [0, 1, 2, 3, 4, 7, 0, 5, 6], access = [read, read, read, read, read, write, read, read, write], constants = [#hadal.extent<0, 0>]>
  // CHECK:           func.func @queries(%{{.*}}, %[[V:.*]]: !tile.global<96x64xbf16, packed> {{.*}}, %[[P:.*]]: memref<?xi32> {{.*}}, %[[C:.*]]: !tile.global<9x8xf32, rows> {{.*}}, %[[S:.*]]: !tile.global<9x8xf32, rows> {{.*}}, %[[Q:.*]]: !tile.global<?x96xbf16, rows> {{.*}}, %{{.*}}, %[[W:.*]]: !tile.global<48x64xbf16, packed>
  // CHECK:             tile.fetch %[[V]]
  // CHECK:             tile.write %{{.*}} to %[[Q]][%{{.*}}, %{{.*}}] rows %{{.*}} rotated by %[[C]], %[[S]] at %[[P]] heads 48
  // CHECK:             } {interleaved}
  // CHECK:             tile.fetch %[[W]]
  // CHECK-NOT:         rotated
  hadal.executable @queries {
    func.func @body(%x: tensor<?x64xbf16>, %v: tensor<96x64xbf16, #hadal.fragments<segment = 64>>, %p: tensor<?xi32>, %c: tensor<9x8xf32>, %s: tensor<9x8xf32>, %w: tensor<48x64xbf16, #hadal.fragments<segment = 64>>) -> (tensor<?x48xf32>, tensor<?x96xbf16>) {
      %y = hadal.linear %x, %v : (tensor<?x64xbf16>, tensor<96x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x96xf32>
      %q = hadal.rope %y, %p, %c, %s {heads = 2 : i64, interleaved} : (tensor<?x96xf32>, tensor<?xi32>, tensor<9x8xf32>, tensor<9x8xf32>) -> tensor<?x96xbf16>
      %z = hadal.linear %x, %w : (tensor<?x64xbf16>, tensor<48x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x48xf32>
      return %z, %q : tensor<?x48xf32>, tensor<?x96xbf16>
    }
  }
}

// -----

// A product in f32 norms its rows, and writes them for others.
hadal.program @cuda target <"cuda"> {
  // CHECK-LABEL: hadal.executable @router interface <bindings = [0, 1, 2, 3, 4], access = [read, read, read, write, write], constants = [#hadal.extent<0, 0>]>
  // CHECK:           plan.grid %{{.*}}, %{{.*}}, %{{.*}} dynamic_shared
  // CHECK:           func.func @router
  hadal.executable @router {
    func.func @body(%x: tensor<?x96xf32>, %g: tensor<96xbf16>, %w: tensor<24x96xbf16, #hadal.fragments<segment = 128>>) -> (tensor<?x96xbf16>, tensor<?x24xf32>) {
      %n = hadal.rms_norm %x, %g {eps = 9.99999997E-7 : f32} : (tensor<?x96xf32>, tensor<96xbf16>) -> tensor<?x96xf32>
      %h = arith.truncf %n : tensor<?x96xf32> to tensor<?x96xbf16>
      %y = hadal.linear %n, %w : (tensor<?x96xf32>, tensor<24x96xbf16, #hadal.fragments<segment = 128>>) -> tensor<?x24xf32>
      return %h, %y : tensor<?x96xbf16>, tensor<?x24xf32>
    }
  }
}

// -----

// What is appended to the cache and the queries that are rotated beside it are parts of one kernel.
hadal.program @cuda target <"cuda"> {
  // CHECK-LABEL: hadal.executable @tokens interface <bindings = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11], access = [read, read, read, read, read, read, read, read, read, read_write, write], constants = [#hadal.extent<1, 0>, #hadal.extent<7, 0>, #hadal.extent<8, 1>]>
  // CHECK:           %[[COLUMNS:.*]] = plan.constant 2
  // CHECK:           plan.grid %{{.*}}, %[[COLUMNS]], %{{.*}}
  // CHECK:           func.func @tokens
  // CHECK:             math.ctpop
  // CHECK:             math.sqrt
  hadal.executable @tokens {
    func.func @body(%q: tensor<?x144xf32>, %pos: tensor<?xi32>, %cos: tensor<128x8xf32>, %sin: tensor<128x8xf32>, %kv: tensor<?x80xf32>, %w: tensor<64xf32>, %offs: tensor<?xi32>, %slots: tensor<?xi32>, %table: tensor<?x?xi32>, %c0: tensor<?x64x80xbf16>) -> (tensor<?x64x80xbf16>, tensor<?x144xbf16>) {
      %y = hadal.rope %q, %pos, %cos, %sin {heads = 3 : i64, interleaved} : (tensor<?x144xf32>, tensor<?xi32>, tensor<128x8xf32>, tensor<128x8xf32>) -> tensor<?x144xbf16>
      %c1 = hadal.mla_append %kv, %w, %cos, %sin, %pos, %offs, %slots, %table outs(%c0) {eps = 1.0e-6 : f32, interleaved}
        : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xbf16>) -> tensor<?x64x80xbf16>
      return %c1, %y : tensor<?x64x80xbf16>, tensor<?x144xbf16>
    }
  }
}

// -----

// Routing of few tokens sorts too, and what nothing reads it keeps to itself.
hadal.program @cuda target <"cuda"> {
  // CHECK-LABEL: hadal.executable @route interface <bindings = [0, 1, 4, 2, 3], access = [read, read, write, write, write], constants = [#hadal.extent<0, 0>]>
  // CHECK:           plan.interface workgroup_size [256, 1, 1]
  // CHECK:             plan.kernel_parameter binding[4]
  // CHECK-NEXT:        plan.kernel_parameter workspace
  // CHECK-NEXT:        plan.kernel_parameter constants
  // CHECK:             %[[ONE:.*]] = plan.constant 1
  // CHECK:             plan.grid %[[ONE]], %[[ONE]], %[[ONE]] dynamic_shared %{{.*}} workspace
  // CHECK:           nvvm.redux.sync max
  // CHECK:           nvvm.match.sync any
  hadal.executable @route {
    func.func @body(%l: tensor<?x64xf32>, %b: tensor<64xf32>) -> (tensor<65xi32>, tensor<?xi32>, tensor<?x6xf32>) {
      %w, %ids = hadal.moe_route %l bias %b {scoring = #hadal.scoring<softmax>, top_k = 6 : i64, scale = 1.0 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> (tensor<?x6xf32>, tensor<?x6xi32>)
      %o, %r = hadal.moe_group %ids {experts = 64 : i64} : (tensor<?x6xi32>) -> (tensor<65xi32>, tensor<?xi32>)
      return %o, %r, %w : tensor<65xi32>, tensor<?xi32>, tensor<?x6xf32>
    }
  }

  // What experts have made is summed, added to and normalised in one kernel; others read the sum.
  // CHECK-LABEL: hadal.executable @norm interface <bindings = [0, 1, 2, 3, 5, 4], access = [read, read, read, read, write, write]
  // CHECK:           plan.interface workgroup_size [32, 1, 1]
  // CHECK:           func.func @norm
  // CHECK:             math.sqrt
  // CHECK-NOT:         math.sqrt
  hadal.executable @norm {
    func.func @body(%y: tensor<?x64xf32>, %w: tensor<?x6xf32>, %r: tensor<?x64xf32>, %n: tensor<64xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xf32>) {
      %c = hadal.moe_combine %y, %w : (tensor<?x64xf32>, tensor<?x6xf32>) -> tensor<?x64xf32>
      %s = arith.addf %r, %c : tensor<?x64xf32>
      %z = hadal.rms_norm %s, %n {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xbf16>) -> tensor<?x64xf32>
      %t = arith.truncf %z : tensor<?x64xf32> to tensor<?x64xbf16>
      return %t, %s : tensor<?x64xbf16>, tensor<?x64xf32>
    }
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  hadal.executable @none {
    func.func @body(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
      // expected-error @below {{has no kernel for GPUs}}
      %y = arith.mulf %x, %x : tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
  }
}

// -----

// expected-error @below {{expected a level sm_90, sm_89, sm_86, sm_80, got "sm_70"}}
hadal.program @cuda target <"cuda", levels = ["sm_70"]> {
}
