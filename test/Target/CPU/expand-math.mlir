// Mathematical functions become arithmetic; bf16 conversions too, where asked.
// RUN: hadal-opt %s --hadal-cpu-expand-math | FileCheck %s
// RUN: hadal-opt %s --hadal-cpu-expand-math=expand-bf16=false | FileCheck %s --check-prefix=NATIVE

// CHECK-LABEL: func.func @exp
// CHECK-NOT: math.exp
// CHECK: math.fma
// CHECK: return
func.func @exp(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.exp %x : vector<8xf32>
  return %y : vector<8xf32>
}

// The exactly rounded instruction is kept.
// CHECK-LABEL: func.func @rsqrt
// CHECK: math.rsqrt
func.func @rsqrt(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.rsqrt %x : vector<8xf32>
  return %y : vector<8xf32>
}

// CHECK-LABEL: func.func @trunc
// CHECK-NOT: arith.truncf
// CHECK: arith.bitcast %{{.*}} : vector<8xi16> to vector<8xbf16>
// NATIVE-LABEL: func.func @trunc
// NATIVE: arith.truncf
func.func @trunc(%x: vector<8xf32>) -> vector<8xbf16> {
  %y = arith.truncf %x : vector<8xf32> to vector<8xbf16>
  return %y : vector<8xbf16>
}
