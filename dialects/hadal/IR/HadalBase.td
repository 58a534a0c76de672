// SPDX-License-Identifier: Apache-2.0
// The hadal dialect itself, its operand types and the base classes of its ops.
#ifndef HADAL_IR_HADALBASE_TD
#define HADAL_IR_HADALBASE_TD

include "hadal/IR/HadalInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"

def Hadal_Dialect : Dialect {
  let name = "hadal";
  let cppNamespace = "::hadal";
  let summary = "Models built on Multi-head Latent Attention and DeepSeekMoE";
  let description = [{
    Ops on tensors with value semantics, one for each step of a model of the
    DeepSeek family. Named dimensions used throughout:

    | name | meaning |
    |---|---|
    | N | new tokens of a step, all sequences packed one after the other |
    | S | sequences in the step; R rows whose logits are wanted |
    | D | hidden size; V vocabulary |
    | H | heads; dn `qk_nope_head_dim`, dr `qk_rope_head_dim`, dv `v_head_dim` |
    | r | `kv_lora_rank`; a row of the latent cache holds r + dr elements |
    | E | routed experts; k experts a token; I width of an expert |
    | P | positions that the rotary tables cover |

    Weights follow the checkpoint's convention `[out, in]`: a linear layer is
    `y = x Wᵀ`. Activations are `f32`, or `bf16` where they feed the dot unit.

    Attributes of the dialect that modules, functions and ops of other dialects have
    are named in `AttributeNames.h`.

    Constraints:
    1. hadal_c1: an attribute of the dialect on another's op is one of these, on such an op, and of its type
    2. hadal_c2: an attribute of the dialect on an argument or a result of a function is hadal.port
  }];
  let dependentDialects = ["::hadal::plan::PlanDialect", "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::tensor::TensorDialect"];
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let useDefaultAttributePrinterParser = 1;
}

// Element types of activations and of stored weights.
def Hadal_ActivationElement : AnyTypeOf<[F32, BF16]>;
def Hadal_WeightElement : AnyTypeOf<[F32, F16, BF16, F8E4M3FN]>;

// Extents from dimension `first` on are known and not zero: the verifiers
// divide by them.
class Hadal_KnownFrom<int first>
    : CPred<"::llvm::all_of(::llvm::cast<::mlir::ShapedType>($_self).getShape().drop_front(" # first #
            "), [](int64_t extent) { return extent > 0; })">;

class Hadal_RankedOf<list<Type> elements, list<int> ranks, int firstKnown, string what>
    : ConfinedType<TensorRankOf<elements, ranks>, [Hadal_KnownFrom<firstKnown>], what>;

def Hadal_Rows : Hadal_RankedOf<[Hadal_ActivationElement], [2], 1, "rows of activations [N, width] of f32 or bf16">;
def Hadal_RowsF32 : Hadal_RankedOf<[F32], [2], 1, "rows of activations [N, width] of f32">;
def Hadal_Matrix : Hadal_RankedOf<[Hadal_WeightElement], [2], 0, "weight matrix [out, in] of static shape">;
def Hadal_StackedMatrix : Hadal_RankedOf<[Hadal_WeightElement], [3], 0, "stacked weight matrices [count, out, in] of static shape">;
def Hadal_Scales : Hadal_RankedOf<[F32], [2, 3], 0, "block scales of f32 of static shape">;
def Hadal_Vector : Hadal_RankedOf<[Hadal_WeightElement], [1], 0, "weight vector of static length">;
def Hadal_Table : Hadal_RankedOf<[F32], [2], 0, "rotary table [P, dr / 2] of f32 of static shape">;
def Hadal_Index1D : Hadal_RankedOf<[I32], [1], 1, "integers of i32">;
def Hadal_Index2D : Hadal_RankedOf<[I32], [2], 2, "rows of integers of i32">;
def Hadal_Ids : Hadal_RankedOf<[I32], [2], 1, "ids [N, k] of i32">;
def Hadal_Cache : Hadal_RankedOf<[Hadal_ActivationElement], [3], 1, "latent cache [pages, page_size, r + dr]">;

class Hadal_Op<string mnemonic, list<Trait> traits = []> : Op<Hadal_Dialect, mnemonic, traits>;

// A pure op on tensors whose dynamic extents can be told from its operands. It
// says how it reads each operand, how much work it is, and what it means.
class Hadal_TensorOp<string mnemonic, list<Hadal_Role> roles, list<Trait> traits = []>
    : Hadal_Op<mnemonic, !listconcat([Pure, Hadal_ReadsAs<roles>, DeclareOpInterfaceMethods<ComputeOpInterface>,
                                      DeclareOpInterfaceMethods<ExpandableOpInterface>,
                                      DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>], traits)> {
  let hasVerifier = 1;
}

#endif // HADAL_IR_HADALBASE_TD
