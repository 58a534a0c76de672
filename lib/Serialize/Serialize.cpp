// SPDX-License-Identifier: Apache-2.0
// From a module at the plan stage to an artifact and its weights file.
#include "hadal/Serialize/Serialize.h"

#include "ArtifactBytes.h"
#include "ElementTypes.h"
#include "ModelInfoWriter.h"
#include "ProgramWriter.h"

#include "files/ArtifactOutput.h"
#include "hadal/Target/Target.h"
#include "hadal_limits.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <chrono>

using namespace mlir;
using namespace hadal;

namespace {
double secondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

class Serializer {
public:
  Serializer(ModuleOp module, const SerializeOptions &options) : module(module), options(options) {}

  FailureOr<SerializeResult> run() {
    programs = llvm::to_vector(module.getOps<plan::ProgramOp>());
    auto begin = std::chrono::steady_clock::now();
    if (failed(checkModule()) || failed(compileImages()) || failed(checkSymbols()) ||
        failed(readTextFiles()))
      return failure();
    result.codegenSeconds = secondsSince(begin);
    countBytes();
    begin = std::chrono::steady_clock::now();
    if (llvm::Error error = writeFiles()) {
      emitError(UnknownLoc::get(module.getContext())) << llvm::toString(std::move(error));
      return failure();
    }
    result.packSeconds = secondsSince(begin);
    return std::move(result);
  }

private:
  /// What a reader asks of every artifact, or the schema cannot say.
  LogicalResult checkModule() {
    if (programs.size() > kMaxPrograms)
      return programs[kMaxPrograms].emitOpError()
             << "expected " << kMaxPrograms << " programs at most, got " << programs.size();
    for (plan::ProgramOp program : programs)
      if (failed(verifyElementTypes(program)))
        return failure();
    if (!modelOf(module))
      return module.emitOpError() << "expected the attribute " << kModelAttrName
                                  << " of what is compiled, found none";
    return success();
  }

  /// Sections are found by their names.
  LogicalResult addSection(function_ref<InFlightDiagnostic()> report, SectionBytes section) {
    if (section.name == planSection.name || !names.insert(section.name).second)
      return report() << "expected a name that no other section of the artifact has, got '"
                      << section.name << "'";
    sections.push_back(std::move(section));
    if (sections.size() < kMaxSections)
      return success();
    return report() << "expected " << kMaxSections << " sections of an artifact at most, got more";
  }

  /// What is counted is the first program; others compute the same.
  void countBytes() {
    result.decodeWeightBytes = decodeWeightBytes(programs.front());
    int64_t elementBytes = 0;
    for (auto state : programs.front().getContents().getOps<StateOp>()) {
      elementBytes = state.getTensorType().getElementTypeBitWidth() / 8;
      result.cacheBytes += state.getBytesPerToken();
    }
    ModelAttr model = modelOf(module);
    result.plainCacheBytes = saturatingProduct(
        {model.getLayers(), model.getHeads(), elementBytes,
         model.getQkNopeHeadDim() + model.getQkRopeHeadDim() + model.getVHeadDim()});
  }

  LogicalResult addImage(plan::ImageOp image, TargetImage compiled) {
    std::string name = image.getSymName().str(), level = image.getLevel().str();
    auto sectionOf = [&](const MachineCode &code) { return name + "." + code.symbol; };
    for (const TargetImage::Symbol &symbol : compiled.symbols) {
      if (symbol.codeSize > compiled.bytes.size())
        return image.emitOpError() << "expected code of '" << symbol.name << "' within the image's "
                                   << compiled.bytes.size() << " bytes, got " << symbol.codeSize;
      KernelCode code;
      code.size = symbol.codeSize;
      if (symbol.machineCode) {
        const MachineCode &made = compiled.machineCode[*symbol.machineCode];
        code.machineSection = sectionOf(made);
        code.machineCode = {made.symbol,          compiled.machineCodeBy, made.bytes.size(),
                            made.registers,       made.sharedBytes,       made.stackBytes,
                            made.spillStoreBytes, made.spillLoadBytes};
      }
      result.kernels.push_back({symbol.name, level, symbol.codeSize, code.machineCode});
      codes[{name, symbol.name}] = std::move(code);
    }
    if (!compiled.machineCodeBy.empty())
      result.machineCodeBy.push_back({level, compiled.machineCodeBy});
    auto report = [&] { return image.emitOpError(); };
    if (failed(addSection(report, {fb::SectionKind::kernels, name, std::move(compiled.bytes)})))
      return failure();
    for (MachineCode &code : compiled.machineCode)
      if (failed(addSection(report,
                            {fb::SectionKind::kernels, sectionOf(code), std::move(code.bytes)})))
        return failure();
    return success();
  }

