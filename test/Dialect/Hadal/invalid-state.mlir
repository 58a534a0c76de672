// Every constraint of states is enforced.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// state_c1: a growing state is [dynamic pages, page size of its block table, static row...]
plan.block_table @pages page_size 64
// expected-error @+1 {{expected a tensor of [dynamic pages, static page size, static row...], got 'tensor<8x64x80xf32>'}}
hadal.state @c growing @pages : tensor<8x64x80xf32>

// -----

// state_c1
plan.block_table @pages page_size 64
// expected-error @+1 {{expected pages of 64 rows, as in @pages, got 'tensor<?x16x80xf32>'}}
hadal.state @c growing @pages : tensor<?x16x80xf32>

// -----

// state_c2: a ring is [dynamic slots, dynamic rows, static row...]
// expected-error @+1 {{expected a tensor of [dynamic slots, dynamic rows, static row...], got 'tensor<?x128x80xf32>'}}
hadal.state @c ring : tensor<?x128x80xf32> rows {
  %rows = plan.constant 128
  plan.yield %rows
}

// -----

// state_c3: elements are f64, f32, f16, bf16, f8E4M3FN, i8, i16, i32 or i64
plan.block_table @pages page_size 64
// expected-error @+1 {{expected elements of f64, f32, f16, bf16, f8E4M3FN, i8, i16, i32 or i64, got 'i1'}}
hadal.state @c growing @pages : tensor<?x64x80xi1>

// -----

// state_c4: a ring, and no other, has rows: a block that yields one integer of constants, dims of the session, expressions and selections
// expected-error @+1 {{expected one block of rows exactly in a ring, got 0}}
hadal.state @c ring : tensor<?x?x80xf32>

// -----

// state_c4
plan.block_table @pages page_size 64
// expected-error @+1 {{expected one block of rows exactly in a ring, got 1}}
hadal.state @c growing @pages : tensor<?x64x80xf32> rows {
  %rows = plan.constant 128
  plan.yield %rows
}

// -----

// state_c4
// expected-error @+1 {{expected rows that yield one integer and take none}}
hadal.state @c ring : tensor<?x?x80xf32> rows {
  %rows = plan.constant 128
  plan.yield %rows, %rows
}

// -----

// state_c4
hadal.state @c ring : tensor<?x?x80xf32> rows {
  %rows = plan.constant 128
  // expected-error @+1 {{expected constants, dims, expressions and selections in rows}}
  %w = plan.parameter @w
  plan.yield %rows
}

// -----

// state_c4
plan.host_dim @tokens is tokens
hadal.state @c ring : tensor<?x?x80xf32> rows {
  // expected-error @+1 {{expected a dim of the session in rows, got tokens}}
  %rows = plan.dim @tokens
  plan.yield %rows
}

// -----

// state_c5: the symbol names a plan.block_table
plan.host_dim @tokens is tokens
// expected-error @+1 {{expected @tokens to name a plan.block_table}}
hadal.state @c growing @tokens : tensor<?x64x80xf32>

// -----

// state_c6: a row is of rank 8 at most, without an extent of 0, and has at most 1,048,576 elements
plan.block_table @pages page_size 64
// expected-error @+1 {{expected a row of rank 8 at most and from 1 to 1048576 elements, got 'tensor<?x64x4294967376xf32>'}}
hadal.state @c growing @pages : tensor<?x64x4294967376xf32>

// -----

// state_c6
plan.block_table @pages page_size 64
// expected-error @+1 {{expected a row of rank 8 at most and from 1 to 1048576 elements, got 'tensor<?x64x4294967296x4294967296xf32>'}}
hadal.state @c growing @pages : tensor<?x64x4294967296x4294967296xf32>

// -----

// state_c6
plan.block_table @pages page_size 64
// expected-error @+1 {{expected a row of rank 8 at most and from 1 to 1048576 elements, got 'tensor<?x64x0xf32>'}}
hadal.state @c growing @pages : tensor<?x64x0xf32>

// -----

// state_c6
plan.block_table @pages page_size 64
// expected-error @+1 {{expected a row of rank 8 at most and from 1 to 1048576 elements, got 'tensor<?x64x1x1x1x1x1x1x1x1x1xf32>'}}
hadal.state @c growing @pages : tensor<?x64x1x1x1x1x1x1x1x1x1xf32>

// -----

// state_c7: rows of a ring that are constant are at least 1
// expected-error @+1 {{expected at least 1 row, got -5}}
hadal.state @c ring : tensor<?x?x80xf32> rows {
  %rows = plan.constant -5
  plan.yield %rows
}

// -----

// state_c7
// expected-error @+1 {{expected at least 1 row, got 0}}
hadal.state @c ring : tensor<?x?x80xf32> rows {
  %one = plan.constant 1
  %rows = plan.expr sub %one, %one
  plan.yield %rows
}

// -----

// state_read_c1: the symbol names a hadal.state of the same type
hadal.parameter @c : tensor<4x4xf32>
func.func @f() {
  // expected-error @+1 {{expected @c to name a hadal.state}}
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  return
}

// -----

// state_write_c1: the symbol names a hadal.state of the same type
plan.block_table @pages page_size 64
hadal.state @c growing @pages : tensor<?x64x80xf32>
func.func @f(%value: tensor<?x64x80xbf16>) {
  // expected-error @+1 {{expected the type of the symbol to be 'tensor<?x64x80xf32>', got 'tensor<?x64x80xbf16>'}}
  hadal.state_write @c, %value : tensor<?x64x80xbf16>
  return
}
