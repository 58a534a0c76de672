// SPDX-License-Identifier: Apache-2.0
// What the host knows: dims by name, block tables, and expressions over them.
#ifndef PLAN_IR_PLANHOSTOPS_TD
#define PLAN_IR_PLANHOSTOPS_TD

include "plan/IR/PlanBase.td"

// ---- Declarations --------------------------------------------------------------

def Plan_HostDimOp : Plan_Op<"host_dim", [Symbol, ProgramDeclaration, NamedInArtifact, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "An integer that the host knows, by name (table HostDim)";
  let description = [{
    `kind` says what it is, and so who sets it: the session when it opens (slots,
    capacity, pages_per_slot, step_tokens, rank, world_size, session_value) or each
    call. What is the caller's own (session_value, call_value) has a default, zero
    where left out, and bounds, from 0 to 2,147,483,647 where left out.

    Constraints:
    1. host_dim_c1: a block table is named exactly by pages_per_slot, and is a plan.block_table
    2. host_dim_c2: only what is the caller's own has a default and bounds
    3. host_dim_c3: the bounds are in order, and the default lies within them

    ```mlir
    plan.host_dim @tokens is tokens
    plan.host_dim @pages_per_slot is pages_per_slot of @pages
    plan.host_dim @drafts is session_value default 0 from 0 to 8
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Plan_DimKind:$kind, OptionalAttr<FlatSymbolRefAttr>:$block_table,
                       OptionalAttr<I64Attr>:$default_value, OptionalAttr<I64Attr>:$minimum, OptionalAttr<I64Attr>:$maximum);
  let assemblyFormat = [{
    $sym_name `is` $kind (`of` $block_table^)? (`default` $default_value^)? (`from` $minimum^)? (`to` $maximum^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The default and the bounds, as they are where left out.
    int64_t getDefaultOrZero() { return getDefaultValue().value_or(0); }
    int64_t getLeast() { return getMinimum().value_or(0); }
    int64_t getMost() { return getMaximum().value_or(INT32_MAX); }
  }];
}

def Plan_BlockTableOp : Plan_Op<"block_table", [Symbol, ProgramDeclaration, NamedInArtifact]> {
  let summary = "Which page holds which rows of a slot (table BlockTable)";
  let description = [{
    For the growing states that advance together: `[slots, pages_per_slot]` of i32.
    A page holds `page_size` rows; a row is made for every `tokens_per_row` tokens of
    a sequence.

    Constraints:
    1. block_table_c1: page size and tokens a row are from 1 to 1,048,576

    ```mlir
    plan.block_table @pages page_size 64
    plan.block_table @compressed page_size 16 tokens_per_row 4
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$page_size, DefaultValuedAttr<I64Attr, "1">:$tokens_per_row);
  let assemblyFormat = "$sym_name `page_size` $page_size (`tokens_per_row` $tokens_per_row^)? attr-dict";
  let hasVerifier = 1;
}

// ---- Expressions (struct Expr) -------------------------------------------------

def Plan_ConstantOp : Plan_Op<"constant", [Pure, ConstantLike]> {
  let summary = "A constant expression";
  let description = "```mlir\n%c = plan.constant 64\n```";
  let arguments = (ins I64Attr:$value);
  let results = (outs Plan_Int:$result);
  let assemblyFormat = "$value attr-dict";
  let hasFolder = 1;
}

def Plan_DimOp : Plan_Op<"dim", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The value of a dim that the host knows";
  let description = [{
    Constraints:
    1. dim_c1: the symbol names a plan.host_dim

    ```mlir
    %n = plan.dim @tokens
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$dim);
  let results = (outs Plan_Int:$result);
  let assemblyFormat = "$dim attr-dict";
}

def Plan_ExtentOp : Plan_Op<"extent", [Pure, HasParent<"EntryOp">]> {
  let summary = "An extent of an argument that no dim names";
  let description = [{
    Constraints:
    1. extent_c1: the entry point has that argument, and it has that axis

    ```mlir
    %n = plan.extent 0, 1
    ```
    is the second extent of the first argument.
  }];
  let arguments = (ins I64Attr:$argument, I64Attr:$axis);
  let results = (outs Plan_Int:$result);
  let assemblyFormat = "$argument `,` $axis attr-dict";
  let hasVerifier = 1;
}

def Plan_ExprOp : Plan_Op<"expr", [Pure]> {
  let summary = "An operation on two expressions";
  let description = [{
    In 64-bit integers; divisions round down (floor_div) or up (ceil_div), and
    want a positive divisor; lt, le, eq, and, or give 0 or 1. What overflows, or
    divides by what is not positive, is an error when it is evaluated.

    ```mlir
    %b = plan.expr mul %n, %c
    ```
  }];
  let arguments = (ins Plan_ExprKind:$kind, Plan_Int:$a, Plan_Int:$b);
  let results = (outs Plan_Int:$result);
  let assemblyFormat = "$kind $a `,` $b attr-dict";
  let hasFolder = 1;
}

def Plan_SelectOp : Plan_Op<"select", [Pure]> {
  let summary = "a where the condition is not zero, else b";
  let description = "```mlir\n%x = plan.select %c, %a, %b\n```";
  let arguments = (ins Plan_Int:$condition, Plan_Int:$a, Plan_Int:$b);
  let results = (outs Plan_Int:$result);
  let assemblyFormat = "$condition `,` $a `,` $b attr-dict";
  let hasFolder = 1;
}

def Plan_YieldOp : Plan_Op<"yield", [Pure, Terminator]> {
  let summary = "The result of a region of expressions";
  let description = "```mlir\nplan.yield %rows\n```";
  let arguments = (ins Variadic<Plan_Int>:$values);
  let assemblyFormat = "$values attr-dict";
}

#endif // PLAN_IR_PLANHOSTOPS_TD
