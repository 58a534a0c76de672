// SPDX-License-Identifier: Apache-2.0
// Ops that declare and read weights and states, and read what the host knows.
#ifndef HADAL_IR_HADALPARAMETEROPS_TD
#define HADAL_IR_HADALPARAMETEROPS_TD

include "hadal/IR/HadalAttributes.td"

def Hadal_ParameterOp : Hadal_Op<"parameter", [Symbol, ProgramDeclaration, NamedInArtifact]> {
  let summary = "Declares a weight and says where its bytes come from";
  let description = [{
    One logical weight. Its bytes are those of `sources`, each of the same
    stored shape, and of a stored type of its own, stacked along a new first dimension when there are several
    (the experts of a layer are one parameter); or a rotary table that the
    runtime computes (`table`). With neither, the module was made from a
    configuration alone and can be compiled for inspection, not run.

    Steps from source to parameter, in this order: select rows (`select`),
    transpose the last two dimensions (`transpose`), convert the elements to the
    type's element type, lay out as the type's encoding says.
    `scales` are the block scales of f8E4M3FN sources, one for each such source in
    their order, with blocks of `block` = [rows, columns] of the stored matrix: the
    conversion to a wider type multiplies by them. A parameter that stays f8E4M3FN has none; its
    scales are another parameter.

    Constraints:
    1. parameter_c1: sources and a table exclude each other
    2. parameter_c2: all sources have the same stored shape
    3. parameter_c3: the elements that the sources give are as many as the type has
    4. parameter_c4: one scale for each source of f8E4M3FN, or none
    5. parameter_c5: a selection lies inside its group and the group divides the rows of the source
    6. parameter_c6: the type has a static shape of rank 8 at most, no extent of 0, and elements of f32, f16, bf16 or f8E4M3FN
    7. parameter_c7: a source's length, and a scale's, is that of its stored type
    8. parameter_c8: a block of two positive extents is given exactly with scales
    9. parameter_c9: the type of a table is [P, dim / 2] of f32, without a layout
    10. parameter_c10: an encoding of the type is a layout
    11. parameter_c11: the angles of a table are finite in f32 for all positions that there can be
    12. parameter_c12: the bytes that are stored, padding included, are within 63 bits

    ```mlir
    hadal.parameter @norm : tensor<192xbf16>
      sources [#hadal.source<0, "model.norm.weight", offset = 128, length = 384, tensor<192xbf16>>]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type,
                       OptionalAttr<TypedArrayAttrBase<Hadal_SourceAttr, "array of sources">>:$sources,
                       OptionalAttr<TypedArrayAttrBase<Hadal_SourceAttr, "array of sources">>:$scales,
                       OptionalAttr<DenseI64ArrayAttr>:$block,
                       OptionalAttr<Hadal_RopeTableAttr>:$table,
                       OptionalAttr<Hadal_RowSelectAttr>:$select,
                       UnitAttr:$transpose);
  let assemblyFormat = [{
    $sym_name `:` $type (`sources` $sources^)? (`scales` $scales^)? (`block` $block^)? (`table` $table^)?
    (`select` $select^)? (`transpose` $transpose^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() { return ::mlir::cast<::mlir::RankedTensorType>(getType()); }
  }];
}

def Hadal_ParamOp : Hadal_Op<"param", [Pure, StaysInEntry, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The value of a parameter";
  let description = [{
    Constraints:
    1. param_c1: the symbol names a hadal.parameter of the same type

    ```mlir
    %w = hadal.param @norm : tensor<192xbf16>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$name);
  let results = (outs AnyRankedTensor:$value);
  let assemblyFormat = "$name attr-dict `:` type($value)";
}

def Hadal_StateOp : Hadal_Op<"state", [Symbol, ProgramDeclaration, NamedInArtifact, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Declares what a session keeps between calls";
  let description = [{
    Rows of the slots' sequences on the device, zero when a session opens; a row is
    of any shape.

    A *growing* state has a row for every `tokens_per_row` tokens of its block table:
    `[pages, page_size, row...]`. How many pages there are is chosen when a session
    opens. A *ring* has the last rows of each slot: `[slots, rows, row...]`, where a
    region computes the rows from dims of the session.

    Constraints:
    1. state_c1: a growing state is [dynamic pages, page size of its block table, static row...]
    2. state_c2: a ring is [dynamic slots, dynamic rows, static row...]
    3. state_c3: elements are f64, f32, f16, bf16, f8E4M3FN, i8, i16, i32 or i64
    4. state_c4: a ring, and no other, has rows: a block that yields one integer of constants, dims of the session, expressions and selections
    5. state_c5: the symbol names a plan.block_table
    6. state_c6: a row is of rank 8 at most, without an extent of 0, and has at most 1,048,576 elements
    7. state_c7: rows of a ring that are constant are at least 1

    ```mlir
    hadal.state @cache.0 growing @pages : tensor<?x64x80xf32>
    hadal.state @window ring : tensor<?x?x2x128xf32> rows {
      %window = plan.constant 128
      %step = plan.dim @step_tokens
      %rows = plan.expr add %window, %step
      plan.yield %rows
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<FlatSymbolRefAttr>:$block_table, TypeAttrOf<AnyRankedTensor>:$type);
  let regions = (region AnyRegion:$rows);
  let assemblyFormat = "$sym_name (`growing` $block_table^) : (`ring`)? `:` $type (`rows` $rows^)? attr-dict";
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() { return ::mlir::cast<::mlir::RankedTensorType>(getType()); }
    bool isRing() { return !getBlockTableAttr(); }
    /// The shape of one row.
    ::llvm::ArrayRef<int64_t> getRowShape() { return getTensorType().getShape().drop_front(2); }
    /// Bytes that a token takes, rounded up; none in a ring.
    int64_t getBytesPerToken();
  }];
}

def Hadal_StateReadOp : Hadal_Op<"state_read", [StaysInEntry, MemoryEffects<[MemRead]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The value of a state when the step begins";
  let description = [{
    Constraints:
    1. state_read_c1: the symbol names a hadal.state of the same type

    ```mlir
    %cache = hadal.state_read @cache.0 : tensor<?x64x80xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$name);
  let results = (outs AnyRankedTensor:$value);
  let assemblyFormat = "$name attr-dict `:` type($value)";
}

def Hadal_StateWriteOp : Hadal_Op<"state_write", [StaysInEntry, MemoryEffects<[MemWrite]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The value of a state when the step ends";
  let description = [{
    The value must be the state's own, updated in place: `hadal-verify-model`
    follows it through destination-style ops back to the `state_read` and
    rejects anything else, since that would copy the cache.

    Constraints:
    1. state_write_c1: the symbol names a hadal.state of the same type

    ```mlir
    hadal.state_write @cache.0, %cache : tensor<?x64x80xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$name, AnyRankedTensor:$value);
  let assemblyFormat = "$name `,` $value attr-dict `:` type($value)";
}

def Hadal_HostDimOp : Hadal_Op<"host_dim", [Pure, StaysInEntry, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "An integer that the host knows, by the name of its plan.host_dim";
  let description = [{
    The same on every device before a step starts, so that extents of tensors may be
    made of it. The declaration may stand outside of the executable whose body reads it.

    Constraints:
    1. host_dim_c1: the symbol names a plan.host_dim

    ```mlir
    %context = hadal.host_dim @max_context
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$name);
  let results = (outs Index:$value);
  let assemblyFormat = "$name attr-dict";
}

def Hadal_TapOp : Hadal_Op<"tap", [StaysInEntry, NamedInArtifact, MemoryEffects<[MemWrite]>]> {
  let summary = "Names an intermediate that verification can ask for";
  let description = [{
    ```mlir
    hadal.tap "hidden.3", %x : tensor<?x192xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, AnyRankedTensor:$value);
  let assemblyFormat = "$name `,` $value attr-dict `:` type($value)";
}

#endif // HADAL_IR_HADALPARAMETEROPS_TD
