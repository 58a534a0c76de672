// Every op of the plan dialect parses, prints and parses again to the same.
// RUN: hadal-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: plan.program @cpu abi 1
plan.program @cpu abi 1 {
  // CHECK: plan.image @cpu.v3 level "x86-64-v3"
  plan.image @cpu.v3 level "x86-64-v3" {
    func.func @norm() {
      return
    }
  }
  // CHECK: plan.host_dim @tokens is tokens{{$}}
  plan.host_dim @tokens is tokens
  // CHECK: plan.block_table @pages page_size 64{{$}}
  plan.block_table @pages page_size 64
  // CHECK: plan.block_table @fours page_size 16 tokens_per_row 4
  plan.block_table @fours page_size 16 tokens_per_row 4
  // CHECK: plan.executable @norm family "rms_norm" access [read, read, write] constants 1 {
  // CHECK-NEXT: plan.variant @cpu.v3 {
  // CHECK-NEXT:   plan.interface scratch 256 {
  // CHECK-NEXT:   ^bb0(%[[ROWS:.*]]: !plan.int):
  // CHECK-NEXT:     plan.grid %[[ROWS]], %[[ROWS]], %[[ROWS]]{{$}}
  plan.executable @norm family "rms_norm" access [read, read, write] constants 1 {
    plan.variant @cpu.v3 {
      plan.interface scratch 256 {
      ^bb0(%rows: !plan.int):
        plan.grid %rows, %rows, %rows
      }
    }
  }
  // CHECK: plan.entry @forward role step
  plan.entry @forward role step {
    // CHECK: %[[C:.*]] = plan.constant 64
    %c = plan.constant 64
    // CHECK: %[[N:.*]] = plan.dim @tokens
    %n = plan.dim @tokens
    // CHECK: plan.extent 1, 0
    %e = plan.extent 1, 0
    // CHECK: %[[M:.*]] = plan.expr mul %[[N]], %[[C]]
    %m = plan.expr mul %n, %c
    // CHECK: plan.select %[[N]], %[[M]], %[[C]]
    %s = plan.select %n, %m, %c
    // CHECK: plan.argument 0 "x" : tensor<?x64xf32> sizes(%[[N]])
    %x = plan.argument 0 "x" : tensor<?x64xf32> sizes(%n)
    // CHECK: plan.argument 1 "table" role block_table of @pages : tensor<?x?xi32> sizes(%{{.*}}, %[[N]])
    %table = plan.argument 1 "table" role block_table of @pages : tensor<?x?xi32> sizes(%e, %n)
    // CHECK: plan.result 0 "logits" role logits : tensor<4x64xf32> sizes()
    %y = plan.result 0 "logits" role logits : tensor<4x64xf32> sizes()
    // CHECK: plan.parameter @norm
    %w = plan.parameter @norm
    // CHECK: plan.state @cache.0
    %k = plan.state @cache.0
    // CHECK: plan.buffer "layers.0.attn.q" offset %[[C]] size %[[M]]
    %t = plan.buffer "layers.0.attn.q" offset %c size %m
    // CHECK: plan.arena %[[M]]
    plan.arena %m
    // CHECK: plan.branch %[[N]]
    plan.branch %n {
      // CHECK: plan.launch @norm bindings(%{{.*}}, %{{.*}}, %{{.*}}) constants(%[[N]]) label "norm" flops %[[M]] bytes %[[C]]
      plan.launch @norm bindings(%x, %w, %t) constants(%n) label "norm" flops %m bytes %c
    } else {
      // CHECK: } else {
      // CHECK: plan.tap "hidden.0", %{{.*}} : tensor<?x64xf32> sizes(%[[N]])
      plan.tap "hidden.0", %t : tensor<?x64xf32> sizes(%n)
    }
    // CHECK: plan.branch %[[C]] {
    // CHECK-NOT: else
    plan.branch %c {
      plan.tap "hidden.1", %t : tensor<?x64xf32> sizes(%n)
    }
  }
}