  LogicalResult compileImages() {
    WalkResult walked = module.walk([&](plan::ImageOp image) {
      auto program = cast<plan::ProgramOp>(image->getParentOp());
      const Target *target = lookupTarget(program, program.getSymName());
      if (!target)
        return WalkResult::interrupt();
      auto tell = [&](const ImageForm &form) { options.observe(image, form); };
      FailureOr<TargetImage> compiled =
          target->compileImage(image, options.observe ? ImageObserver(tell) : nullptr);
      if (failed(compiled))
        return WalkResult::interrupt();
      if (options.observe)
        tell({"", "image.bin", toStringRef(llvm::ArrayRef(compiled->bytes))});
      return WalkResult(addImage(image, std::move(*compiled)));
    });
    return failure(walked.wasInterrupted());
  }

  /// What variants name is in their images.
  LogicalResult checkSymbols() {
    WalkResult walked = module.walk([&](plan::VariantOp variant) {
      std::string image = variant.getImage().str();
      std::string symbol = cast<plan::ExecutableOp>(variant->getParentOp()).getSymName().str();
      if (codes.count({image, symbol}))
        return WalkResult::advance();
      variant.emitOpError() << "expected the target to compile image '" << image
                            << "' with the kernel '" << symbol << "', got one without";
      return WalkResult::interrupt();
    });
    return failure(walked.wasInterrupted());
  }

  LogicalResult readTextFiles() {
    std::pair<StringRef, fb::SectionKind> kinds[] = {
        {kTokenizerAttrName, fb::SectionKind::tokenizer},
        {kTokenizerConfigAttrName, fb::SectionKind::tokenizer_config},
        {kGenerationAttrName, fb::SectionKind::generation}};
    Location at = UnknownLoc::get(module.getContext());
    for (auto [name, kind] : kinds) {
      StringRef attribute = name;
      auto file = module->getAttrOfType<FileAttr>(attribute);
      if (!file)
        continue;
      llvm::SmallString<256> path(textOf(module, kCheckpointAttrName));
      llvm::sys::path::append(path, file.getName());
      auto buffer = llvm::MemoryBuffer::getFile(path);
      if (!buffer)
        return emitError(at) << path << ": cannot read: " << buffer.getError().message();
      // What the importer found fit for the runtime's readers, and nothing else.
      StringRef bytes = (*buffer)->getBuffer();
      if (bytes.size() != file.getSize() ||
          XXH3_64bits(bytes.data(), bytes.size()) != file.getHeaderHash())
        return emitError(at) << path << ": expected the " << file.getSize()
                             << " bytes that were imported, got " << bytes.size()
                             << " that differ; import the checkpoint again";
      if (failed(addSection(
              [&] { return module.emitOpError() << attribute << ": "; },
              {kind, file.getName().str(), std::vector<uint8_t>(bytes.begin(), bytes.end())})))
        return failure();
    }
    return success();
  }

  llvm::Error writeFiles() {
    auto check = [&](bool done) {
      return done ? llvm::Error::success() : llvm::createStringError(output.error());
    };
    if (llvm::Error failed = check(output.open(options.path, /*withWeights=*/!options.shapesOnly)))
      return failed;
    WeightsLayout layout = layOutWeights(module);
    if (layout.size > std::numeric_limits<int64_t>::max())
      return llvm::createStringError("expected weights within 63 bits of size, got more");
    std::string buildId = identityOf(layout);
    // What is refused for its numbers is refused before weights are packed, which may take hours.
    llvm::Expected<std::vector<uint8_t>> artifact = artifactBytes(layout, buildId);
    if (!artifact)
      return artifact.takeError();
    if (!options.shapesOnly) {
      llvm::Expected<SourceFiles> sources = SourceFiles::open(module);
      if (!sources)
        return sources.takeError();
      NonFiniteValues nonFinite(*sources, options.allowNonFinite);
      llvm::Expected<std::string> packed = writeWeights(layout, output.weights(), *sources,
                                                        nonFinite, seed(layout), options.progress);
      report(nonFinite);
      if (!packed)
        return packed.takeError();
      buildId = *packed;
      result.weightsPath = output.weightsPath(buildId);
      result.weightBytes = output.weights().size();
      artifact = artifactBytes(layout, buildId);
      if (!artifact)
        return artifact.takeError();
    }
    result.artifactBytes = artifact->size();
    if (llvm::Error failed = check(output.artifact().write(artifact->data(), artifact->size())))
      return failed;
    return check(output.commit(buildId, options.inputs));
  }

