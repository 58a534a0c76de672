// Expressions of constants fold to what the runtime would compute; what it would refuse stays.
// RUN: hadal-opt %s --canonicalize | FileCheck %s

plan.program @cpu abi 1 {
  plan.host_dim @tokens is tokens
  plan.executable @k family "f" access [] constants 13 {
  }
  // CHECK-LABEL: plan.entry @constants
  plan.entry @constants {
    %m7 = plan.constant -7
    %0 = plan.constant 0
    %2 = plan.constant 2
    %3 = plan.constant 3
    %add = plan.expr add %2, %3
    %sub = plan.expr sub %2, %3
    %mul = plan.expr mul %m7, %3
    %floor = plan.expr floor_div %m7, %2
    %ceil = plan.expr ceil_div %m7, %2
    %min = plan.expr min %m7, %2
    %max = plan.expr max %m7, %3
    %lt = plan.expr lt %2, %3
    %le = plan.expr le %3, %2
    %eq = plan.expr eq %3, %3
    %and = plan.expr and %3, %0
    %or = plan.expr or %0, %2
    %select = plan.select %0, %2, %m7
    // CHECK-DAG: %[[C5:.*]] = plan.constant 5
    // CHECK-DAG: %[[CM1:.*]] = plan.constant -1
    // CHECK-DAG: %[[CM21:.*]] = plan.constant -21
    // CHECK-DAG: %[[CM4:.*]] = plan.constant -4
    // CHECK-DAG: %[[CM3:.*]] = plan.constant -3
    // CHECK-DAG: %[[CM7:.*]] = plan.constant -7
    // CHECK-DAG: %[[C3:.*]] = plan.constant 3
    // CHECK-DAG: %[[C1:.*]] = plan.constant 1
    // CHECK-DAG: %[[C0:.*]] = plan.constant 0
    // CHECK: plan.launch @k bindings() constants(%[[C5]], %[[CM1]], %[[CM21]], %[[CM4]], %[[CM3]], %[[CM7]], %[[C3]], %[[C1]], %[[C0]], %[[C1]], %[[C0]], %[[C1]], %[[CM7]])
    plan.launch @k bindings() constants(%add, %sub, %mul, %floor, %ceil, %min, %max, %lt, %le, %eq, %and, %or, %select) label "k" flops %0 bytes %0
  }

  // Neutral operands go; overflows and divisors that are not positive are left to the runtime's error.
  // CHECK-LABEL: plan.entry @kept
  plan.entry @kept {
    %0 = plan.constant 0
    %1 = plan.constant 1
    %most = plan.constant 9223372036854775807
    // CHECK: %[[N:.*]] = plan.dim @tokens
    %n = plan.dim @tokens
    %a = plan.expr add %0, %n
    %b = plan.expr sub %n, %0
    %c = plan.expr mul %n, %1
    %d = plan.expr ceil_div %n, %1
    %e = plan.expr floor_div %n, %1
    %f = plan.expr min %n, %n
    %g = plan.select %n, %n, %n
    // CHECK: %[[OVER:.*]] = plan.expr add
    %over = plan.expr add %most, %1
    // CHECK: %[[ZERO:.*]] = plan.expr floor_div
    %zero = plan.expr floor_div %1, %0
    // CHECK: %[[CEIL:.*]] = plan.expr ceil_div
    %ceil = plan.expr ceil_div %n, %0
    // CHECK: %[[MUL:.*]] = plan.expr mul
    %mul = plan.expr mul %n, %0
    // CHECK: %[[LT:.*]] = plan.expr lt
    %lt = plan.expr lt %0, %n
    // CHECK: %[[SELECT:.*]] = plan.select
    %select = plan.select %n, %0, %1
    // CHECK: plan.launch @k bindings() constants(%[[N]], %[[N]], %[[N]], %[[N]], %[[N]], %[[N]], %[[N]], %[[OVER]], %[[ZERO]], %[[CEIL]], %[[MUL]], %[[LT]], %[[SELECT]])
    plan.launch @k bindings() constants(%a, %b, %c, %d, %e, %f, %g, %over, %zero, %ceil, %mul, %lt, %select) label "k" flops %n bytes %n
  }
}
