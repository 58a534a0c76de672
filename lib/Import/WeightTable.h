// SPDX-License-Identifier: Apache-2.0
// Which tensors a configuration asks of its checkpoint, and where they were
// found.
#ifndef HADAL_LIB_IMPORT_WEIGHTTABLE_H
#define HADAL_LIB_IMPORT_WEIGHTTABLE_H

#include "hadal/Import/ModelConfig.h"
#include "hadal/Import/Safetensors.h"

namespace hadal {

/// One logical weight: a tensor, or the experts' tensors of one kind stacked.
struct WeightSpec {
  /// Matrix: may be fp8 with block scales. Plain: never quantised.
  enum Kind { Matrix, Plain };
  /// Where the tensors of all experts are one tensor in the file
  /// (transformers 5 in memory), of `rows` rows an expert: the first to take.
  struct Fused {
    std::string tensor;
    int64_t rows = 0;
    int64_t firstRow = 0;
  };

  std::string name; // layers.3.moe.gate
  Kind kind = Plain;
  llvm::SmallVector<int64_t, 2> shape; // of each stored tensor
  std::vector<std::string> tensors;    // names in the files
  std::optional<Fused> fused;
  bool stacked = false; // a first dimension of tensors.size()
};

/// A stored tensor, or a slice of one.
struct BoundSource {
  std::string tensor;
  std::string dtype; // as in safetensors
  unsigned file = 0;
  uint64_t offset = 0, length = 0;
};

struct BoundWeight {
  WeightSpec spec;
  std::string dtype; // as in safetensors
  /// Experts of one kind are stored in different types: the weight is F32, the
  /// type that holds all of them, block scales applied.
  bool mixed = false;
  std::vector<BoundSource> sources; // none when made from the configuration alone
  std::vector<BoundSource> scales; // of the fp8 sources, in their order
  bool isFp8() const { return isFp8(dtype); }
  static bool isFp8(llvm::StringRef dtype) { return dtype == "F8_E4M3"; }
  /// Makes `dtype` that of all stored tensors so far and of a further one.
  void join(llvm::StringRef stored);
};

/// All weights, in the order of the model.
struct WeightTable {
  std::vector<BoundWeight> weights;

  const BoundWeight *find(llvm::StringRef name) const {
    auto found = index.find(name);
    return found == index.end() ? nullptr : &weights[found->second];
  }
  void add(BoundWeight weight) {
    index[weight.spec.name] = weights.size();
    weights.push_back(std::move(weight));
  }

private:
  llvm::StringMap<size_t> index;
};

/// Names before the layers: `model.` and `lm_head.weight`, or those of a
/// language model inside of another.
struct NamePrefixes {
  std::string model = "model.";
  std::string head = "lm_head.weight";
};
NamePrefixes findPrefixes(const ModelConfig &config, const Checkpoint &checkpoint);

/// [ceil(rows / block rows), ceil(columns / block columns)]: the last blocks
/// may be partial.
llvm::SmallVector<int64_t, 2> scaleShape(const BlockScales &blocks, llvm::ArrayRef<int64_t> matrix);

/// Every weight that the configuration asks for.
std::vector<WeightSpec> expectedWeights(const ModelConfig &config, const NamePrefixes &prefixes);

/// Finds the tensors of every weight and checks shape and type; reports what is
/// missing, wrong or surplus.
WeightTable bindWeights(const ModelConfig &config, const Checkpoint &checkpoint,
                        Problems &problems);

/// The weights without tensors, of the types that the configuration tells.
WeightTable weightsWithoutFiles(const ModelConfig &config);

} // namespace hadal

#endif // HADAL_LIB_IMPORT_WEIGHTTABLE_H
