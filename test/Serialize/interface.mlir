// Everything that the interface of a variant may say reaches the artifact, whoever uses it.
// REQUIRES: hadal-objdump
// RUN: rm -rf %t && mkdir %t && hadal-compile %s -o %t/m.hadal --shapes-only
// RUN: hadal-objdump %t/m.hadal --json | FileCheck %s
// RUN: sed 's/ of bf16 extents/ of i4 extents/' %s > %t/i4.mlir
// RUN: not hadal-compile %t/i4.mlir -o %t/i4.hadal --shapes-only 2>&1 | FileCheck %s --check-prefix=ELEMENT
// ELEMENT: error: {{.*}}'plan.kernel_parameter' op expected elements of f64, {{.*}}, got 'i4'

// CHECK:      "interface": {
// CHECK-NEXT:   "values": {}
// CHECK-NEXT:   "grid": "[ceil_div(c0, 64), 1, 1]"
// CHECK-NEXT:   "scratch_bytes": 64
// CHECK-NEXT:   "workgroup_size": [128, 2, 1]
// CHECK-NEXT:   "static_shared_bytes": 1024
// CHECK-NEXT:   "dynamic_shared": "c1 * 64"
// CHECK-NEXT:   "workspace": "c0 * 64"
// CHECK-NEXT:   "cluster": [2, 1, 1]
// CHECK-NEXT:   "cooperative": true
// CHECK-NEXT:   "parameters": [
// CHECK:          "kind": "binding"
// CHECK-NEXT:     "index": 0
// CHECK:          "kind": "constant_i32"
// CHECK-NEXT:     "index": 0
// CHECK:          "kind": "constant_i64"
// CHECK-NEXT:     "index": 1
// CHECK:          "kind": "tensor_map"
// CHECK-NEXT:     "index": 1
// CHECK-NEXT:     "map": {
// CHECK-NEXT:       "type": "bf16"
// CHECK-NEXT:       "extents": "[c1, c0]"
// CHECK-NEXT:       "strides": "[c1 * 64]"
// CHECK-NEXT:       "box": [64, 32]
// CHECK-NEXT:       "swizzle": 128
// CHECK:          "kind": "workspace"
module attributes {hadal.model = #hadal.model<family = "none", layers = 1, hidden_size = 512, vocab_size = 97, heads = 1, max_positions = 4096, max_position_embeddings = 4096, kv_lora_rank = 512, qk_nope_head_dim = 64, qk_rope_head_dim = 64, v_head_dim = 64>} {
plan.program @cpu abi 1 {
  plan.host_dim @n is tokens
  plan.image @old level "x86-64-v3" {
    builtin.module {
      llvm.func @k(%dispatch: !llvm.ptr, %workgroup: !llvm.ptr) -> i32 {
        %done = llvm.mlir.constant(0 : i32) : i32
        llvm.return %done : i32
      }
    }
  }
  plan.executable @k family "k" access [read, write] constants 2 {
    plan.variant @old {
      plan.interface scratch 64 workgroup_size [128, 2, 1] static_shared 1024 cluster [2, 1, 1] cooperative {
      ^bb0(%rows: !plan.int, %k: !plan.int):
        %one = plan.constant 1
        %64 = plan.constant 64
        %tiles = plan.expr ceil_div %rows, %64
        %shared = plan.expr mul %k, %64
        %space = plan.expr mul %rows, %64
        plan.kernel_parameter binding[0]
        plan.kernel_parameter constant_i32[0]
        plan.kernel_parameter constant_i64[1]
        plan.kernel_parameter tensor_map[1] of bf16 extents(%k, %rows) strides(%shared) box [64, 32] swizzle 128
        plan.kernel_parameter workspace
        plan.grid %tiles, %one, %one dynamic_shared %shared workspace %space
      }
    }
  }
  plan.entry @f {
    %n = plan.dim @n
    %x = plan.argument 0 "x" : tensor<?x64xbf16> sizes(%n)
    %y = plan.result 0 "y" : tensor<?x64xbf16> sizes(%n)
    %zero = plan.constant 0
    plan.arena %zero
    plan.launch @k bindings(%x, %y) constants(%n, %n) label "k" flops %zero bytes %zero
  }
}
}
