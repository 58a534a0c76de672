// What functions, their arguments and results say of themselves is verified.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// port_c1: hadal.port is an attribute of this type on a ranked tensor
// expected-error @+1 {{expected hadal.port to be #hadal.port on a ranked tensor, got "tokens" on 'tensor<?xi32>'}}
func.func private @f(tensor<?xi32> {hadal.port = "tokens"})

// -----

// port_c1
// expected-error @+1 {{expected hadal.port to be #hadal.port on a ranked tensor, got #hadal.port<"x", value> on 'f32'}}
func.func private @f(f32 {hadal.port = #hadal.port<"x", value>})

// -----

// port_c2: the role is one of an argument, or of a result, and of such a tensor
// expected-error @+1 {{'x': expected a role of a result, got slots}}
func.func private @f() -> (tensor<?xi32> {hadal.port = #hadal.port<"x", slots>})

// -----

// port_c2
// expected-error @+1 {{'x': expected positions to be a tensor of rank 1 of i32, got 'tensor<?x2xi32>'}}
func.func private @f(tensor<?x2xi32> {hadal.port = #hadal.port<"x", positions>})

// -----

// port_c3: extents are given for none or all of the dynamic axes of an argument, and for none of a result
plan.host_dim @tokens is tokens
// expected-error @+1 {{expected extents for each of 2 dynamic axes of 'x', got 1}}
func.func private @f(tensor<?x8x?xi32> {hadal.port = #hadal.port<"x", value, [@tokens]>})

// -----

// port_c3
plan.host_dim @tokens is tokens
// expected-error @+1 {{'x': expected no extents of a result, which follow from the function, got 1}}
func.func private @f() -> (tensor<?xi32> {hadal.port = #hadal.port<"x", value, [@tokens]>})

// -----

// port_c4: extents name dims, which are those of the role
// expected-error @+1 {{expected @tokens to name a plan.host_dim}}
func.func private @f(tensor<?xi32> {hadal.port = #hadal.port<"x", value, [@tokens]>})

// -----

// port_c4
plan.host_dim @sequences is sequences
// expected-error @+1 {{expected extent 0 of 'x' to be sequences + 1, got sequences + 0}}
func.func private @f(tensor<?xi32> {hadal.port = #hadal.port<"x", sequence_offsets, [@sequences]>})

// -----

// port_c5: a block table is named exactly by that role, and is a plan.block_table
// expected-error @+1 {{'x': expected a plan.block_table exactly for the role block_table, got none}}
func.func private @f(tensor<?x?xi32> {hadal.port = #hadal.port<"x", block_table>})

// -----

// port_c5
plan.host_dim @tokens is tokens
// expected-error @+1 {{'x': expected @tokens to name a plan.block_table}}
func.func private @f(tensor<?x?xi32> {hadal.port = #hadal.port<"x", block_table of @tokens>})

// -----

// port_c6: the name is UTF-8 text, not empty and without NUL
// expected-error @+1 {{expected hadal.port to be UTF-8 text, not empty and without NUL, got ''}}
func.func private @f(tensor<4xi32> {hadal.port = #hadal.port<"", value>})

// -----

// port_c6
// expected-error @+1 {{expected hadal.port to be UTF-8 text, not empty and without NUL, got 'x}}
func.func private @f() -> (tensor<4xi32> {hadal.port = #hadal.port<"x\00", value>})

// -----

// hadal_c2: an attribute of the dialect on an argument or a result of a function is hadal.port
// expected-error @+1 {{expected hadal.port on an argument of a function and no other attribute of the hadal dialect, got hadal.prot}}
func.func private @f(tensor<4xi32> {hadal.prot = #hadal.port<"x", value>})

// -----

// hadal_c2
// expected-error @+1 {{expected hadal.port on a result of a function and no other attribute of the hadal dialect, got hadal.entry}}
func.func private @f() -> (tensor<4xi32> {hadal.entry = #hadal.entry<step>})
