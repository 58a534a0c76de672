// SPDX-License-Identifier: Apache-2.0
// Passes from the model stage to the dispatch stage.
#ifndef HADAL_TRANSFORMS_PASSES_TD
#define HADAL_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def VerifyModelPass : Pass<"hadal-verify-model", "::mlir::ModuleOp"> {
  let summary = "Verify what the model stage promises";
  let description = [{
    Precondition: none. Postcondition: one function at most has the role step and one
    the role decode, and both take tokens and give logits; names of arguments and of
    results differ, and what was kept is a result somewhere. There is a function, and
    no op makes its result in place of a parameter or of an argument. Rotary tables are
    read at the positions of a step alone. Every function that
    reads a state also writes it, and the value written descends from the one read through
    destination-style ops only, each value in between used by one writer: the
    cache can be updated in place and is never copied.
  }];
  let dependentDialects = ["::hadal::HadalDialect"];
}

def SpecializeEntriesPass : Pass<"hadal-specialize-entries", "::mlir::ModuleOp"> {
  let summary = "Make the entry point for one token a sequence";
  let description = [{
    Precondition: none. Postcondition: a module with a function of the role step has
    one of the role decode too, for one token a sequence (N = S).

    ```
    @step {hadal.entry = #hadal.entry<step>} ==> the same, @decode {hadal.entry = #hadal.entry<decode>}
    ```
  }];
  let statistics = [Statistic<"numSpecialized", "num-specialized", "Entry points made">];
  let dependentDialects = ["::hadal::HadalDialect"];
}

def SelectAttentionFormPass : Pass<"hadal-select-attention-form", "::mlir::ModuleOp"> {
  let summary = "Choose absorbed or expanded attention by cost";
  let description = [{
    Precondition: attention ops of unset form. Postcondition: every one has a form.
    A forced form is that of all entry points, so that a prompt gives the same bits
    in chunks of any size. With `auto`, those of the role decode are absorbed, and others compare
    costs in multiply-adds a head: expansion costs `r (dn + dv)` a cached token, and saves
    `(2r + dr) - (dn + dr + dv)` a query and key. So it pays from their ratio on,
    whatever the context; where it never does, the form is absorbed. The module says
    what was asked for (`hadal.attention`).

    ```
    hadal.mla_attention {} ==> hadal.mla_attention {form = auto, threshold = 171}
    ```
  }];
  let dependentDialects = ["::hadal::HadalDialect"];
  let options = [Option<"form", "form", "std::string", "\"auto\"", "auto, absorbed or expanded">];
  let statistics = [Statistic<"numAuto", "num-auto", "Attention ops whose form is chosen at run time">,
                    Statistic<"numAbsorbed", "num-absorbed", "Attention ops set to the absorbed form">,
                    Statistic<"numExpanded", "num-expanded", "Attention ops set to the expanded form">];
}

def NameValuesPass : Pass<"hadal-name-values", "::mlir::ModuleOp"> {
  let summary = "Name what ops make, for taps that are made later";
  let description = [{
    Precondition: the model stage. Postcondition: each op of an entry point that makes a
    tensor has the attribute `hadal.value`: its label, or one that no other op of the entry
    point has. Passes keep it on the op that makes the same.

    ```
    hadal.linear loc("layers.0.attn.q") ==> hadal.linear {hadal.value = "layers.0.attn.q"}
    ```
  }];
  let statistics = [Statistic<"numNamed", "num-named", "Ops named">];
  let dependentDialects = ["::hadal::HadalDialect"];
}

def SetPrecisionPass : Pass<"hadal-set-precision", "::mlir::ModuleOp"> {
  let summary = "Narrow activations and caches to what the target is fast at";
  let description = [{
    Precondition: all activations are f32. Postcondition with `native`: the
    operands of matrix products, queries and caches are bf16, rounded once: by the
    op that makes them, or by an `arith.truncf` of its result where that is read in
    f32 too or the op cannot round. Sums, norms, the router and the residual stream
    stay f32, and so do states that ops of other dialects see. With `reference`: nothing
    changes.

    ```
    rms_norm -> tensor<?x64xf32> ==> rms_norm -> tensor<?x64xbf16>
    rms_norm -> tensor<?x64xf32> ==> rms_norm -> tensor<?x64xf32>, truncf -> tensor<?x64xbf16>
    ```
  }];
  let dependentDialects = ["::hadal::HadalDialect"];
  let options = [Option<"precision", "precision", "std::string", "\"native\"", "native or reference">];
  let statistics = [Statistic<"numNarrowed", "num-narrowed", "Values narrowed to bf16">];
}

