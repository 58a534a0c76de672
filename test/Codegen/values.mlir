// What functions of linalg, tensor, arith and math compute on every device, at the edges.
// REQUIRES: x86-64-v3, end-to-end, runtime-library
// RUN: %python %S/values.py %s %t cpu=cpu sim=sm_80 | FileCheck %s
// CHECK-NOT: got
// CHECK:     0 differ

// ---- Elements that have no width, and loops that never run ------------------------

// CALL through_index x=i32[3]:1,-2,2147483647 -> y=i32[3]:2,-4,-2
func.func @through_index(%x: tensor<?xi32>) -> tensor<?xi32> {
  %i = arith.index_cast %x : tensor<?xi32> to tensor<?xindex>
  %s = arith.addi %i, %i : tensor<?xindex>
  %y = arith.index_cast %s : tensor<?xindex> to tensor<?xi32>
  return %y : tensor<?xi32>
}

// CALL product_of_nothing x=f32[2,0]: w=f32[0,3]: d=f32[2,3]:1,2,3,4,5,6 -> y=f32[2,3]:1,2,3,4,5,6
func.func @product_of_nothing(%x: tensor<?x0xf32>, %w: tensor<0x3xf32>, %d: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<?x0xf32>, tensor<0x3xf32>) outs(%d : tensor<?x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// CALL sum_of_nothing x=f32[4,0]: -> y=f32[4]:3
func.func @sum_of_nothing(%x: tensor<4x0xf32>) -> tensor<4xf32> {
  %three = arith.constant 3.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%three : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %y = linalg.reduce { arith.addf } ins(%x : tensor<4x0xf32>) outs(%f : tensor<4xf32>) dimensions = [1]
  return %y : tensor<4xf32>
}

// CALL sum_of_none_yet x=f32[4,0]: -> y=f32[4]:3
// CALL sum_of_none_yet x=f32[4,1]:1,2,3,4 -> y=f32[4]:4,5,6,7
func.func @sum_of_none_yet(%x: tensor<4x?xf32>) -> tensor<4xf32> {
  %three = arith.constant 3.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%three : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %y = linalg.reduce { arith.addf } ins(%x : tensor<4x?xf32>) outs(%f : tensor<4xf32>) dimensions = [1]
  return %y : tensor<4xf32>
}

// CALL no_rows x=f32[0]: -> y=f32[0]:
func.func @no_rows(%x: tensor<0xf32>) -> tensor<0xf32> {
  %y = math.exp %x : tensor<0xf32>
  return %y : tensor<0xf32>
}

// ---- What is written over ---------------------------------------------------------

// What a result's map leaves out stays what it was; of several iterations for one element the last counts.
// CALL every_other x=f32[8]:1,2,3,4,5,6,7,8 -> y=f32[8]:2,4,6,8,5,6,7,8
func.func @every_other(%x: tensor<8xf32>) -> tensor<8xf32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i floordiv 2)>], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%x : tensor<8xf32>) {
  ^bb0(%a: f32, %u: f32):
    linalg.yield %a : f32
  } -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// CALL diagonal x=f32[3]:1,2,3 d=f32[3,3]:9 -> y=f32[3,3]:1,9,9,9,2,9,9,9,3
func.func @diagonal(%x: tensor<3xf32>, %d: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i, i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%d : tensor<3x3xf32>) {
  ^bb0(%a: f32, %u: f32):
    linalg.yield %a : f32
  } -> tensor<3x3xf32>
  return %y : tensor<3x3xf32>
}

// CALL first_column x=f32[2]:1,2 d=f32[2,3]:1,2,3,4,5,6 -> y=f32[2,3]:1,2,3,2,5,6
func.func @first_column(%x: tensor<2xf32>, %d: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i, 0)>], iterator_types = ["parallel"]}
      ins(%x : tensor<2xf32>) outs(%d : tensor<2x3xf32>) {
  ^bb0(%a: f32, %u: f32):
    linalg.yield %a : f32
  } -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// The last of no columns is what was there.
// CALL last x=f32[2,0]: d=f32[2]:7,8 -> y=f32[2]:7,8
// CALL last x=f32[2,2]:1,2,3,4 d=f32[2]:7,8 -> y=f32[2]:2,4
func.func @last(%x: tensor<2x?xf32>, %d: tensor<2xf32>) -> tensor<2xf32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<2x?xf32>) outs(%d : tensor<2xf32>) {
  ^bb0(%a: f32, %u: f32):
    linalg.yield %a : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// Two results, of which one is not about all loops.
// CALL rows_and_sum x=f32[2,3]:1,2,3,4,5,6 -> y0=f32[2,3]:2,3,4,5,6,7 y1=f32[3]:4,5,6
func.func @rows_and_sum(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>) {
  %one = arith.constant 1.0 : f32
  %a = tensor.empty() : tensor<2x3xf32>
  %b = tensor.empty() : tensor<3xf32>
  %y:2 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<2x3xf32>) outs(%a, %b : tensor<2x3xf32>, tensor<3xf32>) {
  ^bb0(%v: f32, %u: f32, %w: f32):
    %s = arith.addf %v, %one : f32
    linalg.yield %s, %v : f32, f32
  } -> (tensor<2x3xf32>, tensor<3xf32>)
  return %y#0, %y#1 : tensor<2x3xf32>, tensor<3xf32>
}

