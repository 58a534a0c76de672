// SPDX-License-Identifier: Apache-2.0
// Checks of executables, their variants, and the interfaces of these.
#include "core/Expression.h"
#include "core/Verify.h"

#include <cinttypes>
#include <cstring>

namespace hadal::runtime {
namespace {

using artifact::KernelParameterKind;

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;

// Three numbers of at least 1, or none.
Status checkThree(const char *field, Span<uint32_t> sizes) {
  if (!sizes.empty() && sizes.size() != 3)
    return fail(kInvalid, "%s: expected 3 numbers or none, got %u", field, sizes.size());
  for (uint32_t i = 0; i < sizes.size(); ++i)
    if (sizes[i] == 0)
      return fail(kInvalid, "%s[%u]: expected at least 1, got 0", field, i);
  return {};
}

Status verifyMap(const KernelInterface &interface, const TensorMap &map) {
  HADAL_TRY(checkElementType(map.type));
  uint32_t rank = map.extents.size();
  if (rank == 0 || rank > kMaxMapRank)
    return fail(kInvalid, "extents: expected 1 to %u, got %u", kMaxMapRank, rank);
  if (map.strides.size() != rank - 1)
    return fail(kInvalid, "strides: expected %u for %u extents, got %u", rank - 1, rank,
                map.strides.size());
  if (map.box.size() != rank)
    return fail(kInvalid, "box: expected %u for %u extents, got %u", rank, rank, map.box.size());
  HADAL_TRY(checkExpressions("extents", map.extents, interface.exprs));
  HADAL_TRY(checkExpressions("strides", map.strides, interface.exprs));
  if (map.swizzle != 0 && map.swizzle != 32 && map.swizzle != 64 && map.swizzle != 128)
    return fail(kInvalid, "swizzle: expected 0, 32, 64 or 128 B, got %u B", map.swizzle);
  return {};
}

Status verifyParameter(const Executable &executable, const KernelInterface &interface,
                       const KernelParameter &parameter) {
  uint32_t limit = 0;
  switch (parameter.kind) {
  case KernelParameterKind::binding:
  case KernelParameterKind::tensor_map: limit = executable.bindings.size(); break;
  case KernelParameterKind::constant_i32:
  case KernelParameterKind::constant_i64: limit = executable.passedConstants; break;
  case KernelParameterKind::workspace:
    if (interface.workspace == kNone)
      return fail(kInvalid, "kind: expected none, as there is no workspace, got workspace");
    return {};
  case KernelParameterKind::constants: return {};
  default:
    return fail(kInvalid, "kind: expected at most %u, got %u",
                static_cast<unsigned>(KernelParameterKind::MAX),
                static_cast<unsigned>(parameter.kind));
  }
  if (parameter.index >= limit)
    return fail(kInvalid, "index: expected less than %u for kind %s, got %u", limit,
                artifact::EnumNameKernelParameterKind(parameter.kind), parameter.index);
  if (parameter.kind != KernelParameterKind::tensor_map)
    return {};
  if (!parameter.hasMap)
    return fail(kInvalid, "map: expected a table, got none");
  HADAL_TRY_IN(verifyMap(interface, parameter.map), "map.");
  return {};
}

Status verifyInterface(const Executable &executable, const KernelInterface &interface) {
  HADAL_TRY(verifyExpressions(interface.exprs, ExprScope::ofInterface(executable.constantCount)));
  if (interface.grid.size() != 3)
    return fail(kInvalid, "grid: expected 3 expressions, got %u", interface.grid.size());
  HADAL_TRY(checkExpressions("grid", interface.grid, interface.exprs));
  if (interface.scratchBytes > kMaxScratch)
    return fail(kInvalid, "scratch_bytes: expected at most %" PRIu64 " B, got %" PRIu64 " B",
                kMaxScratch, interface.scratchBytes);
  HADAL_TRY(checkThree("workgroup_size", interface.workgroupSize));
  HADAL_TRY(checkThree("cluster", interface.cluster));
  HADAL_TRY(checkExpression("dynamic_shared", interface.dynamicShared, interface.exprs, true));
  HADAL_TRY(checkExpression("workspace", interface.workspace, interface.exprs, true));
  for (uint32_t i = 0; i < interface.parameters.size(); ++i)
    HADAL_TRY_IN(verifyParameter(executable, interface, interface.parameters[i]), "parameters[%u].",
                 i);
  return {};
}

Status verifyImage(const Artifact &artifact, const char *name, uint32_t codeSize) {
  const artifact::Section *image = artifact.section(name);
  if (!image || image->kind() != artifact::SectionKind::kernels)
    return fail(kInvalid, "image: expected a section of kind kernels, got %s '%s'",
                image ? "another kind," : "no section", name);
  if (codeSize > image->data()->size())
    return fail(kInvalid, "code_size: expected at most the image's %u B, got %u B",
                image->data()->size(), codeSize);
  return {};
}

Status verifyVariant(const Artifact &artifact, const Executable &executable, uint32_t index) {
  const Variant &variant = executable.variants[index];
  for (uint32_t j = 0; j < index; ++j)
    if (!std::strcmp(executable.variants[j].level, variant.level))
      return fail(kInvalid, "level: expected a new level, got '%s' of variants[%u]", variant.level,
                  j);
  HADAL_TRY(verifyImage(artifact, variant.image, variant.codeSize));
  if (const MachineCode &code = variant.machineCode; code.image)
    HADAL_TRY_IN(verifyImage(artifact, code.image, code.codeSize), "machine_code.");
  if (!variant.hasInterface)
    return fail(kInvalid, "interface: expected a table, got none");
  HADAL_TRY_IN(verifyInterface(executable, variant.interface), "interface.");
  return {};
}

} // namespace

Status verifyExecutable(const Artifact &artifact, const Executable &executable) {
  uint32_t bindings = executable.bindings.size();
  if (bindings > kMaxBindings)
    return fail(kInvalid, "bindings: expected at most %u, got %u", kMaxBindings, bindings);
  for (uint32_t i = 0; i < bindings; ++i)
    if (executable.bindings[i] > artifact::Access::MAX)
      return fail(kInvalid, "bindings[%u]: expected at most %u, got %u", i,
                  static_cast<unsigned>(artifact::Access::MAX),
                  static_cast<unsigned>(executable.bindings[i]));
  if (executable.passedConstants > kMaxConstants)
    return fail(kInvalid, "constant_count: expected at most %u, got %u", kMaxConstants,
                executable.passedConstants);
  size_t variants = executable.variants.size();
  if (variants == 0 || variants > kMaxVariants)
    return fail(kInvalid, "variants: expected 1 to %u, got %zu", kMaxVariants, variants);
  for (uint32_t i = 0; i < variants; ++i)
    HADAL_TRY_IN(verifyVariant(artifact, executable, i), "variants[%u].", i);
  return {};
}

} // namespace hadal::runtime
