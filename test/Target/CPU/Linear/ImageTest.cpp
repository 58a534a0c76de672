// SPDX-License-Identifier: Apache-2.0
// What an image promises: reproducible bytes, no imports, the level's code.
#include "hadal/Target/CPU/Image.h"
#include "hadal/Target/CPU/KernelBuilder.h"
#include "hadal/Target/CPU/Linear.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include "gtest/gtest.h"

#include <cstdio>
#include <cstring>
#include <elf.h>
#include <fstream>

using namespace hadal::cpu;

namespace {
/// A module with the kernels `b_linear` and `a_linear`.
mlir::OwningOpRef<mlir::ModuleOp> makeKernels(mlir::MLIRContext &context, Level level) {
  loadKernelDialects(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  LinearSpec spec;
  spec.name = "b_linear";
  spec.outputs = 64;
  spec.inputs = 64;
  spec.x = {ActivationType::BF16, 0, 64, 0};
  spec.y = {ActivationType::BF16, 0, 64, 0};
  spec.dual = true;
  EXPECT_TRUE(succeeded(emitLinear(*module, spec, {level})));
  spec.name = "a_linear";
  spec.dual = false;
  EXPECT_TRUE(succeeded(emitLinear(*module, spec, {level})));
  return module;
}

Image compile(Level level) {
  mlir::MLIRContext context;
  auto module = makeKernels(context, level);
  auto image = lowerAndCompile(*module, level);
  EXPECT_TRUE(succeeded(image));
  return succeeded(image) ? *image : Image();
}

std::string disassemble(const Image &image) {
  std::string path = testing::TempDir() + "hadal-image.so";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(image.bytes.data()),
             std::streamsize(image.bytes.size()));
  std::string text;
  FILE *pipe = popen((std::string(HADAL_OBJDUMP) + " -d " + path).c_str(), "r");
  char buffer[4096];
  while (size_t count = fread(buffer, 1, sizeof buffer, pipe))
    text.append(buffer, count);
  EXPECT_EQ(pclose(pipe), 0);
  std::remove(path.c_str());
  return text;
}
} // namespace

TEST(Image, SameInputSameBytes) {
  for (Level level : allLevels())
    EXPECT_EQ(compile(level).bytes, compile(level).bytes);
}

TEST(Image, ExportsItsKernelsInOrder) {
  for (Level level : allLevels()) {
    Image image = compile(level);
    ASSERT_EQ(image.symbols.size(), 2u);
    EXPECT_EQ(image.symbols[0].name, "a_linear");
    EXPECT_EQ(image.symbols[1].name, "b_linear");
    EXPECT_GT(image.symbols[0].codeSize, 100u);
    EXPECT_LT(image.symbols[0].codeSize, image.bytes.size());
  }
}

TEST(Image, IsASharedObjectWithoutStackCode) {
  Image image = compile(Level::V3);
  Elf64_Ehdr header;
  ASSERT_GE(image.bytes.size(), sizeof header);
  std::memcpy(&header, image.bytes.data(), sizeof header);
  EXPECT_EQ(header.e_type, ET_DYN);
  EXPECT_EQ(header.e_machine, EM_X86_64);
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, &image.bytes[header.e_phoff + i * sizeof segment], sizeof segment);
    EXPECT_FALSE((segment.p_flags & PF_W) && (segment.p_flags & PF_X));
    EXPECT_NE(segment.p_type, unsigned(PT_INTERP));
    EXPECT_NE(segment.p_type, unsigned(PT_TLS));
  }
}

TEST(Image, V4UsesTheDotUnitOnWholeRegisters) {
  std::string code = disassemble(compile(Level::V4BF16));
  EXPECT_NE(code.find("vdpbf16ps"), std::string::npos);
  EXPECT_NE(code.find("zmm"), std::string::npos);
  EXPECT_NE(code.find("vcvtneps2bf16"), std::string::npos);
  EXPECT_EQ(code.find("call"), std::string::npos);
}

TEST(Image, V3StaysWithinAVX2) {
  std::string code = disassemble(compile(Level::V3));
  EXPECT_NE(code.find("vfmadd"), std::string::npos);
  EXPECT_EQ(code.find("zmm"), std::string::npos);
  EXPECT_EQ(code.find("{%k"), std::string::npos);
  EXPECT_EQ(code.find("call"), std::string::npos);
}

TEST(Image, RefusesImports) {
  mlir::MLIRContext context;
  std::string message;
  context.getDiagEngine().registerHandler(
      [&](mlir::Diagnostic &diagnostic) { message += diagnostic.str(); });
  loadKernelDialects(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  {
    KernelBuilder k(*module, "calls", {});
    mlir::Value data = k.binding(0, k.getF32Type(), {1});
    mlir::Value zero = k.index(0);
    mlir::Value x = k.load(data, zero);
    // No polynomial exists for it, so LLVM would call the C library.
    k.store(mlir::math::PowFOp::create(k, x, x), data, zero);
    k.finish();
  }
  EXPECT_TRUE(failed(lowerAndCompile(*module, Level::V3)));
  EXPECT_NE(message.find("powf"), std::string::npos) << message;
}

TEST(Image, LevelsHaveNames) {
  for (Level level : allLevels())
    EXPECT_EQ(parseLevel(getLevelName(level)), level);
  EXPECT_FALSE(parseLevel("x86-64-v2").has_value());
}
