// What loops of linalg and scf are over: maps, counts and extents, on every device.
// REQUIRES: x86-64-v3, end-to-end, runtime-library
// RUN: %python %S/values.py %s %t cpu=cpu sim=sm_80 | FileCheck %s
// CHECK-NOT: got
// CHECK:     0 differ

// ---- Maps of inputs that do not grow with the loops, or not alike ------------------

// CALL backwards x=f32[7]:1,2,3,4,5,6,7 -> y=f32[7]:7,6,5,4,3,2,1
func.func @backwards(%x: tensor<7xf32>) -> tensor<7xf32> {
  %e = tensor.empty() : tensor<7xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (6 - i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<7xf32>) outs(%e : tensor<7xf32>) {
  ^bb0(%a: f32, %u: f32):
    linalg.yield %a : f32
  } -> tensor<7xf32>
  return %y : tensor<7xf32>
}

// CALL last_row_first x=f32[3,2]:0,1,2,3,4,5 -> y=f32[3,2]:~16,32,4,8,1,2
func.func @last_row_first(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %t = math.exp2 %x : tensor<3x2xf32>
  %e = tensor.empty() : tensor<3x2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (2 - i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%t : tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%a: f32, %u: f32):
    linalg.yield %a : f32
  } -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Only the input that is read backwards tells how long the sums are.
// CALL sums_backwards x=f32[3,2]:1,2,3,4,5,6 d=f32[3]:0 -> y=f32[3]:11,7,3
func.func @sums_backwards(%x: tensor<3x2xf32>, %d: tensor<3xf32>) -> tensor<3xf32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i, k) -> (2 - i, k)>, affine_map<(i, k) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<3x2xf32>) outs(%d : tensor<3xf32>) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.addf %s, %a : f32
    linalg.yield %t : f32
  } -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// CALL turned x=f32[6]:1,2,3,4,5,6 w=f32[3]:1,10,100 d=f32[4]:0 -> y=f32[4]:123,234,345,456
func.func @turned(%x: tensor<6xf32>, %w: tensor<3xf32>, %d: tensor<4xf32>) -> tensor<4xf32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i, k) -> (i - k + 2)>, affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%x, %w : tensor<6xf32>, tensor<3xf32>) outs(%d : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// Each work item has tiles that begin within a group of indices.
// CALL in_groups x=i32[34]:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33 -> y0=i32[102]:0,0,0,1,1,1,2,2,2,3,3,3,4,4,4,5,5,5,6,6,6,7,7,7,8,8,8,9,9,9,10,10,10,11,11,11,12,12,12,13,13,13,14,14,14,15,15,15,16,16,16,17,17,17,18,18,18,19,19,19,20,20,20,21,21,21,22,22,22,23,23,23,24,24,24,25,25,25,26,26,26,27,27,27,28,28,28,29,29,29,30,30,30,31,31,31,32,32,32,33,33,33 y1=i32[102]:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33
func.func @in_groups(%x: tensor<34xi32>) -> (tensor<102xi32>, tensor<102xi32>) {
  %e = tensor.empty() : tensor<102xi32>
  %y0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i floordiv 3)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<34xi32>) outs(%e : tensor<102xi32>) {
  ^bb0(%a: i32, %u: i32):
    linalg.yield %a : i32
  } -> tensor<102xi32>
  %y1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i mod 34)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<34xi32>) outs(%e : tensor<102xi32>) {
  ^bb0(%a: i32, %u: i32):
    linalg.yield %a : i32
  } -> tensor<102xi32>
  return %y0, %y1 : tensor<102xi32>, tensor<102xi32>
}

// ---- How often loops run -----------------------------------------------------------

// CALL fewer_than_none x=f32[3,3]:1 d=f32[2,2]:7 -> y=f32[2,2]:7
// CALL fewer_than_none x=f32[3,6]:1 d=f32[2,2]:7 -> y=f32[2,2]:7
// CALL fewer_than_none x=f32[6,7]:1 d=f32[2,2]:7 -> y=f32[2,2]:1,1,7,7
func.func @fewer_than_none(%x: tensor<?x?xf32>, %d: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?xf32>
  %m = tensor.dim %x, %c1 : tensor<?x?xf32>
  %y = scf.forall (%i, %j) = (5, 5) to (%n, %m) step (1, 1) shared_outs(%o = %d) -> (tensor<2x2xf32>) {
    %one = arith.constant dense<1.0> : tensor<1x1xf32>
    %c5 = arith.constant 5 : index
    %a = arith.subi %i, %c5 : index
    %b = arith.subi %j, %c5 : index
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %one into %o[%a, %b] [1, 1] [1, 1] : tensor<1x1xf32> into tensor<2x2xf32>
    }
  }
  return %y : tensor<2x2xf32>
}

