// SPDX-License-Identifier: Apache-2.0
// The plan dialect, its types and enumerations.
#ifndef PLAN_IR_PLANBASE_TD
#define PLAN_IR_PLANBASE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::hadal::plan";
  let summary = "What the runtime executes";
  let description = [{
    Buffers, launches, branches and expressions over integers that the host
    knows before a step starts. Every op is one table or struct of
    `runtime/schema/hadal.fbs`, with its fields in the same order, so that
    serialisation is a walk and a test of the text is a test of the artifact.

    `plan.host_dim` and `plan.block_table` say what the host knows. They are declared
    at the model stage and go along to the last.

    Values of type `!plan.int` are expressions: those of an entry point are evaluated
    once when a call starts, those of a kernel's interface at a launch; values of type `!plan.buffer` are what kernels bind.

    What an artifact's reader refuses, verifiers do too, with its limits (`runtime/schema/hadal_limits.h`).

    Constraints:
    1. plan_c1: names that an artifact holds are UTF-8 text, not empty and without NUL
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

class Plan_Type<string name, string typeMnemonic> : TypeDef<Plan_Dialect, name> {
  let mnemonic = typeMnemonic;
}
def Plan_Int : Plan_Type<"Int", "int"> {
  let summary = "An integer that the host knows";
}
def Plan_Buffer : Plan_Type<"Buffer", "buffer"> {
  let summary = "Device memory that a kernel can bind";
}

class Plan_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::hadal::plan";
}

// The numbers of the enumerations are those of the schema.

// enum Dim
def Plan_DimKind : Plan_Enum<"DimKind", "what an integer that the host knows is", [
    I32EnumAttrCase<"Tokens", 0, "tokens">,
    I32EnumAttrCase<"Sequences", 1, "sequences">,
    I32EnumAttrCase<"LogitRows", 2, "logit_rows">,
    I32EnumAttrCase<"Slots", 3, "slots">,
    I32EnumAttrCase<"Capacity", 4, "capacity">,
    I32EnumAttrCase<"PagesPerSlot", 5, "pages_per_slot">,
    I32EnumAttrCase<"MaxSequenceTokens", 6, "max_sequence_tokens">,
    I32EnumAttrCase<"MinSequenceTokens", 7, "min_sequence_tokens">,
    I32EnumAttrCase<"MaxContext", 8, "max_context">,
    I32EnumAttrCase<"StepTokens", 9, "step_tokens">,
    I32EnumAttrCase<"Rank", 10, "rank">,
    I32EnumAttrCase<"WorldSize", 11, "world_size">,
    I32EnumAttrCase<"SessionValue", 12, "session_value">,
    I32EnumAttrCase<"CallValue", 13, "call_value">]>;

// enum PortRole
def Plan_PortRole : Plan_Enum<"PortRole", "what an argument or a result is", [
    I32EnumAttrCase<"Value", 0, "value">,
    I32EnumAttrCase<"Tokens", 1, "tokens">,
    I32EnumAttrCase<"Positions", 2, "positions">,
    I32EnumAttrCase<"SequenceOffsets", 3, "sequence_offsets">,
    I32EnumAttrCase<"Slots", 4, "slots">,
    I32EnumAttrCase<"LogitRows", 5, "logit_rows">,
    I32EnumAttrCase<"BlockTable", 6, "block_table">,
    I32EnumAttrCase<"Logits", 7, "logits">,
    I32EnumAttrCase<"Kept", 8, "kept">]>;

// enum EntryRole
def Plan_EntryRole : Plan_Enum<"EntryRole", "what an entry point is called for", [
    I32EnumAttrCase<"Other", 0, "other">,
    I32EnumAttrCase<"Step", 1, "step">,
    I32EnumAttrCase<"Decode", 2, "decode">]>;

// enum KernelParameterKind
def Plan_KernelParameterKind : Plan_Enum<"KernelParameterKind", "what a kernel is passed for a parameter", [
    I32EnumAttrCase<"Binding", 0, "binding">,
    I32EnumAttrCase<"ConstantI32", 1, "constant_i32">,
    I32EnumAttrCase<"ConstantI64", 2, "constant_i64">,
    I32EnumAttrCase<"TensorMap", 3, "tensor_map">,
    I32EnumAttrCase<"Workspace", 4, "workspace">,
    I32EnumAttrCase<"Constants", 5, "constants">]>;

// enum Access
def Plan_Access : Plan_Enum<"Access", "how a kernel uses a binding", [
    I32EnumAttrCase<"Read", 0, "read">,
    I32EnumAttrCase<"Write", 1, "write">,
    I32EnumAttrCase<"ReadWrite", 2, "read_write">]>;

// enum ExprKind
def Plan_ExprKind : Plan_Enum<"ExprKind", "operation of an expression", [
    I32EnumAttrCase<"Add", 2, "add">,
    I32EnumAttrCase<"Sub", 3, "sub">,
    I32EnumAttrCase<"Mul", 4, "mul">,
    I32EnumAttrCase<"FloorDiv", 5, "floor_div">,
    I32EnumAttrCase<"CeilDiv", 6, "ceil_div">,
    I32EnumAttrCase<"Min", 7, "min">,
    I32EnumAttrCase<"Max", 8, "max">,
    I32EnumAttrCase<"Lt", 9, "lt">,
    I32EnumAttrCase<"Le", 10, "le">,
    I32EnumAttrCase<"Eq", 11, "eq">,
    I32EnumAttrCase<"And", 12, "and">,
    I32EnumAttrCase<"Or", 13, "or">]>;

def Plan_AccessListAttr : AttrDef<Plan_Dialect, "AccessList"> {
  let mnemonic = "access";
  let summary = "How a kernel uses each of its bindings";
  let description = [{
    ```mlir
    #plan.access<[read, read, write]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::hadal::plan::Access">:$value);
  let assemblyFormat = "`<` custom<AccessList>($value) `>`";
}

// The op declares what a program has beside functions and kernels: it goes along
// with them from stage to stage.
def ProgramDeclaration : NativeOpTrait<"ProgramDeclaration"> {
  let cppNamespace = "::hadal::plan";
}

// The strings that the op holds are names in the artifact.
def NamedInArtifact : NativeOpTrait<"NamedInArtifact"> {
  let cppNamespace = "::hadal::plan";
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

#endif // PLAN_IR_PLANBASE_TD
