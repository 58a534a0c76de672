// SPDX-License-Identifier: Apache-2.0
// A program as the runtime uses it, whatever version of the schema it was written in.
#ifndef HADAL_CORE_PROGRAM_H
#define HADAL_CORE_PROGRAM_H

#include "core/ElementType.h"
#include "core/Span.h"
#include "hadal_generated.h"

#include <cstring>
#include <variant>
#include <vector>

namespace hadal::runtime {

/// Stands for an expression that is not there.
constexpr uint32_t kNone = UINT32_MAX;

/// The device's number among those that share a model, and how many these are.
constexpr int64_t kRank = 0, kWorldSize = 1;

/// The thing of that name in a list of things with names; null when there is none.
template <typename List>
auto findNamed(const List &list, const char *name) -> decltype(list.data()) {
  for (const auto &thing : list)
    if (!std::strcmp(thing.name, name))
      return &thing;
  return nullptr;
}

/// The schema's tables as plain values. Strings and spans lie in the artifact.
struct HostDim {
  const char *name;
  artifact::Dim kind;
  uint32_t blockTable = 0; // of pages_per_slot
  int64_t defaultValue = 0, minimum = 0, maximum = INT32_MAX; // of a caller's own
};

/// Whether it is known when a session opens, and does not change from then on.
inline bool isOfSession(artifact::Dim kind) {
  using artifact::Dim;
  return kind == Dim::slots || kind == Dim::capacity || kind == Dim::pages_per_slot ||
         kind == Dim::step_tokens || kind == Dim::rank || kind == Dim::world_size ||
         kind == Dim::session_value;
}

/// Whether the caller sets it, by name.
inline bool isOfCaller(artifact::Dim kind) {
  return kind == artifact::Dim::session_value || kind == artifact::Dim::call_value;
}

struct BlockTable {
  const char *name;
  uint32_t pageSize;     // rows a page
  uint32_t tokensPerRow; // tokens for one row

  /// Pages that so many tokens of a slot take; 1 at least.
  uint32_t pagesOf(uint32_t tokens) const { return (tokens - 1) / tokensPerRow / pageSize + 1; }
};

struct State {
  const char *name;
  artifact::ElementType type;
  artifact::StateKind kind;
  uint32_t rowRank;
  uint32_t rowShape[kMaxRank];
  uint32_t blockTable; // of a growing one
  uint32_t rows;       // of a ring: an expression of the program

  /// Elements of a row, which the verifier bounds.
  uint64_t rowElements() const {
    uint64_t elements = 1;
    for (uint32_t i = 0; i < rowRank; ++i)
      elements *= rowShape[i];
    return elements;
  }
};

struct ParameterSlice {
  uint32_t parameter; // index into the module's
  uint64_t outer, stride;
  uint32_t offset, length; // expressions of the program, over rank and world_size
};

struct TensorMap {
  artifact::ElementType type;
  Span<uint32_t> extents, strides; // expressions of the interface
  Span<uint32_t> box;
  uint32_t swizzle;
};

struct KernelParameter {
  artifact::KernelParameterKind kind;
  uint32_t index;
  bool hasMap;
  TensorMap map; // of a tensor_map
};

/// How a variant is launched; expressions are over the constants of the launch.
struct KernelInterface {
  Span<artifact::Expr> exprs;
  Span<uint32_t> grid;
  uint64_t scratchBytes = 0;
  Span<uint32_t> workgroupSize; // empty: what the kernel ABI fixes
  uint32_t staticSharedBytes = 0;
  uint32_t dynamicShared = kNone, workspace = kNone;
  Span<uint32_t> cluster; // empty: none
  bool cooperative = false;
  std::vector<KernelParameter> parameters; // empty: what the kernel ABI fixes
};

/// Machine code beside the image of a variant, which a device may take instead.
struct MachineCode {
  const char *image = nullptr; // null: there is none
  const char *symbol = nullptr, *compiler = nullptr;
  uint32_t codeSize = 0, registers = 0, sharedBytes = 0, stackBytes = 0;
  uint32_t spillStoreBytes = 0, spillLoadBytes = 0;
};

struct Variant {
  const char *level, *image, *symbol;
  uint32_t codeSize;
  bool hasInterface;
  KernelInterface interface;
  MachineCode machineCode;
};

struct Executable {
  const char *name, *family;
  Span<artifact::Access> bindings;
  uint32_t constantCount;  // what interfaces may name
  uint32_t passedConstants; // those that the kernel gets, the first ones
  std::vector<Variant> variants;
};

struct Buffer {
  const char *name;
  uint32_t offset, size;
};

struct Op;

/// Whether a binding of that kind is to storage that no launch may write.
inline bool isReadOnly(artifact::BindingKind kind) {
  using artifact::BindingKind;
  return kind == BindingKind::argument || kind == BindingKind::parameter ||
         kind == BindingKind::slice;
}

struct Launch {
  uint32_t executable;
  Span<artifact::Binding> bindings;
  Span<uint32_t> constants; // expressions
  Span<uint32_t> grid;      // more of them, for the interface alone
  const char *label;
  uint32_t flops, bytes;
  uint32_t index = 0; // among all launches of the entry

  /// What the interface is evaluated over: the constants and the grid, from the values of the
  /// entry's expressions.
  void constantsFrom(const std::vector<int64_t> &values, std::vector<int64_t> &out) const {
    out.clear();
    for (uint32_t index : constants)
      out.push_back(values[index]);
    for (uint32_t index : grid)
      out.push_back(values[index]);
  }
};

struct Branch {
  uint32_t condition;
  std::vector<Op> thenOps, elseOps;
};

struct Tap {
  const char *name;
  artifact::Binding binding;
  artifact::ElementType type;
  Span<uint32_t> shape;
};

/// Ops without meaning for this runtime keep their number, for the message.
struct Unknown {
  artifact::OpBody kind;
};

struct Op {
  std::variant<Launch, Branch, Tap, Unknown> body;
};

/// An argument or a result of an entry point.
struct Port {
  const char *name;
  artifact::ElementType type;
  Span<uint32_t> shape; // expressions
  artifact::PortRole role;
  uint32_t blockTable; // of a block_table
  uint32_t kept = 0;   // of a kept one: index into Program::kept
};

/// Whether it comes from the host with each call.
inline bool isUploaded(artifact::PortRole role) {
  return role != artifact::PortRole::block_table && role != artifact::PortRole::kept;
}

struct Entry {
  const char *name;
  artifact::EntryRole role;
  Span<artifact::Expr> exprs;
  std::vector<Port> arguments, results;
  std::vector<Buffer> buffers;
  uint32_t arenaSize;
  std::vector<Op> ops;
  /// Whether it has an argument of a step, or an expression over what a step says.
  bool takesStep = false;
  bool givesLogits = false; // it has a result of role logits
};

/// A result that stays on the device, of whichever entries have it.
struct Kept {
  const char *name;
  artifact::ElementType type;
  uint32_t rank;
};

struct Program {
  const char *family;
  uint32_t kernelAbi;
  std::vector<HostDim> dims;
  Span<artifact::Expr> exprs;
  std::vector<BlockTable> blockTables;
  std::vector<State> states;
  std::vector<ParameterSlice> slices;
  std::vector<Executable> executables;
  std::vector<Entry> entries;
  std::vector<Kept> kept;

  const Entry *findEntry(const char *name) const;
  const Entry *findEntry(artifact::EntryRole role) const;
};

} // namespace hadal::runtime

#endif // HADAL_CORE_PROGRAM_H
