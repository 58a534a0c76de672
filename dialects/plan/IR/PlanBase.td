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

    Values of type `!plan.int` are the expressions of an entry point, evaluated
    once when a step starts; values of type `!plan.buffer` are what kernels bind.
  }];
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

class Plan_Type<string name, string typeMnemonic> : TypeDef<Plan_Dialect, name> {
  let mnemonic = typeMnemonic;
}
def Plan_Int : Plan_Type<"Int", "int"> {
  let summary = "An integer that the host knows when a step starts";
}
def Plan_Buffer : Plan_Type<"Buffer", "buffer"> {
  let summary = "Device memory that a kernel can bind";
}

class Plan_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::hadal::plan";
}

// The numbers are those of the schema's enum Dim.
def Plan_Dim : Plan_Enum<"Dim", "integer that the caller or the session sets", [
    I32EnumAttrCase<"Tokens", 0, "tokens">,
    I32EnumAttrCase<"Sequences", 1, "sequences">,
    I32EnumAttrCase<"LogitRows", 2, "logit_rows">,
    I32EnumAttrCase<"Slots", 3, "slots">,
    I32EnumAttrCase<"Capacity", 4, "capacity">,
    I32EnumAttrCase<"PagesPerSlot", 5, "pages_per_slot">,
    I32EnumAttrCase<"MaxSequenceTokens", 6, "max_sequence_tokens">,
    I32EnumAttrCase<"MinSequenceTokens", 7, "min_sequence_tokens">,
    I32EnumAttrCase<"MaxContext", 8, "max_context">]>;

// The numbers are those of the schema's enum ExprKind.
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

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

#endif // PLAN_IR_PLANBASE_TD
