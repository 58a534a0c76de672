// SPDX-License-Identifier: Apache-2.0
// Entry points: buffers and what is executed.
#ifndef PLAN_IR_PLANENTRYOPS_TD
#define PLAN_IR_PLANENTRYOPS_TD

include "plan/IR/PlanBase.td"

def Plan_EntryOp : Plan_Op<"entry", [Symbol, NamedInArtifact, NoTerminator, SingleBlock, NoRegionArguments, IsolatedFromAbove, HasParent<"ProgramOp">]> {
  let summary = "A function that a session can call (table EntryPoint)";
  let description = [{
    A session calls the entry points of the roles step and decode for the next tokens
    of its sequences, others by their name.

    Constraints:
    1. entry_c1: holds expressions, buffers and what is executed only
    2. entry_c2: the index of an argument, and of a result, is its place among them

    ```mlir
    plan.entry @forward role step {
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DefaultValuedAttr<Plan_EntryRole, "::hadal::plan::EntryRole::Other">:$role);
  let regions = (region SizedRegion<1>:$contents);
  let assemblyFormat = "$sym_name (`role` $role^)? $contents attr-dict";
  let hasRegionVerifier = 1;
}

// ---- Buffers -------------------------------------------------------------------

class Plan_PortOp<string mnemonic, string what> : Plan_Op<mnemonic, [Pure, NamedInArtifact, HasParent<"EntryOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = what # " of the entry point (table Argument)";
  let arguments = (ins I64Attr:$index, StrAttr:$name, DefaultValuedAttr<Plan_PortRole, "::hadal::plan::PortRole::Value">:$role,
                       OptionalAttr<FlatSymbolRefAttr>:$block_table, TypeAttrOf<AnyRankedTensor>:$type, Variadic<Plan_Int>:$sizes);
  let results = (outs Plan_Buffer:$buffer);
  let assemblyFormat = [{
    $index $name (`role` $role^)? (`of` $block_table^)? `:` $type `sizes` `(` $sizes `)` attr-dict
  }];
  let hasVerifier = 1;
}
def Plan_ArgumentOp : Plan_PortOp<"argument", "An argument"> {
  let description = [{
    `role` says what the caller or the session gives, by `name` where it is a value of
    their own. `type` is a tensor whose dynamic extents are given by `sizes`, in order.

    Constraints:
    1. port_c1: one size for each dynamic extent
    2. port_c2: the role is one of an argument, or of a result, and of such a tensor
    3. port_c3: a block table is named exactly by that role, and is a plan.block_table

    ```mlir
    %x = plan.argument 0 "tokens" role tokens : tensor<?xi32> sizes(%n)
    %t = plan.argument 5 "block_table" role block_table of @pages : tensor<?x?xi32> sizes(%s, %p)
    ```
  }];
}
def Plan_ResultOp : Plan_PortOp<"result", "A result"> {
  let description = [{
    As plan.argument; a result of the role `kept` stays on the device, for an argument
    of that role and name.

    ```mlir
    %y = plan.result 0 "logits" role logits : tensor<?x97xf32> sizes(%r)
    ```
  }];
}

def Plan_ParameterOp : Plan_Op<"parameter", [Pure]> {
  let summary = "The resident buffer of a parameter (kind parameter)";
  let description = "```mlir\n%w = plan.parameter @norm\n```";
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs Plan_Buffer:$buffer);
  let assemblyFormat = "$parameter attr-dict";
}

def Plan_StateOp : Plan_Op<"state", [Pure]> {
  let summary = "The buffer of a state (kind state)";
  let description = "```mlir\n%c = plan.state @cache.0\n```";
  let arguments = (ins FlatSymbolRefAttr:$state);
  let results = (outs Plan_Buffer:$buffer);
  let assemblyFormat = "$state attr-dict";
}

def Plan_BufferOp : Plan_Op<"buffer", [Pure]> {
  let summary = "Transient storage in the arena (table Buffer)";
  let description = [{
    Offset and size in bytes; offsets are multiples of 64. Buffers whose lives do
    not overlap may share storage.

    Constraints:
    1. buffer_c1: an offset that is constant is a multiple of 64, and neither is negative

    ```mlir
    %t = plan.buffer "layers.0.attn.q" offset %o size %s
    ```
  }];
  let arguments = (ins StrAttr:$name, Plan_Int:$offset, Plan_Int:$size);
  let results = (outs Plan_Buffer:$buffer);
  let assemblyFormat = "$name `offset` $offset `size` $size attr-dict";
  let hasVerifier = 1;
}

def Plan_ArenaOp : Plan_Op<"arena", [HasParent<"EntryOp">]> {
  let summary = "Bytes of transient storage of the entry point";
  let description = "```mlir\nplan.arena %size\n```";
  let arguments = (ins Plan_Int:$size);
  let assemblyFormat = "$size attr-dict";
}

// ---- What is executed ----------------------------------------------------------

def Plan_LaunchOp : Plan_Op<"launch", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs a kernel (table Launch)";
  let description = [{
    The interface of the variant that the device takes says how many workgroups the
    constants give. `flops` and `bytes` are upper bounds for reports: multiply-adds
    times two, parameter bytes read.

    Constraints:
    1. launch_c1: the symbol names a plan.executable of the program
    2. launch_c2: as many bindings and constants as the executable has
    3. launch_c3: no argument or parameter where the executable writes

    ```mlir
    plan.launch @norm bindings(%x, %w, %y) constants(%n) label "layers.0.input_norm" flops %f bytes %b
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$executable, Variadic<Plan_Buffer>:$bindings, Variadic<Plan_Int>:$constants,
                       StrAttr:$label, Plan_Int:$flops, Plan_Int:$bytes);
  let assemblyFormat = [{
    $executable `bindings` `(` $bindings `)` `constants` `(` $constants `)` `label` $label
    `flops` $flops `bytes` $bytes attr-dict
  }];
}

def Plan_BranchOp : Plan_Op<"branch", [NoTerminator, NoRegionArguments]> {
  let summary = "Runs one of two lists (table Branch)";
  let description = [{
    Constraints:
    1. branch_c1: one block for either list at most, and at most 8 branches inside each other

    ```mlir
    plan.branch %c {
      plan.tap "absorbed", %x : tensor<4x64xf32> sizes()
    } else {
      plan.tap "expanded", %x : tensor<4x64xf32> sizes()
    }
    ```
  }];
  let arguments = (ins Plan_Int:$condition);
  let regions = (region SizedRegion<1>:$then_ops, AnyRegion:$else_ops);
  let assemblyFormat = "$condition $then_ops (`else` $else_ops^)? attr-dict";
}

def Plan_TapOp : Plan_Op<"tap", [NamedInArtifact]> {
  let summary = "A named intermediate (table Tap)";
  let description = [{
    Constraints:
    1. tap_c1: one size for each dynamic extent
    2. tap_c2: the tensor is of rank 8 at most

    ```mlir
    plan.tap "hidden.0", %x : tensor<?x64xf32> sizes(%n)
    ```
  }];
  let arguments = (ins StrAttr:$name, Plan_Buffer:$buffer, TypeAttrOf<AnyRankedTensor>:$type, Variadic<Plan_Int>:$sizes);
  let assemblyFormat = "$name `,` $buffer `:` $type `sizes` `(` $sizes `)` attr-dict";
  let hasVerifier = 1;
}

#endif // PLAN_IR_PLANENTRYOPS_TD
