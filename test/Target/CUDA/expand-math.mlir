// Functions without an exactly rounded instruction become arithmetic, conversions of narrow types integers'.
// RUN: hadal-opt %s --hadal-cuda-expand-math | FileCheck %s
// A second run changes nothing.
// RUN: hadal-opt %s --hadal-cuda-expand-math -o %t.mlir && hadal-opt %t.mlir --hadal-cuda-expand-math | diff %t.mlir -

// CHECK-LABEL: func.func @exp
// CHECK-NOT:     math.exp
// CHECK:         math.fma
// CHECK:         arith.bitcast %{{.*}} : i32 to f32
// CHECK:         return
func.func @exp(%x: f32) -> f32 {
  %y = math.exp %x : f32
  return %y : f32
}

// CHECK-LABEL: func.func @sqrt
// CHECK:         math.sqrt
func.func @sqrt(%x: f32) -> f32 {
  %y = math.sqrt %x : f32
  return %y : f32
}

// CHECK-LABEL: func.func @to_bf16
// CHECK-NOT:     arith.truncf
// CHECK:         arith.bitcast %{{.*}} : i16 to bf16
func.func @to_bf16(%x: f32) -> bf16 {
  %y = arith.truncf %x : f32 to bf16
  return %y : bf16
}

// CHECK-LABEL: func.func @from_f8
// CHECK-NOT:     arith.extf
// CHECK:         arith.bitcast %{{.*}} : f8E4M3FN to i8
func.func @from_f8(%x: f8E4M3FN) -> f32 {
  %y = arith.extf %x : f8E4M3FN to f32
  return %y : f32
}