// CALL one_less x=f32[3]:1 d=f32[4]:7 -> y=f32[4]:7
// CALL one_less x=f32[6]:1 d=f32[4]:7 -> y=f32[4]:1,7,7,7
func.func @one_less(%x: tensor<?xf32>, %d: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c5 = arith.constant 5 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %a = arith.subi %n, %c5 : index
  %y = scf.forall (%i) in (%a) shared_outs(%o = %d) -> (tensor<4xf32>) {
    %one = arith.constant dense<1.0> : tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %one into %o[%i] [1] [1] : tensor<1xf32> into tensor<4xf32>
    }
  }
  return %y : tensor<4xf32>
}

// FAIL no_step x=f32[0]: d=f32[4]:7 -> argument 'x': shape[0]: expected 1, got 0
// CALL no_step x=f32[3]:1 d=f32[4]:7 -> y=f32[4]:1,7,7,1
func.func @no_step(%x: tensor<?xf32>, %d: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %y = scf.for %i = %c0 to %c4 step %n iter_args(%o = %d) -> (tensor<4xf32>) {
    %one = arith.constant 1.0 : f32
    %r = tensor.insert %one into %o[%i] : tensor<4xf32>
    scf.yield %r : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// CALL steps i=i64[1]:0 d=f32[4]:7 -> y=f32[4]:7
// CALL steps i=i64[1]:-1 d=f32[4]:7 -> y=f32[4]:7
// CALL steps i=i64[1]:2 d=f32[4]:7 -> y=f32[4]:7,1,7,1
// CALL steps i=i64[1]:9223372036854775807 d=f32[4]:7 -> y=f32[4]:7,1,7,7
func.func @steps(%i: tensor<1xi64>, %d: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %y = scf.for %q = %c0 to %c1 step %c1 iter_args(%o = %d) -> (tensor<4xf32>) {
    %k = tensor.extract %i[%q] : tensor<1xi64>
    %step = arith.index_cast %k : i64 to index
    %t = scf.for %p = %c1 to %c4 step %step iter_args(%u = %o) -> (tensor<4xf32>) {
      %one = arith.constant 1.0 : f32
      %r = tensor.insert %one into %u[%p] : tensor<4xf32>
      scf.yield %r : tensor<4xf32>
    }
    scf.yield %t : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// ---- Extents in loops --------------------------------------------------------------

// CALL rows_in_a_loop x=f32[3]:1,2,3 w=f32[3]:10,20,30 -> y=f32[2,3]:11,22,33,11,22,33
// FAIL rows_in_a_loop x=f32[3]:1 w=f32[1]:10 -> argument 'w': shape[0]: expected 3, got 1
// FAIL rows_in_a_loop x=f32[3]:1 w=f32[100000]:10 -> argument 'w': shape[0]: expected 3, got 100000
func.func @rows_in_a_loop(%x: tensor<?xf32>, %w: tensor<?xf32>) -> tensor<2x?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<2x?xf32>
  %y = scf.forall (%p) in (2) shared_outs(%o = %e) -> (tensor<2x?xf32>) {
    %d = tensor.extract_slice %o[%p, 0] [1, %n] [1, 1] : tensor<2x?xf32> to tensor<?xf32>
    %g = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x, %w : tensor<?xf32>, tensor<?xf32>) outs(%d : tensor<?xf32>) {
    ^bb0(%a: f32, %b: f32, %u: f32):
      %s = arith.addf %a, %b : f32
      linalg.yield %s : f32
    } -> tensor<?xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %g into %o[%p, 0] [1, %n] [1, 1] : tensor<?xf32> into tensor<2x?xf32>
    }
  }
  return %y : tensor<2x?xf32>
}

// Tiles of which the last is shorter: both have one length.
// CALL in_tiles x=f32[5]:1,2,3,4,5 w=f32[5]:10,20,30,40,50 -> y=f32[5]:11,22,33,44,55
func.func @in_tiles(%x: tensor<?xf32>, %w: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %y = scf.forall (%i) = (0) to (%n) step (2) shared_outs(%o = %e) -> (tensor<?xf32>) {
    %left = arith.subi %n, %i : index
    %m = arith.minsi %left, %c2 : index
    %a = tensor.extract_slice %x[%i] [%m] [1] : tensor<?xf32> to tensor<?xf32>
    %b = tensor.extract_slice %w[%i] [%m] [1] : tensor<?xf32> to tensor<?xf32>
    %d = tensor.extract_slice %o[%i] [%m] [1] : tensor<?xf32> to tensor<?xf32>
    %s = linalg.add ins(%a, %b : tensor<?xf32>, tensor<?xf32>) outs(%d : tensor<?xf32>) -> tensor<?xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[%i] [%m] [1] : tensor<?xf32> into tensor<?xf32>
    }
  }
  return %y : tensor<?xf32>
}

// CALL cast_in_a_loop x=f32[2]:1,2 d=f32[2,2]:0 -> y=f32[2,2]:1,2,1,2
// FAIL cast_in_a_loop x=f32[1]:1 d=f32[2,2]:0 -> argument 'x': shape[0]: expected 2, got 1
func.func @cast_in_a_loop(%x: tensor<?xf32>, %d: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %y = scf.forall (%p) in (2) shared_outs(%o = %d) -> (tensor<2x2xf32>) {
    %s = tensor.cast %x : tensor<?xf32> to tensor<2xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[%p, 0] [1, 2] [1, 1] : tensor<2xf32> into tensor<2x2xf32>
    }
  }
  return %y : tensor<2x2xf32>
}