def FormProgramsPass : Pass<"hadal-form-programs", "::mlir::ModuleOp"> {
  let summary = "Make a program for each target from the neutral functions";
  let description = [{
    Precondition: the model stage, with attention forms and precisions chosen,
    which are the same for every target. Postcondition: one program for each of
    `targets`, named after its family, with functions and declarations of its own,
    and none beside them. What names a level is for that level of its target.

    ```
    plan.host_dim, hadal.parameter, hadal.state, func.func ==> hadal.program @cpu target <"cpu"> { the same }
    ```
  }];
  let dependentDialects = ["::hadal::HadalDialect"];
  let options = [ListOption<"targets", "targets", "std::string", "families of the targets, or levels of theirs, at least one">];
  let statistics = [Statistic<"numPrograms", "num-programs", "Programs made">];
}

def DecomposePass : Pass<"hadal-decompose", "::hadal::ProgramOp"> {
  let summary = "Split attention and experts into ops of one kernel each";
  let description = [{
    Precondition: attention ops have a form. Postcondition: no mla_attention and no
    moe_experts are left, but with `supported` those that the program's target has a kernel of no part
    of: what is expanded is best expanded whole.

    ```
    mla_attention {absorbed} ==> head_linear, mla_attend_absorbed, head_linear
    mla_attention {expanded} ==> mla_attend_expanded
    mla_attention {auto}     ==> both, each under its condition; with `supported` the absorbed form alone
                                 where the target has no kernel of the other
    moe_experts              ==> moe_group, moe_gate_up, moe_down, moe_combine
    ```
  }];
  let dependentDialects = ["::hadal::HadalDialect"];
  let options = [Option<"supported", "supported", "bool", "false", "split only what the target has kernels for">];
  let statistics = [Statistic<"numAttention", "num-attention", "Attention ops split">,
                    Statistic<"numExperts", "num-experts", "Expert ops split">];
}

def ExpandPass : Pass<"hadal-expand"> {
  let summary = "Replace ops by what they mean in linalg";
  let description = [{
    Precondition: operands have no layout; attention stands where a plan.host_dim of
    kind max_context is declared. Postcondition: of the ops that expand
    (ExpandableOpInterface) only those named in `keep` are left. The others are
    linalg, tensor, arith, math and scf on tensors, with destinations updated in
    place: each linalg.generic and scf.forall is one step of the op's equation, and
    is named after the op (`layers.3.attn.attention.scores`).

    ```
    hadal.linear ==> linalg.fill, linalg.generic
    hadal.mla_append ==> linalg.generic, scf.forall with tensor.parallel_insert_slice
    ```
  }];
  let dependentDialects = ["::hadal::HadalDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect"];
  let options = [ListOption<"keep", "keep", "std::string", "names of ops to keep, as in hadal.linear">];
  let statistics = [Statistic<"numExpanded", "num-expanded", "Ops expanded">];
}

def ExpandUnsupportedPass : Pass<"hadal-expand-unsupported", "::mlir::ModuleOp"> {
  let summary = "Expand the ops that a program's target has no kernel for";
  let description = [{
    Precondition: programs whose parameters have no layout. Postcondition: ops of the
    dialect that compute have a kernel of their program's target; with `plain`, none
    is left. What has no kernel, ops of other dialects too, and how often, the module says
    (`hadal.expanded`). An op of the dialect with neither kernel nor expansion is an error.
    With `taps`, what an expanded op that has a name (`hadal.value`) makes is tapped as
    an expansion; with `plain` too, attention and experts are there a second time, in parts, each
    of which is expanded and tapped.

    ```
    hadal.linear ==> linalg.fill, linalg.generic
    ```
  }];
  let dependentDialects = ["::hadal::HadalDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect"];
  let options = [Option<"plain", "plain", "bool", "false", "Expand all ops, whatever kernels there are">,
                 Option<"taps", "taps", "bool", "false", "Tap what expanded ops make">];
  let statistics = [Statistic<"numExpanded", "num-expanded", "Ops expanded">];
}