// ---- Extents that must agree ------------------------------------------------------

// CALL sum x=f32[3]:1,2,3 w=f32[3]:10,20,30 -> y=f32[3]:~11,22,33
// FAIL sum x=f32[5]:1 w=f32[3]:1 -> argument 'w': shape[0]: expected 5, got 3
// FAIL sum x=f32[3]:1 w=f32[5]:1 -> argument 'w': shape[0]: expected 3, got 5
func.func @sum(%x: tensor<?xf32>, %w: tensor<?xf32>) -> tensor<?xf32> {
  %e = math.exp2 %x : tensor<?xf32>
  %l = math.log2 %e : tensor<?xf32>
  %y = arith.addf %l, %w : tensor<?xf32>
  return %y : tensor<?xf32>
}

// CALL product x=f32[1,2]:1,2 w=f32[2,1]:3,4 d=f32[1,1]:5 -> y=f32[1,1]:16
// FAIL product x=f32[1,2]:1 w=f32[3,1]:3 d=f32[1,1]:5 -> argument 'w': shape[0]: expected 2, got 3
// FAIL product x=f32[1,2]:1 w=f32[2,1]:3 d=f32[2,1]:5 -> argument 'd': shape[0]: expected 1, got 2
// FAIL product x=f32[1,2]:1 w=f32[2,4]:3 d=f32[1,1]:5 -> argument 'd': shape[1]: expected 4, got 1
func.func @product(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>, %d: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<?x?xf32>, tensor<?x?xf32>) outs(%d : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// CALL of_four x=f32[4]:1,2,3,4 w=f32[4]:1 -> y=f32[4]:2,3,4,5
// FAIL of_four x=f32[3]:1 w=f32[4]:1 -> argument 'x': shape[0]: expected 4, got 3
func.func @of_four(%x: tensor<?xf32>, %w: tensor<4xf32>) -> tensor<4xf32> {
  %c = tensor.cast %x : tensor<?xf32> to tensor<4xf32>
  %y = arith.addf %c, %w : tensor<4xf32>
  return %y : tensor<4xf32>
}

// A sum that is as long as what two arguments make together.
// CALL joined x=f32[1]:1 w=f32[2]:2,3 z=f32[3]:10,20,30 -> y=f32[3]:11,22,33
// FAIL joined x=f32[2]:1 w=f32[2]:2,3 z=f32[3]:10,20,30 -> argument 'z': shape[0]: expected 4, got 3
func.func @joined(%x: tensor<?xf32>, %w: tensor<?xf32>, %z: tensor<?xf32>) -> tensor<?xf32> {
  %c = tensor.concat dim(0) %x, %w : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %y = arith.addf %c, %z : tensor<?xf32>
  return %y : tensor<?xf32>
}

// CALL beside x=f32[2,1]:1,2 w=f32[2,2]:3,4,5,6 -> y=f32[2,3]:1,3,4,2,5,6
// FAIL beside x=f32[2,1]:1,2 w=f32[1,2]:3,4 -> argument 'w': shape[0]: expected 2, got 1
func.func @beside(%x: tensor<?x1xf32>, %w: tensor<?x2xf32>) -> tensor<?x3xf32> {
  %y = tensor.concat dim(1) %x, %w : (tensor<?x1xf32>, tensor<?x2xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// A window of three reads two elements beyond the last result.
// CALL window x=f32[5]:1,2,3,4,5 w=f32[3]:1 -> y=f32[3]:6,9,12
// FAIL window x=f32[4]:1 w=f32[3]:1 -> argument 'x': shape[0]: expected 5, got 4
func.func @window(%x: tensor<?xf32>, %w: tensor<3xf32>) -> tensor<3xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<3xf32>) -> tensor<3xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, k) -> (i + k)>, affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%x, %w : tensor<?xf32>, tensor<3xf32>) outs(%f : tensor<3xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// FAIL first_two x=f32[1]:1 -> argument 'x': shape[0]: expected 2, got 1
// CALL first_two x=f32[3]:0,1,2 -> y=f32[2]:~1,2
func.func @first_two(%x: tensor<?xf32>) -> tensor<2xf32> {
  %s = tensor.extract_slice %x[0] [2] [1] : tensor<?xf32> to tensor<2xf32>
  %y = math.exp2 %s : tensor<2xf32>
  return %y : tensor<2xf32>
}

// ---- Integers: docs/FlatForm.md ---------------------------------------------------

// CALL quotients x=i32[5]:7,-7,-2147483648,5,0 w=i32[5]:2,2,-1,0,0 -> y0=i32[5]:3,-3,-2147483648,0,0 y1=i32[5]:1,-1,0,5,0
func.func @quotients(%x: tensor<?xi32>, %w: tensor<?xi32>) -> (tensor<?xi32>, tensor<?xi32>) {
  %q = arith.divsi %x, %w : tensor<?xi32>
  %r = arith.remsi %x, %w : tensor<?xi32>
  return %q, %r : tensor<?xi32>, tensor<?xi32>
}

// CALL counts x=i32[4]:7,-7,5,0 w=i32[4]:2,2,0,0 -> y0=i32[4]:3,2147483644,0,0 y1=i32[4]:1,1,5,0
func.func @counts(%x: tensor<?xi32>, %w: tensor<?xi32>) -> (tensor<?xi32>, tensor<?xi32>) {
  %q = arith.divui %x, %w : tensor<?xi32>
  %r = arith.remui %x, %w : tensor<?xi32>
  return %q, %r : tensor<?xi32>, tensor<?xi32>
}

// CALL roundings x=i64[5]:7,-7,-9223372036854775808,5,-5 w=i64[5]:2,2,-1,0,0 -> y0=i64[5]:3,-4,-9223372036854775808,0,0 y1=i64[5]:4,-3,-9223372036854775808,0,0
func.func @roundings(%x: tensor<?xi64>, %w: tensor<?xi64>) -> (tensor<?xi64>, tensor<?xi64>) {
  %q = arith.floordivsi %x, %w : tensor<?xi64>
  %r = arith.ceildivsi %x, %w : tensor<?xi64>
  return %q, %r : tensor<?xi64>, tensor<?xi64>
}

// CALL shifts x=i32[4]:1,-8,-8,3 w=i32[4]:31,1,32,-1 -> y0=i32[4]:-2147483648,-16,0,0 y1=i32[4]:0,2147483644,0,0 y2=i32[4]:0,-4,-1,0
func.func @shifts(%x: tensor<?xi32>, %w: tensor<?xi32>) -> (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) {
  %a = arith.shli %x, %w : tensor<?xi32>
  %b = arith.shrui %x, %w : tensor<?xi32>
  %c = arith.shrsi %x, %w : tensor<?xi32>
  return %a, %b, %c : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
}

// CALL nearest_integers x=f32[7]:2.75,-2.75,3e9,-3e9,inf,-inf,nan -> y0=i32[7]:2,-2,2147483647,-2147483648,2147483647,-2147483648,0 y1=i8[7]:2,0,-1,0,-1,0,0
func.func @nearest_integers(%x: tensor<?xf32>) -> (tensor<?xi32>, tensor<?xi8>) {
  %a = arith.fptosi %x : tensor<?xf32> to tensor<?xi32>
  %b = arith.fptoui %x : tensor<?xf32> to tensor<?xi8>
  return %a, %b : tensor<?xi32>, tensor<?xi8>
}

// CALL thirds_of x=i32[2]:9,10 w=f32[0]: -> y=i32[2]:0,0
// CALL thirds_of x=i32[2]:9,10 w=f32[3]:0 -> y=i32[2]:3,3
func.func @thirds_of(%x: tensor<?xi32>, %w: tensor<?xf32>) -> tensor<?xi32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xi32>
  %m = tensor.dim %w, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xi32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<?xi32>) outs(%e : tensor<?xi32>) {
  ^bb0(%a: i32, %u: i32):
    %by = arith.index_cast %m : index to i32
    %q = arith.divsi %a, %by : i32
    linalg.yield %q : i32
  } -> tensor<?xi32>
  return %y : tensor<?xi32>
}

