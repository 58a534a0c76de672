// Every constraint of attributes and parameters is enforced.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// source_c1: the stored type has a static shape
// expected-error @+1 {{expected source 'w' of static shape and elements of f32, f16, bf16 or f8E4M3FN, got 'tensor<?xbf16>'}}
#dynamic = #hadal.source<0, "w", offset = 0, length = 8, tensor<?xbf16>>

// -----

// source_c2: the size of the stored type is within 63 bits
// expected-error @+1 {{expected source 'w' of a size within 63 bits, got 'tensor<4294967296x2147483648xf32>'}}
#large = #hadal.source<0, "w", offset = 0, length = 8, tensor<4294967296x2147483648xf32>>

// -----

// rope_table_c1: dim is even, from 2 to 65,536
// expected-error @+2 {{expected an even dim from 2 to 65536, got 4294967312}}
hadal.parameter @p : tensor<128x8xf32>
  table <component = cos, dim = 4294967312, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = 32, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64, truncate = true>

// -----

// rope_table_c2: numbers are finite, mscale in f32, theta and factor positive, and original positions not negative
// expected-error @+2 {{expected a positive theta and factor, got 1.000000e+04 : f64 and -1.000000e+00 : f64}}
hadal.parameter @p : tensor<128x8xf32>
  table <component = cos, dim = 16, theta = 1.0e+04 : f64, factor = -1.0 : f64, original_positions = 32, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64, truncate = true>

// -----

// rope_table_c2
// expected-error @+2 {{expected numbers within f32, got 1.000000e+300 : f64}}
hadal.parameter @p : tensor<128x8xf32>
  table <component = cos, dim = 16, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = 32, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0e+300 : f64, truncate = true>

// -----

// rope_table_c2
// expected-error @+2 {{expected original positions that are not negative, got -32}}
hadal.parameter @p : tensor<128x8xf32>
  table <component = cos, dim = 16, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = -32, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64, truncate = true>

// -----

// rope_table_c3: with YaRN, betas and original positions are positive, and theta is not 1
// expected-error @+2 {{expected positive betas and original positions, and a theta that is not 1, with YaRN, got 0.000000e+00 : f64, 1.000000e+00 : f64, 32 and 1.000000e+04 : f64}}
hadal.parameter @p : tensor<128x8xf32>
  table <component = cos, dim = 16, theta = 1.0e+04 : f64, factor = 4.0 : f64, original_positions = 32, beta_fast = 0.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64, truncate = true>

// -----

// rope_table_c3
// expected-error @+2 {{with YaRN, got 3.200000e+01 : f64, 1.000000e+00 : f64, 32 and 1.000000e+00 : f64}}
hadal.parameter @p : tensor<128x8xf32>
  table <component = cos, dim = 16, theta = 1.0 : f64, factor = 4.0 : f64, original_positions = 32, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64, truncate = true>

// -----

