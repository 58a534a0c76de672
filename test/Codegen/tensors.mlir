// Ops of linalg, tensor and scf that are made of others of them, on every device.
// REQUIRES: x86-64-v3, end-to-end, runtime-library
// RUN: %python %S/values.py %s %t cpu=cpu sim=sm_80 | FileCheck %s
// CHECK-NOT: got
// CHECK:     0 differ

// ---- Elements that a region makes --------------------------------------------------

// CALL mapped x=f32[3]:1,2,3 w=f32[3]:4,5,6 -> y=f32[3]:5,7,9
func.func @mapped(%x: tensor<3xf32>, %w: tensor<3xf32>) -> tensor<3xf32> {
  %e = tensor.empty() : tensor<3xf32>
  %y = linalg.map { arith.addf } ins(%x, %w : tensor<3xf32>, tensor<3xf32>) outs(%e : tensor<3xf32>)
  return %y : tensor<3xf32>
}

// CALL products x=f32[3]:1,2,3 -> y=f32[3,3]:1,2,3,2,4,6,3,6,9
func.func @products(%x: tensor<3xf32>) -> tensor<3x3xf32> {
  %y = tensor.generate {
  ^bb0(%i: index, %j: index):
    %a = tensor.extract %x[%i] : tensor<3xf32>
    %b = tensor.extract %x[%j] : tensor<3xf32>
    %p = arith.mulf %a, %b : f32
    tensor.yield %p : f32
  } : tensor<3x3xf32>
  return %y : tensor<3x3xf32>
}

// CALL numbered x=f32[2]:0 -> y=i32[2,2]:0,1,10,11
// CALL numbered x=f32[3]:0 -> y=i32[3,2]:0,1,10,11,20,21
func.func @numbered(%x: tensor<?xf32>) -> tensor<?x2xi32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %y = tensor.generate %n {
  ^bb0(%i: index, %j: index):
    %c10 = arith.constant 10 : index
    %t = arith.muli %i, %c10 : index
    %s = arith.addi %t, %j : index
    %k = arith.index_cast %s : index to i32
    tensor.yield %k : i32
  } : tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// ---- Elements that are another tensor's --------------------------------------------

// CALL rows_of x=f32[3,2]:1,2,3,4,5,6 i=i64[2,1]:2,0 -> y=f32[2,1,2]:5,6,1,2
// CALL rows_of x=f32[3,2]:1,2,3,4,5,6 i=i64[2,1]:9,-4 -> y=f32[2,1,2]:5,6,1,2
func.func @rows_of(%x: tensor<3x2xf32>, %i: tensor<2x1xi64>) -> tensor<2x1x2xf32> {
  %j = arith.index_cast %i : tensor<2x1xi64> to tensor<2x1xindex>
  %y = tensor.gather %x[%j] gather_dims([0]) : (tensor<3x2xf32>, tensor<2x1xindex>) -> tensor<2x1x2xf32>
  return %y : tensor<2x1x2xf32>
}

