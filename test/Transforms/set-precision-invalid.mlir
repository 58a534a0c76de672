// A value that cannot be rounded where it is made is told.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-set-precision

func.func @made_in_f32(%t: tensor<?xi32>, %e: tensor<97x64xf32>, %w: tensor<96x64xf32>) -> tensor<?x96xf32> {
  // expected-error @+1 {{expected an op that can round its result where a matrix product reads it, got one whose results are f32 only}}
  %x = hadal.embedding %t, %e : (tensor<?xi32>, tensor<97x64xf32>) -> tensor<?x64xf32>
  %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// -----

func.func @read_in_f32(%g: tensor<?x64xf32>, %w: tensor<64x64xf32>) -> tensor<?x64xf32> {
  // expected-error @+1 {{expected a result that can be rounded where a matrix product reads it, got one that is also read in f32}}
  %x = hadal.swiglu %g, %g : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %z = arith.addf %x, %y : tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}
