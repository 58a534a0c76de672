// SPDX-License-Identifier: Apache-2.0
// What the decoders of single instructions work with.
#ifndef HADAL_SIM_DECODE_DECODER_H
#define HADAL_SIM_DECODE_DECODER_H

#include "sim/decode/Level.h"

#include <unordered_map>

namespace hadal::sim {

/// Decodes the parsed module of a program, which keeps it. Returns false and fills `error`
/// ("LINE:COLUMN: what") on failure.
bool decodeModule(Program &program, const Level &level, std::string &error);

class Decoder {
public:
  Decoder(Program &program, const Level &level);
  bool decodeFunction(AstFunction &ast, Function &function);
  std::string error;
  /// The failure was an instruction that is known, but not executed.
  bool beyond = false;

  // For the decoders of instructions.
  Inst out;
  const AstInst &ast() const { return *current; }
  size_t operandCount() const { return current->operands.size(); }
  /// One that nothing accepts where the instruction has no such operand.
  const Operand &operand(size_t index) const;
  /// Consumes a modifier if the instruction has it.
  bool mod(std::string_view name);
  /// Consumes the first modifier left that is among `names` (separated by
  /// spaces); returns its index or -1.
  int modOf(const char *names);
  /// Consumes the next modifier that names a type; Ty::None if there is none.
  Ty type();
  bool wantType(Ty &type);
  /// Fails if a modifier was not consumed or the number of operands is wrong.
  bool finish(size_t operands);
  bool finish(size_t least, size_t most);
  /// Fails where the module is for an older target than the instruction needs.
  bool needsTarget(u32 least);
  bool fail(const std::string &what);
  bool failOperand(size_t index, const std::string &what);

  /// Operand references. A destination must be a register of the type's size
  /// (or `_`); a source may also be an immediate, which becomes a constant.
  /// `loose` lets the register be wider than the type, as ld, st and cvt do.
  bool dst(size_t index, Ty type, u32 &ref, bool loose = false);
  bool src(size_t index, Ty type, u32 &ref, bool loose = false);
  bool dstOf(const Operand &operand, Ty type, u32 &ref, bool loose = false);
  bool srcOf(const Operand &operand, Ty type, u32 &ref, bool loose = false);
  /// The pair `p|q`, of which the second may be absent.
  bool dstPair(size_t index, Ty type, u32 &first, u32 &second);
  /// A predicate source; `!p` sets `negated`.
  bool predicate(size_t index, u32 &ref, bool &negated);
  /// Elements of a vector operand, or the operand itself as the only one.
  std::vector<const Operand *> elements(size_t index) const;
  /// An immediate integer.
  bool immediate(size_t index, i64 &value);
  /// A constant of `bytes` bytes (4, 8 or 16) in all lanes.
  u32 constant(u64 bits, u32 bytes, u64 high = 0);
  /// Appends references to the pool and sets out.list and out.count.
  void setList(const std::vector<u32> &refs);
  /// An address operand: register (or zero) in out.a, offset in out.imm.
  /// Sets out.aw to the bytes of the base register.
  bool address(size_t index, Space &space);
  /// The address that a symbol stands for in its own space.
  u64 symbolAddress(const Variable &variable) const;
  /// Whether the variable lies in the frame of its function.
  static bool isInFrame(const Variable &variable);
  Ty registerType(const Operand &operand) const;
  u32 bytesOf(const Operand &operand) const;
  Program &program;
  AstFunction &functionAst() { return *function; }
  u32 pcOf(u32 label) const { return firstPc + label; }
  Function *functionOf(const AstFunction &callee);
  /// Records a use or definition of a virtual register for liveness.
  u32 reference(i32 reg, bool isDefinition);

  // Read by the assignment of registers.
  struct Reference {
    u32 inst;
    u32 reg;
    bool isDefinition;
  };
  std::vector<Reference> references;
  u32 firstPc = 0;

private:
  // The kinds of sources that are no registers, of a type of `bytes` bytes.
  bool literal(const Operand &operand, Ty type, u32 &ref);
  bool specialRegister(const Operand &operand, u32 bytes, u32 &ref);
  bool symbol(const Operand &operand, u32 bytes, u32 &ref);
  bool decodeOne(const AstInst &inst);
  std::unordered_map<std::string_view, const OpRow *> rows;
  std::unordered_map<std::string, u32> constantIndex;
  AstFunction *function = nullptr;
  const AstInst *current = nullptr;
  u32 consumed = 0;
};

/// Gives every virtual register of a decoded function slots of the register
/// file, shared by registers that are never live together, and patches the
/// references.
void assignRegisters(Decoder &decoder, const AstFunction &ast, Function &function);
/// Finds the loops of a function that only poll; before registers are assigned.
void markSpins(Decoder &decoder, const AstFunction &ast);
/// Finds the straight pieces of a function that has its registers.
void markStraight(Program &program, const Function &function);
/// Whether an instruction changes nothing but registers and cannot fail.
bool isPure(const Inst &inst);

/// Lays out module variables in shared memory and locals in frames.
bool layOutVariables(Program &program, std::string &error);

} // namespace hadal::sim

#endif // HADAL_SIM_DECODE_DECODER_H
