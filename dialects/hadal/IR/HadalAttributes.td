// SPDX-License-Identifier: Apache-2.0
// Attributes of the hadal dialect: where weights come from, how they are laid
// out, and the choices that ops carry.
#ifndef HADAL_IR_HADALATTRIBUTES_TD
#define HADAL_IR_HADALATTRIBUTES_TD

include "hadal/IR/HadalBase.td"
include "mlir/IR/TensorEncoding.td"

class Hadal_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Hadal_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

class Hadal_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::hadal";
  let genSpecializedAttr = 0;
}

// ---- Choices ----------------------------------------------------------------

def Hadal_AttentionForm : Hadal_Enum<"AttentionForm", "form in which attention is evaluated", [
    I32EnumAttrCase<"Unset", 0, "unset">,
    I32EnumAttrCase<"Auto", 1, "auto">,
    I32EnumAttrCase<"Absorbed", 2, "absorbed">,
    I32EnumAttrCase<"Expanded", 3, "expanded">]>;
def Hadal_AttentionFormAttr : EnumAttr<Hadal_Dialect, Hadal_AttentionForm, "form"> {
  let assemblyFormat = "`<` $value `>`";
}

def Hadal_Scoring : Hadal_Enum<"Scoring", "how router logits become scores", [
    I32EnumAttrCase<"Softmax", 0, "softmax">,
    I32EnumAttrCase<"Sigmoid", 1, "sigmoid">]>;
def Hadal_ScoringAttr : EnumAttr<Hadal_Dialect, Hadal_Scoring, "scoring"> {
  let assemblyFormat = "`<` $value `>`";
}

def Hadal_GroupRule : Hadal_Enum<"GroupRule", "how groups of experts are ranked", [
    I32EnumAttrCase<"None", 0, "none">,
    I32EnumAttrCase<"Max", 1, "max">,
    I32EnumAttrCase<"TopTwoSum", 2, "top_two_sum">]>;
def Hadal_GroupRuleAttr : EnumAttr<Hadal_Dialect, Hadal_GroupRule, "groups"> {
  let assemblyFormat = "`<` $value `>`";
}

def Hadal_TableComponent : Hadal_Enum<"TableComponent", "which rotary table", [
    I32EnumAttrCase<"Cos", 0, "cos">,
    I32EnumAttrCase<"Sin", 1, "sin">]>;

def Hadal_SequenceBound : Hadal_Enum<"SequenceBound", "which sequences a condition asks about", [
    I32EnumAttrCase<"AnyShorter", 0, "any_shorter">,
    I32EnumAttrCase<"AnyAtLeast", 1, "any_at_least">]>;

def Hadal_WhenAttr : Hadal_Attr<"When", "when"> {
  let summary = "Condition on the new tokens of the sequences of a step";
  let description = [{
    Something runs when a sequence of the step has fewer new tokens than
    `threshold` (any_shorter), or at least as many (any_at_least). The host knows
    both before the step starts.

    ```mlir
    #hadal.when<any_at_least, 171>
    ```
  }];
  let parameters = (ins EnumParameter<Hadal_SequenceBound>:$bound, "int64_t":$threshold);
  let assemblyFormat = "`<` $bound `,` $threshold `>`";
}

// ---- What a model is ---------------------------------------------------------

def Hadal_ModelAttr : Hadal_Attr<"Model", "model"> {
  let summary = "What a model is, in numbers";
  let description = [{
    Attribute `hadal.model` of a module, for reports and whoever runs the artifact:
    the names are those of the checkpoint's configuration. `max_positions` are those
    that a session may use, `max_position_embeddings` those that the model allows.
    `bos_token` is -1 where there is none. The parameters are counted when the model
    is compiled: in all, and those that one token goes through.

    Constraints:
    1. model_c1: layers, sizes and positions are from 1 to 4,294,967,295; vocab_size and max_positions at most 2,147,483,647
    2. model_c2: experts are not negative, and those of a token at most all
    3. model_c3: token ids are below vocab_size
    4. model_c4: parameters are not negative

    ```mlir
    #hadal.model<family = "deepseek_v2", layers = 27, hidden_size = 2048, vocab_size = 102400, heads = 16,
                 max_positions = 163840, max_position_embeddings = 163840, kv_lora_rank = 512,
                 qk_nope_head_dim = 128, qk_rope_head_dim = 64, v_head_dim = 128, experts = 64,
                 experts_per_token = 6, bos_token = 100000, eos_tokens = [100001]>
    ```
  }];
  let genVerifyDecl = 1;
  let parameters = (ins StringRefParameter<>:$family, "int64_t":$layers, "int64_t":$hidden_size,
                        "int64_t":$vocab_size, "int64_t":$heads, "int64_t":$max_positions,
                        "int64_t":$max_position_embeddings, "int64_t":$kv_lora_rank,
                        "int64_t":$qk_nope_head_dim, "int64_t":$qk_rope_head_dim,
                        "int64_t":$v_head_dim, DefaultValuedParameter<"int64_t", "0">:$experts,
                        DefaultValuedParameter<"int64_t", "0">:$experts_per_token,
                        DefaultValuedParameter<"int64_t", "-1">:$bos_token,
                        OptionalParameter<"::mlir::DenseI64ArrayAttr">:$eos_tokens,
                        DefaultValuedParameter<"int64_t", "0">:$parameters_total,
                        DefaultValuedParameter<"int64_t", "0">:$parameters_active);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// The same model, with its parameters counted.
    ModelAttr withParameters(int64_t total, int64_t active) const;
  }];
}

