// SPDX-License-Identifier: Apache-2.0
// The index of a dump: what follows what, sizes, and which launch uses which executable.
#include "DumpIndex.h"

#include "TargetPass.h"

#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace hadal;
namespace json = llvm::json;

void DumpIndex::setLaunches(ModuleOp module) {
  launches.clear();
  for (Operation &program : *module.getBody()) {
    std::optional<StringRef> family = targetFamilyOf(&program);
    if (!family)
      continue;
    // Launches are in the order of the dispatches that they were made of.
    std::map<Operation *, int64_t> counts;
    auto add = [&](Operation *entry, StringRef name, StringRef label, StringRef executable) {
      launches.push_back(
          {family->str(), name.str(), label.str(), executable.str(), counts[entry]++});
    };
    program.walk([&](Operation *op) {
      if (auto launch = dyn_cast<plan::LaunchOp>(op)) {
        auto entry = launch->getParentOfType<plan::EntryOp>();
        add(entry, entry.getSymName(), launch.getLabel(), launch.getExecutable());
      } else if (auto dispatch = dyn_cast<DispatchOp>(op)) {
        auto entry = dispatch->getParentOfType<func::FuncOp>();
        add(entry, entry.getSymName(), dispatch.getLabel(), dispatch.getExecutable());
      }
    });
  }
}

static json::Object describe(const DumpIndex::File &file, StringRef kind) {
  return json::Object{{"file", file.path}, {kind, file.after}, {"bytes", file.bytes}};
}

static json::Array describe(const DumpIndex::List &list) {
  json::Array files;
  for (const DumpIndex::File &file : list.files)
    files.push_back(describe(file, "after"));
  return files;
}

std::string DumpIndex::text() const {
  json::Array stageList, executableList, imageList, launchList;
  for (const File &file : stages)
    stageList.push_back(describe(file, "stage"));
  for (auto &[key, executable] : executables) {
    json::Array levels;
    for (auto &[level, list] : executable.levels)
      levels.push_back(json::Object{{"level", level}, {"files", describe(list)}});
    executableList.push_back(json::Object{{"program", key.first},
                                          {"executable", key.second},
                                          {"files", describe(executable.all)},
                                          {"levels", std::move(levels)}});
  }
  for (auto &[key, list] : images)
    imageList.push_back(
        json::Object{{"program", key.first}, {"level", key.second}, {"files", describe(list)}});
  for (const Launch &launch : launches)
    launchList.push_back(json::Object{{"program", launch.program},
                                      {"entry", launch.entry},
                                      {"index", launch.index},
                                      {"label", launch.label},
                                      {"executable", launch.executable}});
  std::string text;
  llvm::raw_string_ostream os(text);
  const char *separator = "{\n";
  for (auto &[name, list] : {std::pair<const char *, json::Array &>{"stages", stageList},
                             {"executables", executableList},
                             {"images", imageList},
                             {"launches", launchList}}) {
    os << separator << "\"" << name << "\": [";
    for (size_t i = 0; i < list.size(); ++i)
      os << (i ? ",\n" : "\n") << "  " << list[i];
    os << (list.empty() ? "]" : "\n]");
    separator = ",\n";
  }
  os << "\n}\n";
  return text;
}
