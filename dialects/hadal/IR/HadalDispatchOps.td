// SPDX-License-Identifier: Apache-2.0
// Dispatch and kernel stages: programs, executables, their variants and the calls to them.
#ifndef HADAL_IR_HADALDISPATCHOPS_TD
#define HADAL_IR_HADALDISPATCHOPS_TD

include "hadal/IR/HadalAttributes.td"
include "mlir/IR/RegionKindInterface.td"

def Hadal_ProgramOp : Hadal_Op<"program", [Symbol, SymbolTable, NoTerminator, SingleBlock, NoRegionArguments, IsolatedFromAbove, HasParent<"::mlir::ModuleOp">]> {
  let summary = "Everything for one target";
  let description = [{
    From the dispatch stage on a module holds one program for each target that it
    is compiled for. Declarations, entry points and executables are the
    program's own, since layouts and fusion differ from target to target; what
    two programs store alike is written once.

    Constraints:
    1. program_c1: holds declarations, executables and functions with a body only
    2. program_c2: dims are at most 256, block tables 64

    ```mlir
    hadal.program @cpu target <"cpu"> {
      hadal.parameter @w : tensor<64xf32>
      func.func @prefill(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
        return %x : tensor<?x64xf32>
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Hadal_TargetAttr:$target);
  let regions = (region SizedRegion<1>:$contents);
  let assemblyFormat = "$sym_name `target` $target $contents attr-dict";
  let hasRegionVerifier = 1;
}

def Hadal_ExecutableOp : Hadal_Op<"executable", [Symbol, NamedInArtifact, SymbolTable, NoTerminator, SingleBlock, NoRegionArguments, IsolatedFromAbove]> {
  let summary = "One distinct kernel and its forms";
  let description = [{
    Holds the function that says what the kernel computes (`@body`, on tensors:
    an op, and what the target fuses to it) and, from the kernel stage on, one hadal.variant for each level of the
    target. Equal dispatches share an executable, so a model of 61 equal layers
    has as many as one of two.

    Constraints:
    1. executable_c1: holds a function named body of one block
    2. executable_c2: an interface binds operands and results of the body, with an access for each, and writes results
    3. executable_c3: constants are integers of i64, extents of operands, or dims by name
    4. executable_c4: bindings are at most 64, constants 256
    5. executable_c5: holds the body and variants only

    ```mlir
    hadal.executable @rms_norm_0 {
      func.func @body(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> tensor<?x64xf32> {
        %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
        return %y : tensor<?x64xf32>
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<Hadal_KernelInterfaceAttr>:$interface);
  let regions = (region SizedRegion<1>:$contents);
  let assemblyFormat = "$sym_name (`interface` $interface^)? $contents attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::func::FuncOp getBody();
    /// The ops of the body, in their order, without the return.
    ::llvm::SmallVector<::mlir::Operation *> getBodyOps();
    /// What the body returns.
    ::mlir::OperandRange getBodyResults();
    /// The op that gives the kernel its name and family; null in an empty body.
    ::mlir::Operation *getRoot() { return findRoot(getBodyOps()); }
  }];
}

def Hadal_VariantOp : Hadal_Op<"variant", [HasParent<"ExecutableOp">, SymbolTable, NoTerminator, SingleBlock, NoRegionArguments, IsolatedFromAbove]> {
  let summary = "The code of a kernel for one level of its target";
  let description = [{
    Holds one function, the kernel, which follows the target's kernel interface,
    and one `plan.interface`, which says how it is launched.

    ```mlir
    hadal.variant "x86-64-v3" {
      plan.interface scratch 256 {
      ^bb0(%rows: !plan.int):
        %one = plan.constant 1
        plan.grid %rows, %one, %one
      }
      func.func @norm(%dispatch: !llvm.ptr, %workgroup: !llvm.ptr) -> i32
    }
    ```
  }];
  let arguments = (ins StrAttr:$level);
  let regions = (region SizedRegion<1>:$contents);
  let assemblyFormat = "$level $contents attr-dict";
}

def Hadal_DispatchOp : Hadal_Op<"dispatch", [StaysInEntry, MemoryEffects<[]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs an executable on tensors";
  let description = [{
    The operands and results are those of the executable's body. `label` names
    the place in the model for traces and reports. Where `when` does not hold, the
    dispatch is skipped and its results are undefined, or what its destination held.

    Constraints:
    1. dispatch_c1: the symbol names a hadal.executable
    2. dispatch_c2: operand and result types are those of its body

    ```mlir
    %y = hadal.dispatch @rms_norm_0(%x, %w) label "layers.0.input_norm" : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$executable, Variadic<AnyRankedTensor>:$operands, StrAttr:$label,
                       OptionalAttr<Hadal_WhenAttr>:$when);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = "$executable `(` $operands `)` `label` $label (`when` $when^)? attr-dict `:` functional-type(operands, results)";
}

#endif // HADAL_IR_HADALDISPATCHOPS_TD