// ---- Where the bytes of a parameter come from -------------------------------

def Hadal_FileAttr : Hadal_Attr<"File", "file"> {
  let summary = "A file of the checkpoint";
  let description = [{
    `name` is relative to the checkpoint's folder, which the module states once
    (`hadal.checkpoint`). `size` (bytes) and `header_hash` tell a changed file
    when it is read again: of a safetensors file XXH3-64 of the 8-byte length and
    the JSON header, of a text file XXH3-64 of all of it.

    ```mlir
    #hadal.file<"model.safetensors", size = 1912016, header_hash = 1234>
    ```
  }];
  let parameters = (ins StringRefParameter<>:$name, "uint64_t":$size, "uint64_t":$header_hash);
  let assemblyFormat = "`<` $name `,` `size` `=` $size `,` `header_hash` `=` $header_hash `>`";
}

def Hadal_SourceAttr : Hadal_Attr<"Source", "source"> {
  let summary = "One stored tensor: (file, name, offset, length, type)";
  let description = [{
    `offset` is absolute in the file, in bytes; `length` is in bytes; `type` is
    the stored type with the stored shape. `checksum` is XXH3-64 of the bytes,
    or 0 where it has not been computed (importing never reads tensor data).

    ```mlir
    #hadal.source<0, "model.norm.weight", offset = 128, length = 384, tensor<192xbf16>>
    ```
    where 0 is an index into the module's list `hadal.files`.

    Constraints:
    1. source_c1: the stored type has a static shape and elements of f32, f16, bf16 or f8E4M3FN
    2. source_c2: the size of the stored type is within 63 bits
  }];
  let genVerifyDecl = 1;
  let parameters = (ins "uint64_t":$file, StringRefParameter<>:$tensor, "uint64_t":$offset,
                        "uint64_t":$length, "::mlir::RankedTensorType":$type,
                        DefaultValuedParameter<"uint64_t", "0">:$checksum);
  let assemblyFormat = "`<` $file `,` $tensor `,` `offset` `=` $offset `,` `length` `=` $length `,` $type (`,` `checksum` `=` $checksum^)? `>`";
}

def Hadal_RowSelectAttr : Hadal_Attr<"RowSelect", "rows"> {
  let summary = "The rows start .. start + count of each group of rows";
  let description = [{
    A stored matrix `[groups * group, in]` is read as `[groups, group, in]`, and
    of each group only `count` rows from `start` on. W_UK and W_UV are such
    selections of `kv_b_proj`, a group being a head.

    ```mlir
    #hadal.rows<group = 256, start = 128, count = 128>
    ```
  }];
  let parameters = (ins "int64_t":$group, "int64_t":$start, "int64_t":$count);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Hadal_RopeTableAttr : Hadal_Attr<"RopeTable", "rope_table"> {
  let summary = "A rotary table that the runtime computes";
  let description = [{
    Row p, column i is `mscale * cos(p * f_i)` (or sin). Without YaRN
    (`factor` = 1 and no `yarn`), `f_i = theta^(-2i / dim)`. With YaRN (Peng et al. 2023,
    arXiv:2309.00071, section 3.2) `f_i` is a blend of that and of `f_i / factor`
    by a ramp between the dimensions where `beta_fast` and `beta_slow` rotations
    fit into `original_positions`. All in f32, as the reference implementation
    computes it. `mscale` is the attention factor on cos and sin: the *ratio* of
    the two mscales of the configuration.

    Constraints:
    1. rope_table_c1: dim is even, from 2 to 65,536
    2. rope_table_c2: numbers are finite, mscale in f32, theta and factor positive, and original positions not negative
    3. rope_table_c3: with YaRN, betas and original positions are positive, and theta is not 1
  }];
  let genVerifyDecl = 1;
  let parameters = (ins EnumParameter<Hadal_TableComponent>:$component,
                        "int64_t":$dim, "::mlir::FloatAttr":$theta, "::mlir::FloatAttr":$factor,
                        "int64_t":$original_positions, "::mlir::FloatAttr":$beta_fast,
                        "::mlir::FloatAttr":$beta_slow, "::mlir::FloatAttr":$mscale,
                        DefaultValuedParameter<"bool", "true">:$truncate,
                        DefaultValuedParameter<"bool", "false">:$yarn);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// Whether frequencies are a blend; with a factor of 1 of equals, which rounds.
    bool isYarn() const { return getYarn() || getFactor().getValueAsDouble() != 1; }
  }];
}

