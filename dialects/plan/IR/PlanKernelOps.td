// SPDX-License-Identifier: Apache-2.0
// Kernels: images, executables, their variants and how each is launched.
#ifndef PLAN_IR_PLANKERNELOPS_TD
#define PLAN_IR_PLANKERNELOPS_TD

include "plan/IR/PlanBase.td"

def Plan_ImageOp : Plan_Op<"image", [Symbol, NamedInArtifact, SymbolTable, NoTerminator, SingleBlock, NoRegionArguments, IsolatedFromAbove, HasParent<"ProgramOp">]> {
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

def Plan_ExecutableOp : Plan_Op<"executable", [Symbol, NamedInArtifact, NoTerminator, SingleBlock, NoRegionArguments, HasParent<"ProgramOp">]> {
  let summary = "A kernel and its variants (table Executable)";
  let description = [{
    `access` says of each binding what the kernel does with it: read, write or
    read_write. `constants` are those of a launch, which serves all variants; a kernel reads as many of the first as it
    needs. The variants stand best first; the kernel's symbol in their images is the
    executable's own.

    Constraints:
    1. executable_c1: constants are from 0 to 256, bindings at most 64, variants at most 16
    2. executable_c2: holds plan.variant only
    3. executable_c3: the interface of a variant takes the constants, and binds what is bound

    ```mlir
    plan.executable @norm family "rms_norm" access [read, read, write] constants 1 {
      plan.variant @cpu.v3 {
        plan.interface scratch 256 {
        ^bb0(%rows: !plan.int):
          %one = plan.constant 1
          plan.grid %rows, %one, %one
        }
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$family, Plan_AccessListAttr:$access, I64Attr:$constant_count);
  let regions = (region SizedRegion<1>:$variants);
  let assemblyFormat = "$sym_name `family` $family `access` custom<AccessList>($access) `constants` $constant_count $variants attr-dict";
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Plan_VariantOp : Plan_Op<"variant", [NoTerminator, SingleBlock, NoRegionArguments, HasParent<"ExecutableOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "One compiled form of a kernel (table KernelVariant)";
  let description = [{
    Constraints:
    1. variant_c1: the symbol names a plan.image
    2. variant_c2: holds one plan.interface
  }];
  let arguments = (ins FlatSymbolRefAttr:$image);
  let regions = (region SizedRegion<1>:$contents);
  let assemblyFormat = "$image $contents attr-dict";
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    InterfaceOp getInterface();
  }];
}

def Plan_InterfaceOp : Plan_Op<"interface", [SingleBlock, IsolatedFromAbove]> {
  let summary = "How one variant of a kernel is launched (table KernelInterface)";
  let description = [{
    The block's arguments are the constants of the launch, so that one launch serves
    all variants. Its end, `plan.grid`, says how many workgroups there are.
    `plan.kernel_parameter` ops say what the kernel is passed, in order; without any
    it is what the target's kernel interface fixes.

    `scratch` is private memory of a workgroup in bytes, which the device's host
    threads have; `workgroup_size` are the threads of a workgroup in x, y and z, left
    out where the kernel interface fixes them; `static_shared` are bytes of shared
    memory that the image declares; `cluster` are the workgroups of a cluster;
    `cooperative` wants all workgroups resident at once.

    Constraints:
    1. interface_c1: arguments are of !plan.int, and plan.grid ends the block
    2. interface_c2: holds constants, expressions, selections and kernel parameters only
    3. interface_c3: scratch is from 0 to 1 GiB, static shared memory from 0 to 4,294,967,295 bytes
    4. interface_c4: a workgroup size and a cluster are three extents from 1 to 4,294,967,295
    5. interface_c5: a kernel parameter names a constant that there is, or a workspace where the grid asks for one
    6. interface_c6: kernel parameters are at most 512

    ```mlir
    plan.interface workgroup_size [128, 1, 1] static_shared 1024 cooperative {
    ^bb0(%rows: !plan.int):
      %one = plan.constant 1
      %64 = plan.constant 64
      %x = plan.expr ceil_div %rows, %64
      plan.kernel_parameter binding[0]
      plan.kernel_parameter constant_i32[0]
      plan.grid %x, %one, %one
    }
    ```
  }];
  let arguments = (ins DefaultValuedAttr<I64Attr, "0">:$scratch, OptionalAttr<DenseI64ArrayAttr>:$workgroup_size,
                       DefaultValuedAttr<I64Attr, "0">:$static_shared, OptionalAttr<DenseI64ArrayAttr>:$cluster,
                       UnitAttr:$cooperative);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`scratch` $scratch^)? (`workgroup_size` $workgroup_size^)? (`static_shared` $static_shared^)?
    (`cluster` $cluster^)? (`cooperative` $cooperative^)? $body attr-dict
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let builders = [OpBuilder<(ins CArg<"int64_t", "0">:$scratch), [{
    $_state.addRegion();
    $_state.getOrAddProperties<Properties>().scratch = $_builder.getI64IntegerAttr(scratch);
  }]>];
  let extraClassDeclaration = [{
    GridOp getGrid();
    /// Verifies that parameters of the kernel name bindings below `count`.
    ::llvm::LogicalResult verifyBindings(uint64_t count);
  }];
}

def Plan_KernelParameterOp : Plan_Op<"kernel_parameter", [AttrSizedOperandSegments, HasParent<"InterfaceOp">]> {
  let summary = "What a kernel is passed for its next parameter (table KernelParameter)";
  let description = [{
    The address of a binding, a constant of the launch as i32 or i64, the address of
    the launch's workspace, the address of all its constants as i64 in the device's
    memory, or a tensor map of a binding, encoded when it is bound:
    `extents` in elements and `strides` in bytes from the innermost axis on, which
    has no stride; `box` are the elements that one copy moves; `swizzle` is 0 or a
    span in bytes.

    A kernel that gets the address of its constants, and none by value, may be
    launched with more workgroups than they say: one recorded launch then serves
    calls of many sizes. Workgroups beyond what the constants say must do nothing.

    Constraints:
    1. kernel_parameter_c1: all but a workspace and constants have an index that is not negative
    2. kernel_parameter_c2: a tensor map, and nothing else, has elements, one to five extents, a stride for each but the first, and extents of a box from 1 to 4,294,967,295
    3. kernel_parameter_c3: a swizzle is 0, 32, 64 or 128

    ```mlir
    plan.kernel_parameter binding[0]
    plan.kernel_parameter constant_i64[1]
    plan.kernel_parameter tensor_map[2] of bf16 extents(%k, %n) strides(%s) box [64, 64] swizzle 128
    plan.kernel_parameter workspace
    plan.kernel_parameter constants
    ```
  }];
  let arguments = (ins Plan_KernelParameterKind:$kind, OptionalAttr<I64Attr>:$index, OptionalAttr<TypeAttr>:$element,
                       Variadic<Plan_Int>:$extents, Variadic<Plan_Int>:$strides, OptionalAttr<DenseI64ArrayAttr>:$box,
                       DefaultValuedAttr<I64Attr, "0">:$swizzle);
  let assemblyFormat = [{
    $kind (`[` $index^ `]`)? (`of` $element^)? (`extents` `(` $extents^ `)`)? (`strides` `(` $strides^ `)`)?
    (`box` $box^)? (`swizzle` $swizzle^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether the index is that of a binding, or of a constant of the launch.
    bool namesBinding() { return getKind() == KernelParameterKind::Binding || getKind() == KernelParameterKind::TensorMap; }
    bool namesConstant() { return getKind() == KernelParameterKind::ConstantI32 || getKind() == KernelParameterKind::ConstantI64; }
  }];
}

def Plan_GridOp : Plan_Op<"grid", [Pure, Terminator, AttrSizedOperandSegments, HasParent<"InterfaceOp">]> {
  let summary = "How many workgroups a launch has, and what memory it needs";
  let description = [{
    The workgroups in x, y and z; a zero skips the launch. `dynamic_shared` are bytes
    of shared memory of a workgroup, `workspace` bytes of device memory that the queue
    reserves while the launch runs.

    Constraints:
    1. grid_c1: workgroups that are constant are from 0 to 2,147,483,647, and bytes not negative

    ```mlir
    plan.grid %x, %y, %z dynamic_shared %d workspace %w
    ```
  }];
  let arguments = (ins Plan_Int:$x, Plan_Int:$y, Plan_Int:$z, Optional<Plan_Int>:$dynamic_shared, Optional<Plan_Int>:$workspace);
  let assemblyFormat = "$x `,` $y `,` $z (`dynamic_shared` $dynamic_shared^)? (`workspace` $workspace^)? attr-dict";
  let hasVerifier = 1;
}

#endif // PLAN_IR_PLANKERNELOPS_TD