// Every kind of dim and every operation has a name.
// CHECK-LABEL: plan.program @names
plan.program @names abi 1 {
  plan.block_table @pages page_size 64
  // CHECK: plan.host_dim @d0 is tokens{{$}}
  plan.host_dim @d0 is tokens
  // CHECK: plan.host_dim @d1 is sequences{{$}}
  plan.host_dim @d1 is sequences
  // CHECK: plan.host_dim @d2 is logit_rows{{$}}
  plan.host_dim @d2 is logit_rows
  // CHECK: plan.host_dim @d3 is slots{{$}}
  plan.host_dim @d3 is slots
  // CHECK: plan.host_dim @d4 is capacity{{$}}
  plan.host_dim @d4 is capacity
  // CHECK: plan.host_dim @d5 is max_sequence_tokens{{$}}
  plan.host_dim @d5 is max_sequence_tokens
  // CHECK: plan.host_dim @d6 is min_sequence_tokens{{$}}
  plan.host_dim @d6 is min_sequence_tokens
  // CHECK: plan.host_dim @d7 is max_context{{$}}
  plan.host_dim @d7 is max_context
  // CHECK: plan.host_dim @d8 is step_tokens{{$}}
  plan.host_dim @d8 is step_tokens
  // CHECK: plan.host_dim @d9 is rank{{$}}
  plan.host_dim @d9 is rank
  // CHECK: plan.host_dim @d10 is world_size{{$}}
  plan.host_dim @d10 is world_size
  // CHECK: plan.host_dim @d11 is pages_per_slot of @pages
  plan.host_dim @d11 is pages_per_slot of @pages
  // CHECK: plan.host_dim @d12 is session_value default 2 from 1 to 8
  plan.host_dim @d12 is session_value default 2 from 1 to 8
  // CHECK: plan.host_dim @d13 is call_value{{$}}
  plan.host_dim @d13 is call_value
  plan.entry @all {
    %0 = plan.dim @d0
    %1 = plan.dim @d1
    // CHECK: plan.expr add
    %2 = plan.expr add %0, %1
    // CHECK: plan.expr sub
    %3 = plan.expr sub %0, %1
    // CHECK: plan.expr floor_div
    %4 = plan.expr floor_div %0, %1
    // CHECK: plan.expr ceil_div
    %5 = plan.expr ceil_div %0, %1
    // CHECK: plan.expr min
    %6 = plan.expr min %0, %1
    // CHECK: plan.expr max
    %7 = plan.expr max %0, %1
    // CHECK: plan.expr lt
    %8 = plan.expr lt %0, %1
    // CHECK: plan.expr le
    %9 = plan.expr le %0, %1
    // CHECK: plan.expr eq
    %10 = plan.expr eq %0, %1
    // CHECK: plan.expr and
    %11 = plan.expr and %0, %1
    // CHECK: plan.expr or
    %12 = plan.expr or %0, %1
  }
}

// Everything that an interface may say.
// CHECK-LABEL: plan.interface scratch 64 workgroup_size [128, 2, 1] static_shared 1024 cluster [2, 1, 1] cooperative {
// CHECK-NEXT:  ^bb0(%[[ROWS:.*]]: !plan.int, %[[K:.*]]: !plan.int):
plan.interface scratch 64 workgroup_size [128, 2, 1] static_shared 1024 cluster [2, 1, 1] cooperative {
^bb0(%rows: !plan.int, %k: !plan.int):
  // CHECK: %[[ONE:.*]] = plan.constant 1
  %one = plan.constant 1
  // CHECK: %[[MORE:.*]] = plan.select %[[K]], %[[ROWS]], %[[ONE]]
  %more = plan.select %k, %rows, %one
  // CHECK: plan.kernel_parameter binding[0]
  plan.kernel_parameter binding[0]
  // CHECK: plan.kernel_parameter constant_i32[0]
  plan.kernel_parameter constant_i32[0]
  // CHECK: plan.kernel_parameter constant_i64[1]
  plan.kernel_parameter constant_i64[1]
  // CHECK: plan.kernel_parameter tensor_map[2] of bf16 extents(%[[K]], %[[ROWS]]) strides(%[[K]]) box [64, 32] swizzle 128
  plan.kernel_parameter tensor_map[2] of bf16 extents(%k, %rows) strides(%k) box [64, 32] swizzle 128
  // CHECK: plan.kernel_parameter workspace
  plan.kernel_parameter workspace
  // CHECK: plan.kernel_parameter constants
  plan.kernel_parameter constants
  // CHECK: plan.grid %[[ROWS]], %[[MORE]], %[[ONE]] dynamic_shared %[[K]] workspace %[[ROWS]]
  plan.grid %rows, %more, %one dynamic_shared %k workspace %rows
}
