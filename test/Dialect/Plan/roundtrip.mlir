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
  // CHECK: plan.executable @norm family "rms_norm" access [0, 0, 1] constants 1 scratch 256 images [@cpu.v3]
  plan.executable @norm family "rms_norm" access [0, 0, 1] constants 1 scratch 256 images [@cpu.v3]
  // CHECK: plan.entry @prefill
  plan.entry @prefill {
    // CHECK: %[[C:.*]] = plan.constant 64
    %c = plan.constant 64
    // CHECK: %[[N:.*]] = plan.dim tokens
    %n = plan.dim tokens
    // CHECK: %[[M:.*]] = plan.expr mul %[[N]], %[[C]]
    %m = plan.expr mul %n, %c
    // CHECK: plan.select %[[N]], %[[M]], %[[C]]
    %s = plan.select %n, %m, %c
    // CHECK: plan.argument 0 "tokens" : tensor<?x64xf32> sizes(%[[N]])
    %x = plan.argument 0 "tokens" : tensor<?x64xf32> sizes(%n)
    // CHECK: plan.result 0 "logits" : tensor<4x64xf32> sizes()
    %y = plan.result 0 "logits" : tensor<4x64xf32> sizes()
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
      // CHECK: plan.launch @norm grid(%[[N]], %[[C]], %[[C]]) bindings(%{{.*}}, %{{.*}}, %{{.*}}) constants(%[[N]]) label "norm" flops %[[M]] bytes %[[C]]
      plan.launch @norm grid(%n, %c, %c) bindings(%x, %w, %t) constants(%n) label "norm" flops %m bytes %c
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

// Every dimension and every operation has a name.
// CHECK-LABEL: plan.program @names
plan.program @names abi 1 {
  plan.entry @all {
    // CHECK: plan.dim sequences
    %0 = plan.dim sequences
    // CHECK: plan.dim logit_rows
    %1 = plan.dim logit_rows
    // CHECK: plan.dim slots
    %2 = plan.dim slots
    // CHECK: plan.dim capacity
    %3 = plan.dim capacity
    // CHECK: plan.dim pages_per_slot
    %4 = plan.dim pages_per_slot
    // CHECK: plan.dim max_sequence_tokens
    %5 = plan.dim max_sequence_tokens
    // CHECK: plan.dim min_sequence_tokens
    %6 = plan.dim min_sequence_tokens
    // CHECK: plan.dim max_context
    %7 = plan.dim max_context
    // CHECK: plan.expr add
    %8 = plan.expr add %0, %1
    // CHECK: plan.expr sub
    %9 = plan.expr sub %0, %1
    // CHECK: plan.expr floor_div
    %10 = plan.expr floor_div %0, %1
    // CHECK: plan.expr ceil_div
    %11 = plan.expr ceil_div %0, %1
    // CHECK: plan.expr min
    %12 = plan.expr min %0, %1
    // CHECK: plan.expr max
    %13 = plan.expr max %0, %1
    // CHECK: plan.expr lt
    %14 = plan.expr lt %0, %1
    // CHECK: plan.expr le
    %15 = plan.expr le %0, %1
    // CHECK: plan.expr eq
    %16 = plan.expr eq %0, %1
    // CHECK: plan.expr and
    %17 = plan.expr and %0, %1
    // CHECK: plan.expr or
    %18 = plan.expr or %0, %1
  }
}

// CHECK-LABEL: plan.count {
// CHECK-NEXT:  ^bb0(%[[ROWS:.*]]: !plan.int):
plan.count {
^bb0(%rows: !plan.int):
  // CHECK: plan.yield %[[ROWS]], %[[ROWS]], %{{.*}}
  %one = plan.constant 1
  plan.yield %rows, %rows, %one
}