// panels_c1: the tensor is of rank 2 or more
// expected-error @+1 {{expected a panel layout on a tensor of rank 2 or more, got rank 1}}
func.func private @panels(tensor<64xbf16, #hadal.panels<rows = 32, interleave = 2>>)

// -----

// fragments_c1: the tensor is of rank 2 or more, of bf16 or f8E4M3FN
// expected-error @+1 {{expected a layout in fragments on a tensor of bf16 or f8E4M3FN and of rank 2 or more, got rank 2 and 'f32'}}
func.func private @fragments(tensor<96x64xf32, #hadal.fragments<segment = 64>>)

// -----

// fragments_c2: the segment is a positive multiple of 64
// expected-error @+1 {{expected a segment that is a positive multiple of 64, got 32}}
func.func private @fragments(tensor<96x64xbf16, #hadal.fragments<segment = 32>>)

// -----

// panels_c2: rows and interleave are from 1 to 4,096
// expected-error @+1 {{expected rows and interleave of a panel from 1 to 4096, got 0 and 2}}
func.func private @panels(tensor<96x64xbf16, #hadal.panels<rows = 0, interleave = 2>>)

// -----

// panels_c2
// expected-error @+1 {{expected rows and interleave of a panel from 1 to 4096, got 4611686018427387904 and 2}}
func.func private @panels(tensor<96x64xbf16, #hadal.panels<rows = 4611686018427387904, interleave = 2>>)

// -----

// parameter_c1: sources and a table exclude each other
// expected-error @+1 {{expected sources or a table, got both}}
hadal.parameter @p : tensor<4x8xf32>
  sources [#hadal.source<0, "w", offset = 0, length = 128, tensor<4x8xf32>>]
  table <component = cos, dim = 16, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = 32, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64, truncate = true>

// -----

// parameter_c2: all sources have the same stored shape
// expected-error @+1 {{expected all sources to be of the shape of 'tensor<4xbf16>', got 'tensor<2xf32>' in 'b'}}
hadal.parameter @p : tensor<2x4xbf16>
  sources [#hadal.source<0, "a", offset = 0, length = 8, tensor<4xbf16>>,
           #hadal.source<0, "b", offset = 8, length = 8, tensor<2xf32>>]

// -----

// parameter_c3: the elements that the sources give are as many as the type has
// expected-error @+1 {{expected sources with 12 elements in all, got 8}}
hadal.parameter @p : tensor<3x4xbf16>
  sources [#hadal.source<0, "a", offset = 0, length = 8, tensor<4xbf16>>,
           #hadal.source<0, "b", offset = 8, length = 8, tensor<4xbf16>>]

// -----

// parameter_c4: one scale for each source of f8E4M3FN, or none
// expected-error @+1 {{expected one scale for each source of f8E4M3FN, got 2 for 1}}
hadal.parameter @p : tensor<2x4x4xf32>
  sources [#hadal.source<0, "w", offset = 0, length = 16, tensor<4x4xf8E4M3FN>>,
           #hadal.source<0, "v", offset = 24, length = 32, tensor<4x4xbf16>>]
  scales [#hadal.source<0, "s", offset = 16, length = 4, tensor<1x1xf32>>,
          #hadal.source<0, "t", offset = 20, length = 4, tensor<1x1xf32>>]
  block [128, 128]

// -----

// parameter_c5: a selection lies inside its group and the group divides the rows of the source
// expected-error @+1 {{expected a selection inside groups that divide the rows of a stored matrix, got 4 rows from 4 of each 6 in 'tensor<12x16xbf16>'}}
hadal.parameter @p : tensor<2x4x16xbf16>
  sources [#hadal.source<0, "w", offset = 0, length = 384, tensor<12x16xbf16>>]
  select <group = 6, start = 4, count = 4>

// -----

// parameter_c5
// expected-error @+1 {{got 9223372036854775807 rows from 1 of each 6 in 'tensor<12x16xbf16>'}}
hadal.parameter @p : tensor<2x4x16xbf16>
  sources [#hadal.source<0, "w", offset = 0, length = 384, tensor<12x16xbf16>>]
  select <group = 6, start = 1, count = 9223372036854775807>

// -----

// parameter_c5
// expected-error @+1 {{got 1 rows from 9223372036854775807 of each 6 in 'tensor<12x16xbf16>'}}
hadal.parameter @p : tensor<2x4x16xbf16>
  sources [#hadal.source<0, "w", offset = 0, length = 384, tensor<12x16xbf16>>]
  select <group = 6, start = 9223372036854775807, count = 1>

// -----

// parameter_c6: the type has a static shape of rank 8 at most, no extent of 0, and elements of f32, f16, bf16 or f8E4M3FN
// expected-error @+1 {{expected a tensor of static shape, of rank 8 at most and without an extent of 0, and elements of f32, f16, bf16 or f8E4M3FN, got 'tensor<?xbf16>'}}
hadal.parameter @p : tensor<?xbf16>

// -----

// parameter_c6
// expected-error @+1 {{f8E4M3FN, got 'tensor<4x0xbf16>'}}
hadal.parameter @p : tensor<4x0xbf16>

// -----

// parameter_c6
// expected-error @+1 {{f8E4M3FN, got 'tensor<1x1x1x1x1x1x1x1x1xbf16>'}}
hadal.parameter @p : tensor<1x1x1x1x1x1x1x1x1xbf16>

// -----

// parameter_c12: the bytes that are stored, padding included, are within 63 bits
// expected-error @+1 {{expected a size within 63 bits, got 'tensor<4294967296x4294967296xbf16>'}}
hadal.parameter @p : tensor<4294967296x4294967296xbf16>

// -----

// parameter_c12
// expected-error @+1 {{expected a size within 63 bits, got 'tensor<1125899906842624x1x1xbf16, #hadal.panels<rows = 4096, interleave = 4096>>'}}
hadal.parameter @p : tensor<1125899906842624x1x1xbf16, #hadal.panels<rows = 4096, interleave = 4096>>

// -----

// parameter_c7: a source's length is that of its stored type
// expected-error @+1 {{expected source 'w' of 8 bytes, got 9}}
hadal.parameter @p : tensor<4xbf16>
  sources [#hadal.source<0, "w", offset = 0, length = 9, tensor<4xbf16>>]

// -----

// parameter_c8: a block of two positive extents is given exactly with scales
// expected-error @+1 {{expected a block of two positive extents exactly where scales are given, got [0, 128] with scales}}
hadal.parameter @p : tensor<4x4xf32>
  sources [#hadal.source<0, "w", offset = 0, length = 16, tensor<4x4xf8E4M3FN>>]
  scales [#hadal.source<0, "s", offset = 16, length = 4, tensor<1x1xf32>>]
  block [0, 128]

// -----

// parameter_c10: an encoding of the type is a layout
// expected-error @+1 {{expected a layout as the encoding, got "rows"}}
hadal.parameter @p : tensor<128x16xf32, "rows">

// -----

// parameter_c9
// expected-error @+1 {{expected a table of [positions, 8] of f32, got 'tensor<128x8xf32, #hadal.panels<rows = 32, interleave = 1>>'}}
hadal.parameter @p : tensor<128x8xf32, #hadal.panels<rows = 32, interleave = 1>>
  table <component = sin, dim = 16, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = 32, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64, truncate = true>

// -----

// parameter_c9: the type of a table is [P, dim / 2] of f32, without a layout
// expected-error @+1 {{expected a table of [positions, 8] of f32, got 'tensor<128x16xf32>'}}
hadal.parameter @p : tensor<128x16xf32>
  table <component = sin, dim = 16, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = 32, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64, truncate = true>

// -----

// parameter_c11: the angles of a table are finite in f32 for all positions that there can be
// expected-error @+1 {{expected finite angles of a rotary table, got theta 1.000000e-300 : f64 and factor 1.000000e+00 : f64}}
hadal.parameter @p : tensor<128x8xf32>
  table <component = sin, dim = 16, theta = 1.0e-300 : f64, factor = 1.0 : f64, original_positions = 32, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64, truncate = true>

// -----

// host_dim_c1: the symbol names a plan.host_dim
plan.block_table @pages page_size 64
func.func @f() -> index {
  // expected-error @+1 {{expected @pages to name a plan.host_dim}}
  %n = hadal.host_dim @pages
  return %n : index
}

// -----

// param_c1: the symbol names a hadal.parameter of the same type
hadal.parameter @p : tensor<4xbf16>
func.func @f() {
  // expected-error @+1 {{expected the type of the symbol to be 'tensor<4xbf16>', got 'tensor<5xbf16>'}}
  %w = hadal.param @p : tensor<5xbf16>
  return
}
