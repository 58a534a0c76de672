// SPDX-License-Identifier: Apache-2.0
// The internal form that PTX is decoded to once and that is executed many times.
#ifndef HADAL_SIM_DECODE_CODE_H
#define HADAL_SIM_DECODE_CODE_H

#include "sim/frontend/Ast.h"

#include <memory>

namespace hadal::sim {

struct Warp;
struct Inst;

/// Executes one instruction for the lanes of `mask` (never zero).
using Handler = void (*)(Warp &, const Inst &, u32 mask);

/// What an instruction is counted as.
enum class Class : u8 {
  Move,
  Integer,
  Logic,
  Float16,
  Float32,
  Float64,
  Special,
  Convert,
  Compare,
  Load,
  Store,
  LoadShared,
  StoreShared,
  LoadLocal,
  StoreLocal,
  LoadConst,
  Atomic,
  Mbarrier,
  AsyncCopy,
  Matrix,
  MatrixMove,
  Shuffle,
  Vote,
  Barrier,
  Fence,
  Control,
  Count
};
const char *className(Class cls);

/// How undefined bits of the sources reach the destination.
enum class Shadow : u8 {
  All,     // any undefined source bit makes the whole destination undefined
  Copy,    // d = a, truncated or zero-extended
  CopySigned,
  Truncate, // aux: bytes kept | sign-extended << 8
  And,
  Or,
  Xor,
  Not, // bitwise
  Carry,   // mul.lo and its kin: upwards from the lowest undefined bit
  Add,
  Sub, // the same; what is added may be taken out again
  Shl,
  ShrU,
  ShrS,
  Select,  // d = p(c) ? a : b
  Lop3,
  Prmt,
  Bfe,
  Bfi,
  Shf,
  Pack,
  Unpack, // mov between vectors and wider scalars, lists in the pool
  Own,     // the handler does it
};

/// A reference to 32 lanes of a value: the two top bits select the area, the
/// rest is a byte offset in it.
enum : u32 {
  kAreaShift = 30,
  kAreaMask = (1u << kAreaShift) - 1,
  kAreaRegisters = 0u << kAreaShift,
  kAreaConstants = 1u << kAreaShift,
  kAreaSpecials = 2u << kAreaShift,
  kAreaVirtual = 3u << kAreaShift, // before registers are assigned
};
/// Slot 0 always holds zeros (an absent operand), the four behind it swallow
/// results of up to 128 bits.
constexpr u32 kNoOperand = 0;
constexpr u32 kSinkOperand = kSlotBytes;
constexpr u32 kFirstSlot = 5;

inline u32 slotOf(u32 operand) { return operand >> kAreaShift ? 0 : operand / kSlotBytes; }

struct Inst {
  Handler run = nullptr;
  u32 d = 0, d2 = 0;         // destinations
  u32 a = 0, b = 0, c = 0, e = 0; // sources
  u32 guard = 0;             // predicate; 0 is none
  u32 list = 0;              // first entry in the pool
  u64 imm = 0;
  u32 aux = 0;               // meaning depends on the handler
  u8 count = 0;              // entries in the pool, or elements
  Class cls = Class::Move;
  Shadow shadow = Shadow::All;
  u8 flags = 0;
  u8 dw = 0, aw = 0, bw = 0, cw = 0; // bytes of a lane of d, a, b, c
  /// Instructions from here on that run one after the other without a look at
  /// the warp's state between them; 0 where a guard comes first.
  u8 straight = 0;
  /// In a loop that only polls (Spins.cpp), its accesses are numbered from 1; the
  /// branch back has their number. 0 elsewhere.
  u8 spin = 0;
};

/// Accesses to memory of a loop that is taken for one that only polls.
constexpr u32 kMaximumSpins = 4;

enum InstFlags : u8 {
  kGuardNegated = 1,
  kIsBranch = 2,   // runs also with an empty mask
  kSignedA = 4,
  kNegateC = 8,    // meaning depends on the handler
  kFrameRelative = 16, // the address is relative to the frame
  kAligned = 32,   // .sync.aligned
  kVolatile = 64,  // ordered or volatile access: may wait for another thread
  kReadForCas = 128, // plain load where the function compares and swaps too
};

/// Where an instruction came from.
struct Origin {
  Position at;
  u32 sourceFile = 0;
  u32 sourceLine = 0;
};

struct FormalParameter {
  u64 offset = 0; // in the parameter buffer (entries) or in the frame
  u64 bytes = 0;
  u64 align = 1;
  Ty type = Ty::None;
  bool isArray = false;
  std::string name;
  u32 reg = 0;    // register operand where the parameter is a register
  bool isRegister = false;
};

struct Function {
  std::string name;
  bool isEntry = false;
  bool hasBody = false;
  u32 firstPc = 0, endPc = 0;
  u32 slots = kFirstSlot;    // of its register file
  u64 localBytes = 0;        // of its frame, all lanes alike
  u64 parameterBytes = 0;
  std::vector<FormalParameter> parameters, returns;
  std::vector<u32> undefinedSlots; // live at entry: may be read before written
  u32 requiredBlock[3] = {0, 0, 0};
  u32 maximumBlock[3] = {0, 0, 0};
  u64 sharedBytes = 0;       // static, of the module
  u64 dynamicSharedOffset = 0;
  u64 handle = 0;            // what taking its address gives
  std::string refusal;       // why it cannot run, where it cannot
};

/// One argument or result of a call: bytes of a frame variable, or a register
/// whose reference is in the pool.
struct CallOperand {
  bool isRegister = false;
  u32 pool = 0;
  u64 offset = 0;
  u64 bytes = 0;
};
struct CallSite {
  const AstFunction *callee = nullptr; // null: through a register
  std::vector<CallOperand> arguments, results;
};

struct Program {
  std::unique_ptr<AstModule> ast;
  std::vector<Inst> code;
  std::vector<Origin> origins;
  std::vector<u32> pool;
  std::vector<u8> constants; // splatted over the lanes
  std::vector<CallSite> calls;
  std::vector<std::vector<u32>> branchTables; // pcs of brx.idx
  std::vector<Function> functions;
  u64 sharedBytes = 0;       // static shared memory of the module
  bool polls = false; // has loops that do nothing else
  bool usesReservedShared = false; // reads %reserved_smem_offset_*
  /// Entry names in the order of the text.
  const Function *entry(std::string_view name) const;
  /// Function that holds an instruction.
  const Function &functionAt(u32 pc) const;
};

} // namespace hadal::sim

#endif // HADAL_SIM_DECODE_CODE_H