// CALL expanded_in_a_loop x=f32[6]:1,2,3,4,5,6 w=f32[2]:1 d=f32[2]:0 -> y=f32[2]:6
// FAIL expanded_in_a_loop x=f32[6]:1 w=f32[10]:1 d=f32[2]:0 -> argument 'x': shape[0]: expected 30, got 6
func.func @expanded_in_a_loop(%x: tensor<?xf32>, %w: tensor<?xf32>, %d: tensor<2xf32>) -> tensor<2xf32> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %w, %c0 : tensor<?xf32>
  %y = scf.forall (%p) in (2) shared_outs(%o = %d) -> (tensor<2xf32>) {
    %z = tensor.expand_shape %x [[0, 1]] output_shape [%m, 3] : tensor<?xf32> into tensor<?x3xf32>
    %s = tensor.extract_slice %z[1, 2] [1, 1] [1, 1] : tensor<?x3xf32> to tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[%p] [1] [1] : tensor<1xf32> into tensor<2xf32>
    }
  }
  return %y : tensor<2xf32>
}

// CALL collapsed_in_a_loop x=f32[2,2]:1,2,3,4 d=f32[4]:0 -> y=f32[4]:1,2,3,4
// FAIL collapsed_in_a_loop x=f32[3,2]:1 d=f32[4]:0 -> argument 'd': shape[0]: expected 6, got 4
func.func @collapsed_in_a_loop(%x: tensor<?x2xf32>, %d: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %d, %c0 : tensor<?xf32>
  %y = scf.forall (%p) in (2) shared_outs(%o = %d) -> (tensor<?xf32>) {
    %z = tensor.collapse_shape %x [[0, 1]] : tensor<?x2xf32> into tensor<?xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %z into %o[0] [%n] [1] : tensor<?xf32> into tensor<?xf32>
    }
  }
  return %y : tensor<?xf32>
}

// CALL inserted_in_a_loop x=f32[3]:1,2,3 d=f32[3]:0 -> y=f32[3]:1,2,3
// FAIL inserted_in_a_loop x=f32[9]:1 d=f32[3]:0 -> argument 'd': shape[0]: expected 9, got 3
func.func @inserted_in_a_loop(%x: tensor<?xf32>, %d: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %d, %c0 : tensor<?xf32>
  %y = scf.forall (%p) in (2) shared_outs(%o = %d) -> (tensor<?xf32>) {
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %x into %o[0] [%n] [1] : tensor<?xf32> into tensor<?xf32>
    }
  }
  return %y : tensor<?xf32>
}

// ---- Indices that maps give --------------------------------------------------------

// CALL far_end x=f32[4]:1,2,3,4 d=f32[3]:0 -> y=f32[3]:4,3,2
// FAIL far_end x=f32[3]:1 d=f32[3]:0 -> argument 'x': shape[0]: expected 4, got 3
// FAIL far_end x=f32[9]:1 d=f32[5]:0 -> argument 'd': shape[0]:
func.func @far_end(%x: tensor<?xf32>, %d: tensor<?xf32>) -> tensor<?xf32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (3 - i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%d : tensor<?xf32>) {
  ^bb0(%a: f32, %u: f32):
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// ---- Casts from what is known ------------------------------------------------------

// CALL forgets x=f32[2]:1,2 -> y0=f32[2]:1,2 y1=f32[2]:2,4
// FAIL forgets x=f32[3]:1 -> argument 'x': shape[0]: expected 2, got 3
func.func @forgets(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %c = tensor.cast %x : tensor<?xf32> to tensor<2xf32>
  %y0 = tensor.cast %c : tensor<2xf32> to tensor<?xf32>
  %k = arith.constant dense<2.0> : tensor<2xf32>
  %k2 = tensor.cast %k : tensor<2xf32> to tensor<?xf32>
  %y1 = arith.mulf %x, %k2 : tensor<?xf32>
  return %y0, %y1 : tensor<?xf32>, tensor<?xf32>
}

// ---- Extents that only an op says which there is no more ---------------------------

// CALL as_it_is x=f32[3]:1,2,3 w=f32[3]:4,5,6 -> y=f32[3]:4,5,6
// FAIL as_it_is x=f32[3]:1,2,3 w=f32[5]:1 -> argument 'w': shape[0]: expected 3, got 5
func.func @as_it_is(%x: tensor<?xf32>, %w: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%w : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %u: f32):
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// CALL between x=f32[2]:0 w=f32[2]:1,2 -> y=f32[2]:~-2.7182818,-7.3890561
// FAIL between x=f32[3]:0 w=f32[2]:1 -> argument 'w': shape[0]: expected 3, got 2
func.func @between(%x: tensor<?xf32>, %w: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %m = tensor.dim %w, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %t = linalg.exp ins(%w : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %f = tensor.empty(%m) : tensor<?xf32>
  %y = linalg.negf ins(%t : tensor<?xf32>) outs(%f : tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}