// ---- Functions at their edges: docs/Numerics.md -------------------------------------

// CALL sine x=f32[9]:0,-0,100000,1e30,-3.0e38,inf,nan,1e-40,0.7853982 -> y=f32[9]:~0,-0,0.035748798,-0.79116344,-0.87490489,nan,nan,9.99994610111476e-41,0.7071067966
func.func @sine(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = math.sin %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

// CALL cosine x=f32[4]:0,100000,-inf,1.5707964 -> y=f32[4]:~1,-0.99936081,nan,-4.371139e-8
func.func @cosine(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = math.cos %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

// CALL roots x=f32[6]:27,-8,inf,-inf,-0,1e-40 -> y=f32[6]:~3,-2,inf,-inf,-0,4.6415805e-14
func.func @roots(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = math.cbrt %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

// CALL logarithms x=f32[6]:1,1e-40,0,-0,-1,inf -> y0=f32[6]:~0,-92.103409,-inf,-inf,nan,inf y1=f32[6]:~0,-132.87712,-inf,-inf,nan,inf
func.func @logarithms(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %a = math.log %x : tensor<?xf32>
  %b = math.log2 %x : tensor<?xf32>
  return %a, %b : tensor<?xf32>, tensor<?xf32>
}

// CALL signs x=f32[2]:-0,0 -> y0=f32[2]:-0,0 y1=f32[2]:-0,0 y2=f32[2]:-0,0 y3=f32[2]:-0,0 y4=f32[2]:-0,0 y5=f32[2]:-0,0
func.func @signs(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  %a = math.erf %x : tensor<?xf32>
  %b = math.tanh %x : tensor<?xf32>
  %c = math.expm1 %x : tensor<?xf32>
  %d = math.log1p %x : tensor<?xf32>
  %e = math.sinh %x : tensor<?xf32>
  %f = math.tan %x : tensor<?xf32>
  return %a, %b, %c, %d, %e, %f : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}

// CALL powers x=f32[7]:10,-0.5,127.5,128,-149,-inf,nan -> y=f32[7]:~1024,0.70710678,2.4061596e38,inf,1.401298464324817e-45,0,nan
func.func @powers(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = math.exp2 %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

// CALL hyperbolic x=f32[5]:1e-6,-1,20,89,-inf -> y0=f32[5]:~1e-6,-1.17520119,2.42582598e8,2.24480641e38,-inf y1=f32[5]:~1,1.54308063,2.42582598e8,2.24480641e38,inf
func.func @hyperbolic(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %a = math.sinh %x : tensor<?xf32>
  %b = math.cosh %x : tensor<?xf32>
  return %a, %b : tensor<?xf32>, tensor<?xf32>
}

// CALL angles x=f32[8]:1,-1,0,-0,inf,nan,0,-1e-40 w=f32[8]:-1,-1,-1,-1,inf,1,-0,-inf -> y=f32[8]:~2.35619449,-2.35619449,3.14159265,-3.14159265,0.7853981634,nan,3.14159265,-3.14159265
// CALL angles x=f32[6]:0,-0,1,-1,3e38,1e-30 w=f32[6]:0,0,0,-0,-1e-30,3e38 -> y=f32[6]:~0,-0,1.57079633,-1.57079633,1.57079633,0
func.func @angles(%x: tensor<?xf32>, %w: tensor<?xf32>) -> tensor<?xf32> {
  %y = math.atan2 %x, %w : tensor<?xf32>
  return %y : tensor<?xf32>
}

// ---- Control flow of elements -------------------------------------------------------

// CALL factorial x=i32[3]:5,0,1 -> y=i32[3]:120,1,1
func.func @factorial(%x: tensor<3xi32>) -> tensor<3xi32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%x : tensor<3xi32>) {
  ^bb0(%u: i32):
    %one = arith.constant 1 : i32
    %zero = arith.constant 0 : i32
    %r:2 = scf.while (%n = %u, %p = %one) : (i32, i32) -> (i32, i32) {
      %c = arith.cmpi sgt, %n, %zero : i32
      scf.condition(%c) %n, %p : i32, i32
    } do {
    ^bb0(%n: i32, %p: i32):
      %q = arith.muli %n, %p : i32
      %m = arith.subi %n, %one : i32
      scf.yield %m, %q : i32, i32
    }
    linalg.yield %r#1 : i32
  } -> tensor<3xi32>
  return %y : tensor<3xi32>
}

// What a loop carries of a narrow float is rounded at each turn: 1 + 2^-8 goes back to 1.
// CALL creeping x=bits16[2]:0x3f80,0x4000 -> y=bits16[2]:0x3f80,0x4040
func.func @creeping(%x: tensor<2xbf16>) -> tensor<2xbf16> {
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%x : tensor<2xbf16>) {
  ^bb0(%u: bf16):
    %zero = arith.constant 0 : i32
    %four = arith.constant 4 : i32
    %one = arith.constant 1 : i32
    %little = arith.constant 0.00390625 : bf16
    %two = arith.constant 2.0 : bf16
    %large = arith.cmpf oge, %u, %two : bf16
    %quarter = arith.constant 0.25 : bf16
    %step = arith.select %large, %quarter, %little : bf16
    %r:2 = scf.while (%n = %zero, %p = %u) : (i32, bf16) -> (i32, bf16) {
      %c = arith.cmpi slt, %n, %four : i32
      scf.condition(%c) %n, %p : i32, bf16
    } do {
    ^bb0(%n: i32, %p: bf16):
      %q = arith.addf %p, %step : bf16
      %m = arith.addi %n, %one : i32
      scf.yield %m, %q : i32, bf16
    }
    linalg.yield %r#1 : bf16
  } -> tensor<2xbf16>
  return %y : tensor<2xbf16>
}

// ---- Indices out of range: docs/FlatForm.md ---------------------------------------

// CALL chosen x=f32[3]:1,2,3 i=i64[5]:0,3,-1,100000000000,2 -> y=f32[5]:1,3,1,3,3
func.func @chosen(%x: tensor<?xf32>, %i: tensor<?xi64>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %i, %c0 : tensor<?xi64>
  %e = tensor.empty(%n) : tensor<?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%i : tensor<?xi64>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: i64, %u: f32):
    %at = arith.index_cast %a : i64 to index
    %r = tensor.extract %x[%at] : tensor<?xf32>
    linalg.yield %r : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// CALL far x=f32[2]:1,2 -> y=f32[4]:2
func.func @far(%x: tensor<?xf32>) -> tensor<4xf32> {
  %far = arith.constant 100000000000 : index
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%e : tensor<4xf32>) {
  ^bb0(%u: f32):
    %r = tensor.extract %x[%far] : tensor<?xf32>
    linalg.yield %r : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// Rows that are outside are left out; the others are where they belong.
// CALL placed x=f32[4,2]:1,2,3,4,5,6,7,8 i=i64[4]:1,7,-3,0 d=f32[3,2]:0 -> y=f32[3,2]:7,8,1,2,0,0
func.func @placed(%x: tensor<?x2xf32>, %i: tensor<?xi64>, %d: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x2xf32>
  %y = scf.forall (%p) in (%n) shared_outs(%o = %d) -> (tensor<?x2xf32>) {
    %a = tensor.extract %i[%p] : tensor<?xi64>
    %to = arith.index_cast %a : i64 to index
    %s = tensor.extract_slice %x[%p, 0] [1, 2] [1, 1] : tensor<?x2xf32> to tensor<1x2xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[%to, 0] [1, 2] [1, 1] : tensor<1x2xf32> into tensor<?x2xf32>
    }
  }
  return %y : tensor<?x2xf32>
}

// A slice that would reach outside is the nearest that does not.
// CALL taken x=f32[1]:1 i=i64[3]:0,3,-9 -> y=f32[3,2]:~2
// CALL taken x=f32[4]:1,2,3,4 i=i64[3]:0,3,-9 -> y=f32[3,2]:~2,4,8,16,2,4
func.func @taken(%x: tensor<?xf32>, %i: tensor<3xi64>) -> tensor<3x2xf32> {
  %e = tensor.empty() : tensor<3x2xf32>
  %y = scf.forall (%p) in (3) shared_outs(%o = %e) -> (tensor<3x2xf32>) {
    %a = tensor.extract %i[%p] : tensor<3xi64>
    %from = arith.index_cast %a : i64 to index
    %s = tensor.extract_slice %x[%from] [2] [1] : tensor<?xf32> to tensor<2xf32>
    %t = math.exp2 %s : tensor<2xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %t into %o[%p, 0] [1, 2] [1, 1] : tensor<2xf32> into tensor<3x2xf32>
    }
  }
  return %y : tensor<3x2xf32>
}

