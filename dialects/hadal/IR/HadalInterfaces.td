// SPDX-License-Identifier: Apache-2.0
// What generic code may ask of an op: how it reads its operands, what may be
// rounded, how much work it is, what it means; and of a layout: how many elements
// it stores.
#ifndef HADAL_IR_HADALINTERFACES_TD
#define HADAL_IR_HADALINTERFACES_TD

include "mlir/IR/OpBase.td"

// ---- How an op reads its operands --------------------------------------------

// One for each operand that an op declares, in their order (::hadal::OperandRole).
class Hadal_Role<string cppName> {
  string role = "::hadal::OperandRole::" # cppName;
}
def AsFactor : Hadal_Role<"Factor">;
def AsExact : Hadal_Role<"Exact">;
def AsIndex : Hadal_Role<"Index">;
def AsPlaces : Hadal_Role<"Places">;
def AsMatrix : Hadal_Role<"Matrix">;
def AsVector : Hadal_Role<"Vector">;
def AsLookup : Hadal_Role<"Lookup">;
def AsScales : Hadal_Role<"Scales">;
def AsAngles : Hadal_Role<"Angles">;
def AsCache : Hadal_Role<"Cache">;

class Hadal_ReadsAs<list<Hadal_Role> roles>
    : ParamNativeOpTrait<"ReadsAs", !interleave(!foreach(each, roles, each.role), ", ")>,
      StructuralOpTrait {
  let cppNamespace = "::hadal";
}

// ---- What may be rounded -------------------------------------------------------

class Hadal_Trait<string name> : NativeOpTrait<name> {
  let cppNamespace = "::hadal";
}
// The op can give its first result in bf16 instead of f32.
def RoundsResult : Hadal_Trait<"RoundsResult">;
// hadal-decompose splits it into ops of one kernel each.
def HasParts : Hadal_Trait<"HasParts">;

// The op belongs to the frame of an entry point: nothing is launched for it.
def StaysInEntry : Hadal_Trait<"StaysInEntry">;

// The op declares what a program has beside functions and kernels: it goes along
// with them. The plan dialect defines the trait.
def ProgramDeclaration : NativeOpTrait<"ProgramDeclaration"> {
  let cppNamespace = "::hadal::plan";
}

// The strings that the op holds are names in the artifact (of the plan dialect too).
def NamedInArtifact : NativeOpTrait<"NamedInArtifact"> {
  let cppNamespace = "::hadal::plan";
}

// ---- The interface of everything that becomes a kernel ---------------------------

def ComputeOpInterface : OpInterface<"ComputeOpInterface"> {
  let cppNamespace = "::hadal";
  let description = [{
    An op that computes. Passes that pack parameters, choose precisions, form
    dispatches and count work ask the op and keep no lists of their own; an op
    of the dialect that neither computes nor stays in an entry point is an error
    to them.
  }];
  let methods = [
    InterfaceMethod<[{
      How the operand is read. The default is what the op declares; an op whose
      answer depends on its surroundings (a router's projection stays exact)
      overrides it.
    }], "::hadal::OperandRole", "getOperandRole", (ins "::mlir::OpOperand &":$operand), "",
    [{ return $_op.getDeclaredRole(operand.getOperandNumber()); }]>,
    InterfaceMethod<[{
      The op's work, as an upper bound in dims that the host knows.
    }], "::hadal::Work", "getWork">
  ];
}

// ---- What an op means -----------------------------------------------------------

def ExpandableOpInterface : OpInterface<"ExpandableOpInterface"> {
  let cppNamespace = "::hadal";
  let description = [{
    An op that says in other dialects what it computes: in linalg, tensor, arith,
    math and scf on tensors, as plainly as the equation of its documentation.
    `hadal-expand` shows it; a target without a kernel for the op runs it.

    The order of every sum follows from the sequence of a row alone, and what does
    not belong to a sum adds nothing, also where memory that nobody wrote holds a
    NaN. What is updated in place stays so: an expansion copies no operand.
  }];
  let methods = [
    InterfaceMethod<[{
      Builds the expansion where `builder` stands, and gives what the results are
      then; their types may know more or fewer extents. Fails with a diagnostic.
    }], "::llvm::FailureOr<::llvm::SmallVector<::mlir::Value>>", "expand",
    (ins "::mlir::OpBuilder &":$builder)>
  ];
}

// ---- Layouts of packed weights -----------------------------------------------------

def LayoutAttrInterface : AttrInterface<"LayoutAttrInterface"> {
  let cppNamespace = "::hadal";
  let description = [{
    The layout of a packed weight, as the encoding of its tensor type. Generic code
    sizes and packs a weight through it and knows none by name; what shapes and
    elements a layout is for, its verifier says (VerifiableTensorEncoding).
  }];
  let methods = [
    InterfaceMethod<[{
      Elements that a weight `[.., out, in]` of this shape stores, padding
      included; kTooManyBytes where they are more than 63 bits count.
    }], "int64_t", "getStoredElements", (ins "::llvm::ArrayRef<int64_t>":$shape)>,
    InterfaceMethod<[{
      Gives the bytes of one matrix of the weight to `sink`, in order and in pieces,
      converted to `element`; a piece holds whole elements. Matrices of a weight
      [.., out, in] follow one another. Fails where the sink does, and where there
      is no such conversion, with what was expected: "expected elements that ...".
    }], "::llvm::Error", "packMatrix",
    (ins "const ::hadal::StoredMatrix &":$matrix, "::mlir::Type":$element,
         "::hadal::PackedSink":$sink)>
  ];
}

#endif // HADAL_IR_HADALINTERFACES_TD