  void report(const NonFiniteValues &nonFinite) {
    MLIRContext *context = module.getContext();
    for (const Problem &problem : nonFinite.lines()) {
      Location at = problem.file.empty() ? Location(UnknownLoc::get(context))
                                         : FileLineColLoc::get(context, problem.file, 0, 0);
      (nonFinite.refused() ? emitError(at) : emitWarning(at)) << problem.detail();
    }
  }

  /// What the compilation read beside the weights: code, text and what rotary
  /// tables are made of.
  uint64_t seed(const WeightsLayout &layout) {
    uint64_t hash = 0;
    for (const SectionBytes &section : sections)
      hash = XXH3_64bits_withSeed(section.bytes.data(), section.bytes.size(), hash);
    for (const PlacedParameter &placed : layout.parameters)
      if (!placed.isStored()) {
        std::string recipe;
        ParameterOp parameter = placed.parameter;
        llvm::raw_string_ostream(recipe) << parameter.getTableAttr() << parameter.getType();
        hash = XXH3_64bits_withSeed(recipe.data(), recipe.size(), hash);
      }
    return hash;
  }

  std::string identityOf(const WeightsLayout &layout) {
    return llvm::formatv("{0:x-16}", XXH3_64bits_withSeed(layout.header.data(),
                                                          layout.header.size(), seed(layout)))
        .str();
  }

  llvm::Expected<std::vector<uint8_t>> artifactBytes(const WeightsLayout &layout,
                                                     const std::string &buildId) {
    planSection.bytes = planBytes(layout, buildId);
    return makeArtifact(planSection, sections, buildId);
  }

  std::vector<uint8_t> planBytes(const WeightsLayout &layout, const std::string &buildId) {
    flatbuffers::FlatBufferBuilder builder(1 << 20);
    std::vector<flatbuffers::Offset<fb::WeightFile>> files;
    if (!options.shapesOnly)
      files.push_back(fb::CreateWeightFile(
          builder, builder.CreateString(output.weightsName(buildId)), layout.size,
          XXH3_64bits(layout.header.data(), layout.header.size()), builder.CreateString(buildId)));
    std::vector<flatbuffers::Offset<fb::Parameter>> parameters;
    for (const PlacedParameter &placed : layout.parameters)
      parameters.push_back(writeParameter(builder, placed));
    std::vector<flatbuffers::Offset<fb::Program>> tables;
    for (plan::ProgramOp program : programs)
      tables.push_back(writeProgram(builder, program, layout, codes));
    auto info = writeModelInfo(builder, module, options.shapesOnly, result);
    auto fileList = builder.CreateVector(files);
    auto parameterList = builder.CreateVector(parameters);
    auto programList = builder.CreateVector(tables);
    builder.Finish(
        fb::CreateModule(builder, info, fileList, parameterList, /*states=*/0, programList));
    return std::vector<uint8_t>(builder.GetBufferPointer(),
                                builder.GetBufferPointer() + builder.GetSize());
  }

  ModuleOp module;
  const SerializeOptions &options;
  SmallVector<plan::ProgramOp> programs;
  files::ArtifactOutput output;
  SerializeResult result;
  SectionBytes planSection = {fb::SectionKind::plan, "plan", {}};
  std::vector<SectionBytes> sections; // the others
  llvm::StringSet<> names;
  KernelCodes codes;
};
} // namespace

FailureOr<SerializeResult> hadal::serialize(ModuleOp module, const SerializeOptions &options) {
  return Serializer(module, options).run();
}
