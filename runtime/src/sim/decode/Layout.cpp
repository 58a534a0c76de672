// SPDX-License-Identifier: Apache-2.0
// Lays out the variables of a module in shared memory, parameter blocks and frames.
#include "sim/decode/Decoder.h"
#include "sim/support/AddressSpace.h"

#include <algorithm>

namespace hadal::sim {

namespace {
u64 alignUp(u64 value, u64 align) { return (value + align - 1) & ~(align - 1); }

void describe(Function &function, const AstFunction &ast) {
  function.name = ast.name;
  function.isEntry = ast.isEntry;
  function.hasBody = ast.hasBody;
  function.handle = kFunctionHandle + ast.index;
  for (int i = 0; i < 3; ++i) {
    function.requiredBlock[i] = ast.requiredBlock[i];
    function.maximumBlock[i] = ast.maximumBlock[i];
  }
  auto list = [&](const std::vector<Variable *> &from, std::vector<FormalParameter> &into) {
    for (const Variable *variable : from) {
      FormalParameter parameter;
      parameter.offset = variable->offset;
      parameter.bytes = variable->bytes;
      parameter.align = variable->align;
      parameter.type = variable->type;
      parameter.isArray = variable->isArray;
      parameter.name = variable->name;
      parameter.isRegister = variable->reg >= 0;
      if (parameter.isRegister)
        parameter.reg = kAreaVirtual | u32(variable->reg);
      into.push_back(std::move(parameter));
    }
  };
  list(ast.parameters, function.parameters);
  list(ast.returns, function.returns);
}

bool namesDynamicShared(const Operand &operand) {
  if (operand.variable && operand.variable->space == Space::Shared && operand.variable->isExtern)
    return true;
  for (const Operand &part : operand.parts)
    if (namesDynamicShared(part))
      return true;
  return false;
}
} // namespace

bool layOutVariables(Program &program, std::string &error) {
  AstModule &ast = *program.ast;
  u64 common = 0, dynamicAlign = 16;
  auto place = [&](Variable &variable, u64 &at) {
    if (variable.isExtern) {
      dynamicAlign = std::max(dynamicAlign, variable.align);
      return;
    }
    at = alignUp(at, variable.align);
    variable.offset = at;
    at += variable.bytes;
  };
  for (Variable &variable : ast.variables)
    if (variable.space == Space::Shared)
      place(variable, common);
  for (AstFunction &function : ast.functions)
    if (!function.isEntry)
      for (Variable &variable : function.variables)
        if (variable.space == Space::Shared)
          place(variable, common);
  u64 most = common;
  u32 index = 0;
  for (AstFunction &function : ast.functions) {
    function.index = index++;
    u64 shared = common, frame = 0, parameters = 0;
    for (Variable &variable : function.variables) {
      if (variable.space == Space::Shared && function.isEntry)
        place(variable, shared);
      if (variable.space == Space::Param && function.isEntry && variable.isParameter) {
        parameters = alignUp(parameters, variable.align);
        variable.offset = parameters;
        parameters += variable.bytes;
      } else if (variable.space == Space::Local || variable.space == Space::Param) {
        frame = alignUp(frame, std::max<u64>(variable.align, 4));
        variable.offset = frame;
        // In-function parameters of an entry's calls are frame variables too.
        if (variable.space == Space::Param && function.isEntry)
          variable.space = Space::Local;
        frame += variable.bytes;
      }
    }
    if (parameters > 32764) {
      error = format("%u:%u: parameters of '%s' take %llu bytes, expected at "
                     "most 32764",
                     function.at.line, function.at.column, function.name.c_str(),
                     (unsigned long long)parameters);
      return false;
    }
    Function decoded;
    decoded.localBytes = alignUp(frame, 16);
    decoded.parameterBytes = parameters;
    decoded.sharedBytes = shared;
    most = std::max(most, shared);
    describe(decoded, function);
    program.functions.push_back(std::move(decoded));
  }
  program.sharedBytes = most;
  // It starts behind the static memory of the kernel, or where functions that
  // several kernels call use it, behind the most that any kernel has.
  bool anywhere = false;
  for (const AstFunction &function : ast.functions)
    for (const AstInst &inst : function.body)
      for (const Operand &operand : inst.operands)
        anywhere |= !function.isEntry && namesDynamicShared(operand);
  for (Function &function : program.functions)
    function.dynamicSharedOffset = alignUp(anywhere ? most : function.sharedBytes, dynamicAlign);
  return true;
}

} // namespace hadal::sim