// FAIL far_slice x=f32[1]:1 -> argument 'x': shape[0]: expected 2, got 1
// CALL far_slice x=f32[3]:1,2,3 -> y=f32[2]:~4,8
func.func @far_slice(%x: tensor<?xf32>) -> tensor<2xf32> {
  %far = arith.constant 1000000 : index
  %s = tensor.extract_slice %x[%far] [2] [1] : tensor<?xf32> to tensor<2xf32>
  %y = math.exp2 %s : tensor<2xf32>
  return %y : tensor<2xf32>
}

// ---- What is returned, and written over --------------------------------------------

// CALL same x=f32[3]:1,2,3 -> y0=f32[3]:1,2,3 y1=f32[3]:1,2,3
func.func @same(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  return %x, %x : tensor<?xf32>, tensor<?xf32>
}

// CALL given -> y0=f32[4]:1,2,3,4 y1=f32[2]:5 y2=f32[3]:0
func.func @given() -> (tensor<4xf32>, tensor<2xf32>, tensor<3xf32>) {
  %a = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %b = arith.constant dense<5.0> : tensor<2xf32>
  %c = tensor.empty() : tensor<3xf32>
  return %a, %b, %c : tensor<4xf32>, tensor<2xf32>, tensor<3xf32>
}

// CALL constants x=f32[5]:1,2,3,4,5 i=i32[2,2]:1 -> y0=f32[5]:1,4,9,16,nan y1=i32[2,2]:2,3,4,5
func.func @constants(%x: tensor<5xf32>, %i: tensor<2x2xi32>) -> (tensor<5xf32>, tensor<2x2xi32>) {
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 0x7FC00000]> : tensor<5xf32>
  %a = arith.mulf %x, %c : tensor<5xf32>
  %l = arith.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi64>
  %t = arith.trunci %l : tensor<2x2xi64> to tensor<2x2xi32>
  %b = arith.addi %i, %t : tensor<2x2xi32>
  return %a, %b : tensor<5xf32>, tensor<2x2xi32>
}