// ---- Layout -----------------------------------------------------------------

def Hadal_PanelsAttr : Hadal_Attr<"Panels", "panels", [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>, DeclareAttrInterfaceMethods<LayoutAttrInterface>]> {
  let summary = "Weights packed in panels of output rows";
  let description = [{
    Layout of a weight `[.., out, in]`: `[.., ceil(out / rows), ceil(in / interleave),
    rows, interleave]`, padded with zeros. A panel is one linear stream for one
    workgroup, and a vector lane is an output row. As a tensor's encoding:

    ```mlir
    tensor<1408x2048xbf16, #hadal.panels<rows = 32, interleave = 2>>
    ```

    Constraints:
    1. panels_c1: the tensor is of rank 2 or more
    2. panels_c2: rows and interleave are from 1 to 4,096
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$interleave);
  let assemblyFormat = "`<` struct(params) `>`";
}

// ---- Entry points -------------------------------------------------------------

// An enumeration of the plan dialect.
class Hadal_PlanEnumParameter<string name> : AttrParameter<"::hadal::plan::" # name, ""> {
  let printer = "$_printer << ::hadal::plan::stringify" # name # "($_self)";
}

def Hadal_EntryAttr : Hadal_Attr<"Entry", "entry"> {
  let summary = "What a function is called for";
  let description = [{
    Attribute `hadal.entry` of a function; one without is called by its name
    (other). The next tokens of sequences go through the one of the role step, or
    through that of the role decode where each sequence has one.

    ```mlir
    func.func private @forward() attributes {hadal.entry = #hadal.entry<step>}
    ```
  }];
  let parameters = (ins Hadal_PlanEnumParameter<"EntryRole">:$role);
  let assemblyFormat = "`<` $role `>`";
}

def Hadal_PortAttr : Hadal_Attr<"Port", "port"> {
  let summary = "What an argument or a result of a function is";
  let description = [{
    Attribute `hadal.port` of arguments and results, and the only place that says what
    they are: name, role, and what each dynamic extent of an argument is, a
    plan.host_dim with a number added, or `?`, an extent that no dim names. Without
    a list no dim names any. An argument or result without the attribute is a value
    named after its position. The extents of a result follow from the function.

    A result of the role `kept` stays on the device; as an argument `kept` is what a
    result of that name was in the last call that had one.

    Constraints:
    1. port_c1: hadal.port is an attribute of this type on a ranked tensor
    2. port_c2: the role is one of an argument, or of a result, and of such a tensor
    3. port_c3: extents are given for none or all of the dynamic axes of an argument, and for none of a result
    4. port_c4: extents name dims, which are those of the role
    5. port_c5: a block table is named exactly by that role, and is a plan.block_table
    6. port_c6: the name is UTF-8 text, not empty and without NUL

    ```mlir
    #hadal.port<"sequence_offsets", sequence_offsets, [@sequences + 1]>
    #hadal.port<"block_table", block_table of @pages, [@slots, @pages_per_slot]>
    #hadal.port<"mask", value, [@tokens, ?]>
    #hadal.port<"logits", logits>
    ```
  }];
  let parameters = (ins StringRefParameter<>:$name, Hadal_PlanEnumParameter<"PortRole">:$role,
                        OptionalParameter<"::mlir::FlatSymbolRefAttr">:$block_table,
                        OptionalArrayRefParameter<"::hadal::PortExtent">:$extents);
  let assemblyFormat = "`<` $name `,` $role (`of` $block_table^)? (`,` `[` $extents^ `]`)? `>`";
}