// CALL columns_of x=f32[2,3]:1,2,3,4,5,6 i=i32[2,1]:2,0 -> y=f32[2,2]:3,6,1,4
// CALL columns_of x=f32[1,4]:1,2,3,4 i=i32[3,1]:2,0,3 -> y=f32[3,1]:3,1,4
func.func @columns_of(%x: tensor<?x?xf32>, %i: tensor<?x1xi32>) -> tensor<?x?xf32> {
  %y = tensor.gather %x[%i] gather_dims([1]) : (tensor<?x?xf32>, tensor<?x1xi32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// Coordinates in another order than axes.
// CALL corners x=bf16[2,3,2]:1,2,3,4,5,6,7,8,9,10,11,12 i=i32[2,2]:1,2,0,0 -> y=bf16[2,2]:~11,12,1,2
func.func @corners(%x: tensor<2x3x2xbf16>, %i: tensor<2x2xi32>) -> tensor<2x2xbf16> {
  %y = tensor.gather %x[%i] gather_dims([0, 1]) : (tensor<2x3x2xbf16>, tensor<2x2xi32>) -> tensor<2x2xbf16>
  return %y : tensor<2x2xbf16>
}

// CALL packed x=f32[5]:1,2,3,4,5 -> y=f32[3,2]:1,2,3,4,5,9
func.func @packed(%x: tensor<5xf32>) -> tensor<3x2xf32> {
  %z = arith.constant 9.0 : f32
  %e = tensor.empty() : tensor<3x2xf32>
  %y = linalg.pack %x padding_value(%z : f32) inner_dims_pos = [0] inner_tiles = [2] into %e : tensor<5xf32> -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Tiles of both axes, the outer ones exchanged, the inner ones, too.
// CALL tiled x=i32[4,6]:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23 -> y0=i32[2,2,3,2]:0,6,1,7,2,8,12,18,13,19,14,20,3,9,4,10,5,11,15,21,16,22,17,23 y1=i32[4,6]:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23
func.func @tiled(%x: tensor<4x6xi32>) -> (tensor<2x2x3x2xi32>, tensor<4x6xi32>) {
  %e = tensor.empty() : tensor<2x2x3x2xi32>
  %p = linalg.pack %x outer_dims_perm = [1, 0] inner_dims_pos = [1, 0] inner_tiles = [3, 2] into %e : tensor<4x6xi32> -> tensor<2x2x3x2xi32>
  %f = tensor.empty() : tensor<4x6xi32>
  %y = linalg.unpack %p outer_dims_perm = [1, 0] inner_dims_pos = [1, 0] inner_tiles = [3, 2] into %f : tensor<2x2x3x2xi32> -> tensor<4x6xi32>
  return %p, %y : tensor<2x2x3x2xi32>, tensor<4x6xi32>
}

// CALL unpacked x=f32[3,2]:1,2,3,4,5,9 -> y=f32[5]:1,2,3,4,5
func.func @unpacked(%x: tensor<3x2xf32>) -> tensor<5xf32> {
  %e = tensor.empty() : tensor<5xf32>
  %y = linalg.unpack %x inner_dims_pos = [0] inner_tiles = [2] into %e : tensor<3x2xf32> -> tensor<5xf32>
  return %y : tensor<5xf32>
}

// ---- Other shapes -------------------------------------------------------------------

// CALL reshaped x=f32[2,3]:1,2,3,4,5,6 -> y=f32[3,2]:1,2,3,4,5,6
func.func @reshaped(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %s = arith.constant dense<[3, 2]> : tensor<2xindex>
  %y = tensor.reshape %x(%s) : (tensor<2x3xf32>, tensor<2xindex>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// CALL to_a_number x=f32[1,1]:7 -> y0=f32[]:7 y1=f32[1,1,1]:49
func.func @to_a_number(%x: tensor<1x1xf32>) -> (tensor<f32>, tensor<1x1x1xf32>) {
  %none = arith.constant dense<> : tensor<0xi32>
  %ones = arith.constant dense<1> : tensor<3xi32>
  %y0 = tensor.reshape %x(%none) : (tensor<1x1xf32>, tensor<0xi32>) -> tensor<f32>
  %s = arith.mulf %y0, %y0 : tensor<f32>
  %y1 = tensor.reshape %s(%ones) : (tensor<f32>, tensor<3xi32>) -> tensor<1x1x1xf32>
  return %y0, %y1 : tensor<f32>, tensor<1x1x1xf32>
}

// ---- Choices ------------------------------------------------------------------------

// CALL one_of x=i32[4]:0,1,7,-1 -> y=i32[4]:10,20,30,30
func.func @one_of(%x: tensor<4xi32>) -> tensor<4xi32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%x : tensor<4xi32>) {
  ^bb0(%u: i32):
    %k = arith.index_cast %u : i32 to index
    %r = scf.index_switch %k -> i32
    case 0 {
      %a = arith.constant 10 : i32
      scf.yield %a : i32
    }
    case 1 {
      %a = arith.constant 20 : i32
      scf.yield %a : i32
    }
    default {
      %a = arith.constant 30 : i32
      scf.yield %a : i32
    }
    linalg.yield %r : i32
  } -> tensor<4xi32>
  return %y : tensor<4xi32>
}

// CALL only_default x=i32[2]:3,4 -> y=i32[2]:6,8
func.func @only_default(%x: tensor<2xi32>) -> tensor<2xi32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%x : tensor<2xi32>) {
  ^bb0(%u: i32):
    %k = arith.index_cast %u : i32 to index
    %r = scf.index_switch %k -> i32
    default {
      %a = arith.addi %u, %u : i32
      scf.yield %a : i32
    }
    linalg.yield %r : i32
  } -> tensor<2xi32>
  return %y : tensor<2xi32>
}

// Nothing is read where the condition does not hold.
// CALL guarded x=f32[4]:1,2,3,4 -> y=f32[8]:1,2,3,4,0,0,0,0
func.func @guarded(%x: tensor<4xf32>) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%e : tensor<8xf32>) {
  ^bb0(%u: f32):
    %z = arith.constant 0.0 : f32
    %c4 = arith.constant 4 : index
    %i = linalg.index 0 : index
    %c = arith.cmpi ult, %i, %c4 : index
    %r = scf.if %c -> f32 {
      %v = tensor.extract %x[%i] : tensor<4xf32>
      scf.yield %v : f32
    } else {
      scf.yield %z : f32
    }
    linalg.yield %r : f32
  } -> tensor<8xf32>
  return %y : tensor<8xf32>
}
