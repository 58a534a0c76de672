// SPDX-License-Identifier: Apache-2.0
// What the parser makes of a PTX text: variables, functions, instructions with
// resolved names, before they are decoded.
#ifndef HADAL_SIM_FRONTEND_AST_H
#define HADAL_SIM_FRONTEND_AST_H

#include "sim/support/Types.h"

#include <deque>
#include <string>
#include <vector>

namespace hadal::sim {

struct AstFunction;

/// The address of a variable or function inside an initialiser.
struct Relocation {
  u64 offset = 0;
  u32 bytes = 8;
  std::string symbol;
  i64 addend = 0;
  bool generic = false;
  Position at;
};

/// A variable of any state space, or a parameter.
struct Variable {
  std::string name;
  Space space = Space::Global;
  Ty type = Ty::None;
  u32 vector = 1;
  u64 bytes = 0;
  u64 align = 1;
  bool isExtern = false;
  bool unsized = false;
  bool isParameter = false;
  bool isArray = false;
  std::vector<u8> init;
  std::vector<Relocation> relocations;
  Position at;
  /// Where the variable lies in its space; set when the module is laid out.
  /// Local and in-function param variables: offset inside the frame.
  u64 offset = 0;
  /// The function that owns it; null at module scope.
  const AstFunction *owner = nullptr;
  /// Formal parameter given as a register (`.reg` in a .func header).
  i32 reg = -1;
};

/// One register as declared.
struct VirtualRegister {
  Ty type = Ty::B32;
  u32 name = 0; // index into AstFunction::registerNames
  u32 number = 0;
  bool numbered = false;
};

struct Operand {
  enum Kind : u8 {
    Register,
    Special,
    Immediate,
    Address,
    Symbol,
    Function,
    Label,
    Vector,
    List,
    Pair,
    Sink,
    Prototype,
    Text
  };
  Kind kind = Sink;
  bool negated = false;     // !p
  bool isFloat = false;     // Immediate written as a float
  bool floatIs32 = false;   // written as 0f...
  i32 reg = -1;             // Register; Address with a register base
  u32 special = 0;          // Special: a SpecialRegister
  u64 bits = 0;             // Immediate: integer, or the bits of a double/f32
  i64 offset = 0;           // Address, Symbol: bytes added
  const Variable *variable = nullptr;
  const AstFunction *function = nullptr;
  u32 label = 0;            // Label: instruction index after resolution
  std::vector<Operand> parts; // Vector, List, Pair
  std::string_view name;    // for messages
  Position at;
};

struct AstInst {
  std::string_view opcode;
  std::vector<std::string_view> modifiers;
  std::vector<Operand> operands;
  i32 guard = -1;
  bool guardNegated = false;
  bool beyond = false; // known, but not executed: has no operands
  Position at;
  u32 sourceFile = 0;
  u32 sourceLine = 0;

  bool has(std::string_view modifier) const {
    for (std::string_view m : modifiers)
      if (m == modifier)
        return true;
    return false;
  }
};

/// Targets of brx.idx, or candidates of an indirect call.
struct TargetTable {
  std::string_view name;
  std::vector<u32> labels;
};

struct AstFunction {
  std::string name;
  bool isEntry = false;
  bool hasBody = false;
  std::vector<Variable *> parameters;
  std::vector<Variable *> returns;
  std::vector<AstInst> body;
  std::vector<VirtualRegister> registers;
  std::vector<std::string> registerNames;
  std::deque<Variable> variables; // everything declared inside
  std::deque<TargetTable> tables;
  u32 requiredBlock[3] = {0, 0, 0};
  u32 maximumBlock[3] = {0, 0, 0};
  Position at;
  u32 index = 0;
};

struct AstModule {
  std::string text; // owns what the string_views point into
  std::string fileName;
  u32 versionMajor = 0, versionMinor = 0;
  std::string target;
  u32 targetNumber = 0; // 80 of sm_80
  u32 addressBits = 64;
  std::deque<Variable> variables;
  std::deque<AstFunction> functions;
  std::vector<std::string> files; // by number of .file
};

/// Registers that the hardware provides.
enum class SpecialRegister : u32 {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  NwarpId,
  SmId,
  NsmId,
  GridId,
  LanemaskEq,
  LanemaskLe,
  LanemaskLt,
  LanemaskGe,
  LanemaskGt,
  DynamicSmemSize,
  TotalSmemSize,
  AggrSmemSize,
  ClusterCtaidX,
  ClusterCtaidY,
  ClusterCtaidZ,
  ClusterNctaidX,
  ClusterNctaidY,
  ClusterNctaidZ,
  ClusteridX,
  ClusteridY,
  ClusteridZ,
  NclusteridX,
  NclusteridY,
  NclusteridZ,
  ClusterCtarank,
  ClusterNctarank,
  WarpSize,
  CurrentGraphExec,
  ReservedSmemBegin,
  ReservedSmemEnd,
  ReservedSmemCap,
  ReservedSmem0,
  ReservedSmem1,
  EnvReg0,
  EnvReg1,
  EnvReg2, // 1 and 2: address of the grid's workspace
  FirstDynamic, // what follows changes while a warp runs
  Clock = FirstDynamic,
  Clock64,
  ClockHi,
  GlobalTimer,
  GlobalTimerLo,
  GlobalTimerHi,
  Count
};

} // namespace hadal::sim

#endif // HADAL_SIM_FRONTEND_AST_H
