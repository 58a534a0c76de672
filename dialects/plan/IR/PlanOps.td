// SPDX-License-Identifier: Apache-2.0
// Ops of the plan dialect, in the order of the schema's tables.
#ifndef PLAN_IR_PLANOPS_TD
#define PLAN_IR_PLANOPS_TD

include "plan/IR/PlanBase.td"

// ---- Programs ----------------------------------------------------------------

def Plan_ProgramOp : Plan_Op<"program", [Symbol, SymbolTable, NoTerminator, SingleBlock, NoRegionArguments, IsolatedFromAbove]> {
  let summary = "Everything for one target family (table Program)";
  let description = [{
    ```mlir
    plan.program @cpu abi 1 {
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I32Attr:$abi);
  let regions = (region SizedRegion<1>:$contents);
  let assemblyFormat = "$sym_name `abi` $abi $contents attr-dict";
}

def Plan_ImageOp : Plan_Op<"image", [Symbol, SymbolTable, NoTerminator, SingleBlock, NoRegionArguments, IsolatedFromAbove, HasParent<"ProgramOp">]> {
  let summary = "Code of all kernels for one level (a Section of kind kernels)";
  let description = [{
    Holds functions of the llvm dialect, which serialisation compiles.

    ```mlir
    plan.image @cpu.v3 level "x86-64-v3" {
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$level);
  let regions = (region SizedRegion<1>:$contents);
  let assemblyFormat = "$sym_name `level` $level $contents attr-dict";
}

def Plan_ExecutableOp : Plan_Op<"executable", [Symbol, HasParent<"ProgramOp">]> {
  let summary = "A kernel and the images that hold it (table Executable)";
  let description = [{
    `access` of each binding: 0 read, 1 write, 2 both. The images are named best
    first; the kernel's symbol in them is the executable's own.

    Constraints:
    1. executable_c1: every access is 0, 1 or 2
    2. executable_c2: constants and scratch are not negative

    ```mlir
    plan.executable @rms_norm_64 family "rms_norm" access [0, 0, 1] constants 0 scratch 0 images [@cpu.v3]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$family, DenseI64ArrayAttr:$access, I64Attr:$constant_count,
                       I64Attr:$scratch, TypedArrayAttrBase<FlatSymbolRefAttr, "array of images">:$images);
  let assemblyFormat = [{
    $sym_name `family` $family `access` $access `constants` $constant_count `scratch` $scratch `images` $images attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_EntryOp : Plan_Op<"entry", [Symbol, NoTerminator, SingleBlock, NoRegionArguments, IsolatedFromAbove, HasParent<"ProgramOp">]> {
  let summary = "A function that a session can call (table EntryPoint)";
  let description = [{
    ```mlir
    plan.entry @prefill {
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$contents);
  let assemblyFormat = "$sym_name $contents attr-dict";
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

def Plan_DimOp : Plan_Op<"dim", [Pure]> {
  let summary = "An integer that the caller or the session sets";
  let description = "```mlir\n%n = plan.dim tokens\n```";
  let arguments = (ins Plan_Dim:$dim);
  let results = (outs Plan_Int:$result);
  let assemblyFormat = "$dim attr-dict";
}

def Plan_ExprOp : Plan_Op<"expr", [Pure]> {
  let summary = "An operation on two expressions";
  let description = [{
    In 64-bit integers; divisions round down (floor_div) or up (ceil_div), and
    want a positive divisor; lt, le, eq, and, or give 0 or 1. What overflows, or
    divides by what is not positive, is an error when a step starts.

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

// ---- Workgroups ------------------------------------------------------------------

def Plan_CountOp : Plan_Op<"count", [SingleBlock, IsolatedFromAbove]> {
  let summary = "How many workgroups a launch of a kernel has";
  let description = [{
    The block's arguments are the constants of the launch; it yields the extents of
    the grid in x, y and z. Each variant of a kernel has a count of its own, over
    the same constants.

    Constraints:
    1. count_c1: arguments are of !plan.int, and three are yielded
    2. count_c2: holds plan.constant and plan.expr only

    ```mlir
    plan.count {
    ^bb0(%rows: !plan.int):
      %one = plan.constant 1
      plan.yield %rows, %one, %one
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$body attr-dict";
  let hasRegionVerifier = 1;
}

def Plan_YieldOp : Plan_Op<"yield", [Pure, Terminator, HasParent<"CountOp">]> {
  let summary = "The results of a region of expressions";
  let arguments = (ins Variadic<Plan_Int>:$values);
  let assemblyFormat = "$values attr-dict";
}

// ---- Buffers -------------------------------------------------------------------

class Plan_PortOp<string mnemonic, string what> : Plan_Op<mnemonic, [Pure]> {
  let summary = what # " of the entry point (table Argument)";
  let description = [{
    `type` is a tensor whose dynamic extents are given by `sizes`, in order.

    Constraints:
    1. port_c1: one size for each dynamic extent
  }];
  let arguments = (ins I64Attr:$index, StrAttr:$name, TypeAttrOf<AnyRankedTensor>:$type, Variadic<Plan_Int>:$sizes);
  let results = (outs Plan_Buffer:$buffer);
  let assemblyFormat = "$index $name `:` $type `sizes` `(` $sizes `)` attr-dict";
  let hasVerifier = 1;
}
def Plan_ArgumentOp : Plan_PortOp<"argument", "An argument">;
def Plan_ResultOp : Plan_PortOp<"result", "A result">;

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

    ```mlir
    %t = plan.buffer "layers.0.attn.q" offset %o size %s
    ```
  }];
  let arguments = (ins StrAttr:$name, Plan_Int:$offset, Plan_Int:$size);
  let results = (outs Plan_Buffer:$buffer);
  let assemblyFormat = "$name `offset` $offset `size` $size attr-dict";
}

def Plan_ArenaOp : Plan_Op<"arena", [HasParent<"EntryOp">]> {
  let summary = "Bytes of transient storage of the entry point";
  let description = "```mlir\nplan.arena %size\n```";
  let arguments = (ins Plan_Int:$size);
  let assemblyFormat = "$size attr-dict";
}

// ---- What is executed ----------------------------------------------------------

def Plan_LaunchOp : Plan_Op<"launch", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs a kernel over a grid (table Launch)";
  let description = [{
    A grid with a zero extent skips the launch. `flops` and `bytes` are upper
    bounds for reports: multiply-adds times two, parameter bytes read.

    Constraints:
    1. launch_c1: the symbol names a plan.executable of the program
    2. launch_c2: as many bindings and constants as the executable has

    ```mlir
    plan.launch @rms_norm_64 grid(%n, %one, %one) bindings(%x, %w, %y) constants() label "layers.0.input_norm" flops %f bytes %b
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$executable, Plan_Int:$x, Plan_Int:$y, Plan_Int:$z,
                       Variadic<Plan_Buffer>:$bindings, Variadic<Plan_Int>:$constants, StrAttr:$label,
                       Plan_Int:$flops, Plan_Int:$bytes);
  let assemblyFormat = [{
    $executable `grid` `(` $x `,` $y `,` $z `)` `bindings` `(` $bindings `)` `constants` `(` $constants `)`
    `label` $label `flops` $flops `bytes` $bytes attr-dict
  }];
}

def Plan_BranchOp : Plan_Op<"branch", [NoTerminator, NoRegionArguments]> {
  let summary = "Runs one of two lists (table Branch)";
  let description = [{
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

def Plan_TapOp : Plan_Op<"tap"> {
  let summary = "A named intermediate (table Tap)";
  let description = [{
    Constraints:
    1. tap_c1: one size for each dynamic extent

    ```mlir
    plan.tap "hidden.0", %x : tensor<?x64xf32> sizes(%n)
    ```
  }];
  let arguments = (ins StrAttr:$name, Plan_Buffer:$buffer, TypeAttrOf<AnyRankedTensor>:$type, Variadic<Plan_Int>:$sizes);
  let assemblyFormat = "$name `,` $buffer `:` $type `sizes` `(` $sizes `)` attr-dict";
  let hasVerifier = 1;
}

#endif // PLAN_IR_PLANOPS_TD