// CALL filter x=f32[1,6,1]:1,2,3,4,5,6 -> y=f32[1,4,1]:-2
func.func @filter(%x: tensor<1x6x1xf32>) -> tensor<1x4x1xf32> {
  %k = arith.constant dense<[[[1.0]], [[0.0]], [[-1.0]]]> : tensor<3x1x1xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x4x1xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x4x1xf32>) -> tensor<1x4x1xf32>
  %y = linalg.conv_1d_nwc_wcf ins(%x, %k : tensor<1x6x1xf32>, tensor<3x1x1xf32>) outs(%f : tensor<1x4x1xf32>) -> tensor<1x4x1xf32>
  return %y : tensor<1x4x1xf32>
}

// CALL padded x=f32[2,3]:1,2,3,4,5,6 -> y=f32[4,4]:9,9,9,9,9,1,2,3,9,4,5,6,9,9,9,9
// CALL padded x=f32[0,3]: -> y=f32[2,4]:9
func.func @padded(%x: tensor<?x3xf32>) -> tensor<?x4xf32> {
  %nine = arith.constant 9.0 : f32
  %y = tensor.pad %x low[1, 1] high[1, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %nine : f32
  } : tensor<?x3xf32> to tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CALL inserted x=f32[4]:1,2,3,4 i=i64[2]:2,0 -> y0=f32[4]:7,2,7,4 y1=f32[4]:1,2,1,2
// CALL inserted x=f32[4]:1,2,3,4 i=i64[2]:4,3 -> y0=f32[4]:1,2,3,7 y1=f32[4]:1,2,1,2
func.func @inserted(%x: tensor<4xf32>, %i: tensor<2xi64>) -> (tensor<4xf32>, tensor<4xf32>) {
  %seven = arith.constant dense<7.0> : tensor<1xf32>
  %a = scf.forall (%p) in (2) shared_outs(%o = %x) -> (tensor<4xf32>) {
    %at = tensor.extract %i[%p] : tensor<2xi64>
    %to = arith.index_cast %at : i64 to index
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %seven into %o[%to] [1] [1] : tensor<1xf32> into tensor<4xf32>
    }
  }
  %s = tensor.extract_slice %x[0] [2] [1] : tensor<4xf32> to tensor<2xf32>
  %b = tensor.insert_slice %s into %x[2] [2] [1] : tensor<2xf32> into tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// CALL one_more x=f32[3]:1,2,3 -> y=f32[3]:1,2,5
func.func @one_more(%x: tensor<3xf32>) -> tensor<3xf32> {
  %five = arith.constant 5.0 : f32
  %two = arith.constant 2 : index
  %y = tensor.insert %five into %x[%two] : tensor<3xf32>
  return %y : tensor<3xf32>
}

// What is moved within a tensor is read before it is written over.
// CALL moved x=f32[4]:0,1,2,3 -> y=f32[4]:~1,1,2,4
func.func @moved(%x: tensor<4xf32>) -> tensor<4xf32> {
  %t = math.exp2 %x : tensor<4xf32>
  %s = tensor.extract_slice %t[0] [3] [1] : tensor<4xf32> to tensor<3xf32>
  %y = tensor.insert_slice %s into %t[1] [3] [1] : tensor<3xf32> into tensor<4xf32>
  return %y : tensor<4xf32>
}

// CALL symmetric x=f32[2,2]:0,1,2,3 -> y=f32[2,2]:~2,6,6,16
func.func @symmetric(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %t = math.exp2 %x : tensor<2x2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%t : tensor<2x2xf32>) outs(%t : tensor<2x2xf32>) {
  ^bb0(%a: f32, %u: f32):
    %s = arith.addf %a, %u : f32
    linalg.yield %s : f32
  } -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CALL shares x=f32[2,2]:1,1,0,inf -> y=f32[2,2]:0.5,0.5,nan,nan
// CALL shares x=f32[1,3]:2,2,-inf -> y=f32[1,3]:0.5,0.5,0
func.func @shares(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = linalg.softmax dimension(1) ins(%x : tensor<?x?xf32>) outs(%x : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// FAIL without_ten x=f32[7]:1 -> argument 'x': shape[0]: expected 10, got 7
// CALL without_ten x=f32[12]:1 -> y=f32[2]:4
func.func @without_ten(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %ten = arith.constant 10 : index
  %four = arith.constant 4.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %m = arith.subi %n, %ten : index
  %e = tensor.empty(%m) : tensor<?xf32>
  %y = linalg.fill ins(%four : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// ---- Narrow floats ------------------------------------------------------------------

// 1 + 2^-8 is half way between two bf16, and goes to the even one.
// CALL twice x=bits16[3]:0x3f80,0xc0a1,0x7f80 -> y0=bits16[3]:0x4000,0xc121,0x7f80 y1=bits16[3]:0x402e,0x3bd6,0x7f80
func.func @twice(%x: tensor<?xbf16>) -> (tensor<?xbf16>, tensor<?xbf16>) {
  %a = arith.addf %x, %x : tensor<?xbf16>
  %b = math.exp %x : tensor<?xbf16>
  return %a, %b : tensor<?xbf16>, tensor<?xbf16>
}

// CALL sums x=bits16[1,4]:0x4380,0x3f80,0x3f80,0x3f80 -> y0=bits16[1]:0x4380 y1=bits16[1]:0x4380
func.func @sums(%x: tensor<1x?xbf16>) -> (tensor<1xbf16>, tensor<1xbf16>) {
  %zero = arith.constant 0.0 : bf16
  %e = tensor.empty() : tensor<1xbf16>
  %f = linalg.fill ins(%zero : bf16) outs(%e : tensor<1xbf16>) -> tensor<1xbf16>
  %s = linalg.reduce { arith.addf } ins(%x : tensor<1x?xbf16>) outs(%f : tensor<1xbf16>) dimensions = [1]
  %m = linalg.reduce { arith.maximumf } ins(%x : tensor<1x?xbf16>) outs(%f : tensor<1xbf16>) dimensions = [1]
  return %s, %m : tensor<1xbf16>, tensor<1xbf16>
}

// A NaN that is only moved keeps its bits.
// CALL moved_bits x=bits16[2]:0x7f81,0xffc3 c=i1[2]:1,0 -> y0=bits16[2]:0x7f81,0xffc3 y1=bits16[2]:0x3f80,0x4000
func.func @moved_bits(%x: tensor<?xbf16>, %c: tensor<?xi1>) -> (tensor<?xbf16>, tensor<?xbf16>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xbf16>
  %e = tensor.empty(%n) : tensor<?xbf16>
  %y = linalg.copy ins(%x : tensor<?xbf16>) outs(%e : tensor<?xbf16>) -> tensor<?xbf16>
  %z = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%c : tensor<?xi1>) outs(%e : tensor<?xbf16>) {
  ^bb0(%a: i1, %u: bf16):
    %one = arith.constant 1.0 : bf16
    %two = arith.constant 2.0 : bf16
    %s = arith.select %a, %one, %two : bf16
    linalg.yield %s : bf16
  } -> tensor<?xbf16>
  return %y, %z : tensor<?xbf16>, tensor<?xbf16>
}

// The least, the first that is none, halves to the even one, what is too large, and what is no number.
// CALL to_eight x=f32[12]:0,-0,1,-1.0625,1.1875,448,464,465,0.001953125,0.0009765625,0.0029296875,nan -> y=bits8[12]:0,0x80,0x38,0xb8,0x3a,0x7e,0x7e,0x7f,1,0,2,0x7f
func.func @to_eight(%x: tensor<?xf32>) -> tensor<?xf8E4M3FN> {
  %y = arith.truncf %x : tensor<?xf32> to tensor<?xf8E4M3FN>
  return %y : tensor<?xf8E4M3FN>
}

// CALL eight x=bits8[5]:0x38,0xb8,0x01,0x7e,0x7f -> y0=bits8[5]:0x40,0xc0,0x02,0x7f,0x7f y1=f16[5]:1,-1,0.001953125,448,nan
func.func @eight(%x: tensor<?xf8E4M3FN>) -> (tensor<?xf8E4M3FN>, tensor<?xf16>) {
  %a = arith.addf %x, %x : tensor<?xf8E4M3FN>
  %b = arith.extf %x : tensor<?xf8E4M3FN> to tensor<?xf16>
  return %a, %b : tensor<?xf8E4M3FN>, tensor<?xf16>
}

// CALL half x=f16[3]:0,1,-inf -> y=f16[3]:1,2.71875,0
func.func @half(%x: tensor<?xf16>) -> tensor<?xf16> {
  %y = math.exp %x : tensor<?xf16>
  return %y : tensor<?xf16>
}

// ---- What numbers are, their powers, and choices between them -----------------------

// CALL normal x=f32[6]:1,0,1e-40,inf,nan,-1.1754943508222875e-38 h=f16[4]:6.103515625e-05,6.097555160522461e-05,65504,inf d=f64[3]:2.2250738585072014e-308,1e-310,-5 -> y0=i1[6]:1,0,0,0,0,1 y1=i1[4]:1,0,1,0 y2=i1[3]:1,0,1
func.func @normal(%x: tensor<?xf32>, %h: tensor<?xf16>, %d: tensor<?xf64>) -> (tensor<?xi1>, tensor<?xi1>, tensor<?xi1>) {
  %y0 = math.isnormal %x : tensor<?xf32>
  %y1 = math.isnormal %h : tensor<?xf16>
  %y2 = math.isnormal %d : tensor<?xf64>
  return %y0, %y1, %y2 : tensor<?xi1>, tensor<?xi1>, tensor<?xi1>
}

// CALL narrow_normal x=bits16[5]:0x80,0x807f,0x7f80,0x7fc0,0xff7f w=bits8[5]:0x08,0x87,0xfe,0x7f,0 -> y0=i1[5]:1,0,0,0,1 y1=i1[5]:1,0,1,0,0
func.func @narrow_normal(%x: tensor<?xbf16>, %w: tensor<?xf8E4M3FN>) -> (tensor<?xi1>, tensor<?xi1>) {
  %y0 = math.isnormal %x : tensor<?xbf16>
  %y1 = math.isnormal %w : tensor<?xf8E4M3FN>
  return %y0, %y1 : tensor<?xi1>, tensor<?xi1>
}

// CALL integer_powers x=f32[9]:2,-3,2,2,10,-0,nan,-1,-1 n=i32[9]:3,3,-149,128,-2,-3,0,-2147483648,2147483647 -> y=f32[9]:8,-27,1.401298464324817e-45,inf,0.009999999776482582,-inf,1,1,-1
func.func @integer_powers(%x: tensor<?xf32>, %n: tensor<?xi32>) -> tensor<?xf32> {
  %y = math.fpowi %x, %n : tensor<?xf32>, tensor<?xi32>
  return %y : tensor<?xf32>
}

// CALL wide_powers x=f64[3]:3,2,-10 n=i64[3]:5,-1022,-3 h=f16[3]:2,3,0.5 m=i8[3]:10,-2,-128 -> y0=f64[3]:243,2.2250738585072014e-308,-0.001 y1=f16[3]:1024,0.1111,inf
func.func @wide_powers(%x: tensor<?xf64>, %n: tensor<?xi64>, %h: tensor<?xf16>, %m: tensor<?xi8>) -> (tensor<?xf64>, tensor<?xf16>) {
  %y0 = math.fpowi %x, %n : tensor<?xf64>, tensor<?xi64>
  %y1 = math.fpowi %h, %m : tensor<?xf16>, tensor<?xi8>
  return %y0, %y1 : tensor<?xf64>, tensor<?xf16>
}

// CALL cubes x=f32[3]:2,-3,0.5 h=bits16[2]:0x4040,0xc000 -> y0=f32[3]:8,-27,0.125 y1=bits16[2]:0x41d8,0xc100
func.func @cubes(%x: tensor<3xf32>, %h: tensor<2xbf16>) -> (tensor<3xf32>, tensor<2xbf16>) {
  %three = arith.constant dense<3> : tensor<3xi32>
  %also = arith.constant dense<3> : tensor<2xi32>
  %y0 = math.fpowi %x, %three : tensor<3xf32>, tensor<3xi32>
  %y1 = math.fpowi %h, %also : tensor<2xbf16>, tensor<2xi32>
  return %y0, %y1 : tensor<3xf32>, tensor<2xbf16>
}

// A NaN that is only chosen keeps its bits.
// CALL chosen_bits c=i1[3]:0,1,1 x=bits16[3]:0x7f81,0x7f81,0x3f80 w=bits16[3]:0xff82,0x4000,0x4000 -> y=bits16[3]:0xff82,0x7f81,0x3f80
func.func @chosen_bits(%c: tensor<?xi1>, %x: tensor<?xbf16>, %w: tensor<?xbf16>) -> tensor<?xbf16> {
  %y = arith.select %c, %x, %w : tensor<?xi1>, tensor<?xbf16>
  return %y : tensor<?xbf16>
}