def FuseGatesPass : Pass<"hadal-fuse-gates", "::mlir::func::FuncOp"> {
  let summary = "Make one op of the two linear ops of a gate";
  let description = [{
    Precondition: none. Postcondition: two linear ops of the same input whose
    results swiglu joins, and nothing else reads, are one gated_linear.

    ```
    linear, linear, swiglu ==> gated_linear
    ```
  }];
  let dependentDialects = ["::hadal::HadalDialect"];
  let statistics = [Statistic<"numGates", "num-gates", "Gates fused">];
}

def PackParametersPass : Pass<"hadal-pack-parameters", "::hadal::ProgramOp"> {
  let summary = "Give every parameter the type and layout that its kernels read";
  let description = [{
    Precondition: parameters have their stored types. Postcondition: each has the
    type and layout that the target wants for the role in which it is read (a
    parameter read in two ways becomes two); those that nothing reads are gone.
    For the CPU, for example, weights of matrix products become panels (`#hadal.panels`)
    of bf16, f32 or f8E4M3FN, and vectors f32. With `native`, weights of f16 and f32
    are rounded to bf16; with `reference`, they are widened to f32, and bf16 stays
    as it is, since it widens exactly in the kernel.

    ```
    hadal.parameter @w : tensor<96x64xbf16> ==> hadal.parameter @w : tensor<96x64xbf16, #hadal.panels<rows = 32, interleave = 2>>
    ```
  }];
  let dependentDialects = ["::hadal::HadalDialect"];
  let options = [Option<"precision", "precision", "std::string", "\"native\"", "native or reference">];
  let statistics = [Statistic<"numPacked", "num-packed", "Parameters given a layout">,
                    Statistic<"numDropped", "num-dropped", "Parameters that nothing reads">];
}

def FormDispatchesPass : Pass<"hadal-form-dispatches", "::hadal::ProgramOp"> {
  let summary = "Outline ops to executables, one for each distinct kernel";
  let description = [{
    Precondition: ops that compute tensors, of the dialect or of linalg, tensor, arith
    and math. Postcondition (the dispatch stage): the entry points hold dispatches,
    parameter and state accesses and taps. An executable holds an op, and what the
    program's target fuses to it; where these are equal, they share it. It is named
    after its root, the op of the most operations a row. With `taps`, each result of a
    dispatch is tapped behind it: under the name of what the op that makes it makes
    (`hadal.value`), as a part of an op, or as a value on the way of an expansion.

    ```
    hadal.linear ==> hadal.executable @linear_96x64, hadal.dispatch @linear_96x64
    ```
  }];
  let dependentDialects = ["::hadal::HadalDialect"];
  let options = [Option<"taps", "taps", "bool", "false", "Tap what dispatches make">];
  let statistics = [Statistic<"numDispatches", "num-dispatches", "Dispatches made">,
                    Statistic<"numExecutables", "num-executables", "Distinct executables">,
                    Statistic<"numFused", "num-fused", "Ops fused to others">];
}

def VerifyDispatchPass : Pass<"hadal-verify-dispatch", "::mlir::ModuleOp"> {
  let summary = "Verify what the dispatch stage promises";
  let description = [{
    Precondition: none. Postcondition: the module holds programs alone, one for a
    target, each for levels that the target has. Entry points are to each other what
    hadal-verify-model wants of functions; they hold nothing but dispatches,
    parameters, states, taps, empty tensors and the return. Every executable is
    dispatched somewhere and has a body of ops that compute tensors, which returns
    results of theirs, each once; what a body overwrites in place is no parameter and no
    argument of the entry point, and nothing reads it afterwards. Rotary tables are read
    at the positions of a step alone.
  }];
  let dependentDialects = ["::hadal::HadalDialect"]; // which knows the targets
}

def VerifyKernelPass : Pass<"hadal-verify-kernel", "::mlir::ModuleOp"> {
  let summary = "Verify what the kernel stage promises";
  let description = [{
    Precondition: none. Postcondition: the module holds programs as at the dispatch
    stage. Every executable has an interface whose
    bindings exist in its body and whose constants name dims of the program: each
    result of the body has one binding that is written, or is made in an operand that
    has one, and nothing else is written. It has a variant for every level that the
    program wants and for no other, each with one function of the executable's name and one
    plan.interface, which takes the constants and binds what is bound.
  }];
  let dependentDialects = ["::hadal::HadalDialect"]; // which knows the targets
}

#endif // HADAL_TRANSFORMS_PASSES_TD