def Hadal_FragmentsAttr : Hadal_Attr<"Fragments", "fragments", [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>, DeclareAttrInterfaceMethods<LayoutAttrInterface>]> {
  let summary = "Weights packed in the order in which lanes of a matrix unit hold them";
  let description = [{
    Layout of a weight `[.., out, in]` of bf16 or f8E4M3FN. Of bf16: `[.., ceil(out / 16), 2 ceil(in / 64), s, g, t, p, h, e]`, padded
    with zeros. The last six extents are 2, 8, 4, 2, 2, 2 and a block of 16 outputs and 32 inputs: output
    `g + 8 h` and input `8 t + 4 s + 2 p + e` of it. So 16 bytes of lane `4 g + t` are what it holds of the left operand
    of one step of 16 x 8 x 16, and 16 bytes of a row of activations what it holds of the right operands of two.

    Of f8E4M3FN: `[.., ceil(out / 16), 2 ceil(in / 64), g, t, s, p, e]` of 16 bits, in which output g has bits 15 (sign) and 10 to 4, output
    g + 8 bits 11 (sign), 14 to 12 and 3 to 0. So 16 bytes of a lane are two steps, and bf16 is made by masks and shifts.

    A kernel sums each `segment` of inputs by itself, inputs upwards, and adds the segments in order: so all kernels that
    read a weight give the same bits.

    ```mlir
    tensor<1408x2048xbf16, #hadal.fragments<segment = 1024>>
    ```

    Constraints:
    1. fragments_c1: the tensor is of rank 2 or more, of bf16 or f8E4M3FN
    2. fragments_c2: the segment is a positive multiple of 64
  }];
  let parameters = (ins "int64_t":$segment);
  let assemblyFormat = "`<` struct(params) `>`";
}

// ---- Targets ----------------------------------------------------------------

def Hadal_TargetAttr : Hadal_Attr<"Target", "target"> {
  let summary = "What a program is compiled for";
  let description = [{
    `family` names a registered target. `levels` are those of its levels that are
    wanted, in any order; where left out, all of them. Only the target knows
    which there are.

    ```mlir
    #hadal.target<"cpu">
    #hadal.target<"cpu", levels = ["x86-64-v3"]>
    ```
  }];
  let parameters = (ins StringRefParameter<>:$family,
                        OptionalArrayRefParameter<"::mlir::StringAttr">:$levels);
  let assemblyFormat = "`<` $family (`,` `levels` `=` `[` $levels^ `]`)? `>`";
  let builders = [AttrBuilder<(ins "::llvm::StringRef":$family), [{
    return $_get($_ctxt, family, ::llvm::ArrayRef<::mlir::StringAttr>());
  }]>];
}

// ---- Kernels ----------------------------------------------------------------

def Hadal_ExtentAttr : Hadal_Attr<"Extent", "extent"> {
  let summary = "An extent of an operand of a dispatch";
  let description = [{
    ```mlir
    #hadal.extent<0, 0>
    ```
    is the number of rows of the first operand.
  }];
  let parameters = (ins "int64_t":$operand, "int64_t":$axis);
  let assemblyFormat = "`<` $operand `,` $axis `>`";
}

def Hadal_HostDimAttr : Hadal_Attr<"HostDim", "host_dim"> {
  let summary = "An integer that the host knows, by the name of its plan.host_dim";
  let description = [{
    ```mlir
    #hadal.host_dim<@max_context>
    ```
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$name);
  let assemblyFormat = "`<` $name `>`";
}

def Hadal_KernelInterfaceAttr : Hadal_Attr<"KernelInterface", "interface"> {
  let summary = "How a launch of an executable binds values";
  let description = [{
    Set when kernels are emitted, and the same for all variants, so that one launch
    serves whichever the device takes. How the work is spread is each variant's own
    (`plan.interface`).

    `bindings`: for each binding of the kernel, the operand of the body that it
    is, or, from the number of operands on, the result. `access`: what the
    kernel does with each of them. `constants`: the launch's constants, each an integer, a
    `#hadal.extent` or a `#hadal.host_dim`. A kernel reads as many of the first as it
    needs; the variants' interfaces take all.

    ```mlir
    #hadal.interface<bindings = [0, 1, 2], access = [read, read, write], constants = [#hadal.extent<0, 0>, 7]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$bindings, ArrayRefParameter<"::hadal::plan::Access">:$access,
                        "::mlir::ArrayAttr":$constants);
  let assemblyFormat = [{
    `<` `bindings` `=` custom<IntegerList>($bindings) `,` `access` `=` custom<AccessList>($access) `,` `constants` `=` $constants `>`
  }];
}

#endif // HADAL_IR_HADALATTRIBUTES_TD
