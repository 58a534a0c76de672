// SPDX-License-Identifier: Apache-2.0
// Writes what a compilation goes through to a folder: stages, executables, images.
#include "hadal/Pipeline/Dump.h"

#include "DumpIndex.h"
#include "TargetPass.h"

#include "files/FolderOutput.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace hadal;

/// A name for a file, whatever a symbol is called.
static std::string fileNameOf(StringRef symbol) {
  std::string name;
  llvm::raw_string_ostream os(name);
  for (char c : symbol)
    if (llvm::isAlnum(c) || StringRef("_-").contains(c) || (c == '.' && !name.empty()))
      os << c;
    else
      os << llvm::formatv("%{0:X-2}", static_cast<unsigned char>(c));
  constexpr size_t most = 150;
  if (name.size() > most)
    name = name.substr(0, most) + llvm::formatv("-{0:x-16}", llvm::xxh3_64bits(symbol)).str();
  return name;
}

static std::string printed(Operation *op, OpPrintingFlags flags) {
  std::string text;
  llvm::raw_string_ostream os(text);
  op->print(os, flags);
  os << "\n";
  return text;
}

template <typename OpTy>
static OpTy selfOrParent(Operation *op) {
  auto self = dyn_cast<OpTy>(op);
  return self ? self : op->getParentOfType<OpTy>();
}

/// Whether it is between two passes that convert it to the llvm dialect: its casts are then in
/// no order that two runs would have in common.
static bool isHalfConverted(FunctionOpInterface function) {
  return isa<LLVM::LLVMFuncOp>(function) &&
         function->walk([](UnrealizedConversionCastOp) { return WalkResult::interrupt(); })
             .wasInterrupted();
}

class Dump::Files {
public:
  files::FolderOutput folder;
  DumpIndex index;
  std::string problem; // the first

  /// Appends to a list, in whose folder it gets the next number.
  void append(DumpIndex::List &list, StringRef in, StringRef what, StringRef extension,
              StringRef content) {
    // What a pass left as it was is not told again.
    uint64_t hash = llvm::xxh3_64bits(content);
    if (!list.files.empty() && list.hash == hash)
      return;
    list.hash = hash;
    std::string path =
        llvm::formatv("{0}/{1:2}-{2}{3}", in, list.files.size(), fileNameOf(what), extension).str();
    std::replace(path.begin(), path.end(), ' ', '0');
    list.files.push_back({path, what.str(), content.size()});
    write(path, content);
  }

  void write(StringRef path, StringRef content) {
    if (problem.empty() && !folder.write(path.str(), content.data(), content.size()))
      problem = folder.error();
  }

  void addExecutable(ExecutableOp executable, StringRef pass) {
    StringRef family = *targetFamilyOf(executable->getParentOp());
    DumpIndex::Executable &entry = index.executable(family, executable.getSymName());
    append(entry.all, folderOf(family, executable.getSymName()), pass, ".mlir",
           printed(executable, OpPrintingFlags().useLocalScope()));
  }

  void addKernel(plan::ImageOp image, FunctionOpInterface function, StringRef pass) {
    if (!function.isExternal() && !isHalfConverted(function))
      append(kernelOf(image, function.getName()), folderOf(image, function.getName()), pass,
             ".mlir", printed(function, OpPrintingFlags().useLocalScope()));
  }

  DumpIndex::List &kernelOf(plan::ImageOp image, StringRef kernel) {
    StringRef family = *targetFamilyOf(image->getParentOp());
    return index.executable(family, kernel).levels[image.getLevel().str()];
  }

  static std::string folderOf(StringRef family, StringRef executable) {
    return fileNameOf(family) + "/executables/" + fileNameOf(executable);
  }
  static std::string folderOf(plan::ImageOp image, StringRef kernel) {
    StringRef family = *targetFamilyOf(image->getParentOp());
    return folderOf(family, kernel) + "/" + fileNameOf(image.getLevel());
  }
};

namespace {
/// After each pass, of the executables and kernels that it may have changed.
template <typename Files>
class Follower : public PassInstrumentation {
public:
  explicit Follower(Files &files) : files(files) {}

  void runAfterPass(Pass *pass, Operation *op) override {
    StringRef name = pass->getArgument().empty() ? pass->getName() : pass->getArgument();
    if (auto image = selfOrParent<plan::ImageOp>(op))
      op->walk([&](FunctionOpInterface function) { files.addKernel(image, function, name); });
    else if (auto executable = selfOrParent<ExecutableOp>(op))
      files.addExecutable(executable, name);
    else if (auto program = dyn_cast<ProgramOp>(op))
      for (auto executable : program.getContents().getOps<ExecutableOp>())
        files.addExecutable(executable, name);
  }

private:
  Files &files;
};
} // namespace

Dump::Dump(std::unique_ptr<Files> files) : files(std::move(files)) {}
Dump::~Dump() = default;

llvm::Expected<std::unique_ptr<Dump>> Dump::open(StringRef path) {
  auto files = std::make_unique<Files>();
  if (!files->folder.open(path.str()))
    return llvm::createStringError(files->folder.error());
  return std::unique_ptr<Dump>(new Dump(std::move(files)));
}

void Dump::follow(PassManager &pm) {
  pm.addInstrumentation(std::make_unique<Follower<Files>>(*files));
}

void Dump::addStage(ModuleOp module, Stage stage) {
  StringRef name = stageName(stage);
  std::string text = printed(module, OpPrintingFlags().enableDebugInfo());
  std::string path = llvm::formatv("stages/{0}-{1}.mlir", static_cast<int>(stage) + 1, name).str();
  files->write(path, text);
  files->index.stages.push_back({path, name.str(), text.size()});
  files->index.setLaunches(module);
  for (auto program : module.getOps<ProgramOp>())
    for (auto executable : program.getContents().getOps<ExecutableOp>())
      files->addExecutable(executable, name);
}

void Dump::addForm(plan::ImageOp image, const ImageForm &form) {
  auto [name, extension] = form.name.rsplit('.');
  std::string suffix = ("." + extension).str();
  StringRef family = *targetFamilyOf(image->getParentOp());
  if (!form.kernel.empty())
    files->append(files->kernelOf(image, form.kernel), Files::folderOf(image, form.kernel), name,
                  suffix, form.content);
  else
    files->append(files->index.images[{family.str(), image.getLevel().str()}],
                  fileNameOf(family) + "/images/" + fileNameOf(image.getLevel()), name, suffix,
                  form.content);
}

llvm::Error Dump::commit() {
  files->write("index.json", files->index.text());
  if (files->problem.empty() && !files->folder.commit())
    files->problem = files->folder.error();
  return check();
}

llvm::Error Dump::check() const {
  return files->problem.empty() ? llvm::Error::success() : llvm::createStringError(files->problem);
}
