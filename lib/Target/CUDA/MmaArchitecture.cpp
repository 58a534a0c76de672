// SPDX-License-Identifier: Apache-2.0
// The tile dialect on GPUs from sm_80 on: types, and conflicts of banks.
#include "hadal/Target/CUDA/MmaArchitecture.h"

#include "KernelFrame.h"
#include "TileBuilder.h"

#include "llvm/ADT/TypeSwitch.h"

#include <array>
#include <set>

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

int64_t hadal::cuda::wordsOf(tile::FragmentType fragment) {
  int64_t elements = fragment.getWarpRows() * fragment.getWarpColumns() / kWarp;
  int64_t bytes = fragment.getElementType().getIntOrFloatBitWidth() / 8;
  return elements * bytes / 4;
}

int64_t hadal::cuda::wordsOf(tile::ColumnType column) {
  return column.getWarpRows() / kMmaRows * 2;
}

int64_t hadal::cuda::wordsOf(Type numbers) {
  auto column = dyn_cast<tile::ColumnType>(numbers);
  return column ? wordsOf(column) : wordsOf(cast<tile::FragmentType>(numbers));
}

int64_t hadal::cuda::packedRowBytes(tile::GlobalType matrix) {
  int64_t columns = int64_t(llvm::alignTo(matrix.getShape()[1], tile::kPackedPadding));
  return columns / tile::kPackedColumns * tile::packedBytes(matrix.getElementType());
}

int64_t hadal::cuda::packedRowCount(tile::GlobalType matrix) {
  return int64_t(llvm::divideCeil(matrix.getShape()[0], tile::kPackedRows));
}

std::optional<int64_t> MmaArchitecture::getThreads(FunctionOpInterface kernel) const {
  return threadsOf(kernel);
}

void MmaArchitecture::addTypes(TypeConverter &types) const {
  types.addConversion(
      [](tile::GlobalType type) -> Type { return pointerTo(type.getContext(), Space::Global); });
  types.addConversion(
      [](tile::SharedType type) -> Type { return pointerTo(type.getContext(), Space::Shared); });
  types.addConversion([](tile::FragmentType type, SmallVectorImpl<Type> &words) {
    Builder builder(type.getContext());
    Type word = type.getRole() == tile::Role::Accumulator ? Type(builder.getF32Type())
                                                          : Type(builder.getI32Type());
    words.append(wordsOf(type), word);
    return success();
  });
  types.addConversion([](tile::ColumnType type, SmallVectorImpl<Type> &words) {
    words.append(wordsOf(type), Float32Type::get(type.getContext()));
    return success();
  });
}

void MmaArchitecture::addPatterns(const TypeConverter &types, RewritePatternSet &patterns,
                                  ConversionTarget &target) const {
  target.addLegalDialect<arith::ArithDialect, LLVM::LLVMDialect, NVVM::NVVMDialect>();
  target.addDynamicallyLegalOp<UnrealizedConversionCastOp>([](UnrealizedConversionCastOp op) {
    return !isa<tile::SharedType>(*op.operand_type_begin());
  });
  addKeptPatterns(types, patterns);
  addMemoryPatterns(types, patterns);
  addMatrixPatterns(types, patterns);
  addRaggedPatterns(types, patterns);
  addScalePatterns(types, patterns);
  addWritePatterns(types, patterns);
  addRowPatterns(types, patterns);
  addWindowPatterns(types, patterns);
}

namespace {
constexpr int64_t kBanks = 32, kBankBytes = 4;

/// Adds one instruction of a warp in which lanes touch `bytes` from given offsets on. Lanes
/// go together as far as their bytes fill the banks once.
void addInstruction(Wavefronts &sum, ArrayRef<int64_t> offsets, int64_t bytes) {
  int64_t together = std::min<int64_t>(kWarp, kBanks * kBankBytes / bytes);
  for (size_t first = 0; first < offsets.size(); first += together) {
    std::array<std::set<int64_t>, kBanks> words;
    for (int64_t offset : offsets.slice(first, together))
      for (int64_t word = offset / kBankBytes; word < (offset + bytes) / kBankBytes; ++word)
        words[word % kBanks].insert(word);
    size_t most = 1;
    for (const std::set<int64_t> &bank : words)
      most = std::max(most, bank.size());
    sum.taken += int64_t(most);
    ++sum.least;
  }
}

/// One instruction of each warp.
template <typename Offset>
Wavefronts countAll(int64_t threads, int64_t bytes, Offset offset) {
  Wavefronts sum;
  for (int64_t warp = 0; warp < threads; warp += kWarp) {
    SmallVector<int64_t> offsets;
    for (int64_t thread = warp; thread < warp + kWarp; ++thread) {
      TileAddresses<LaneNumbers> lane{LaneNumbers(thread)};
      offsets.push_back(offset(lane));
    }
    addInstruction(sum, offsets, bytes);
  }
  return sum;
}
} // namespace

std::optional<Wavefronts> MmaArchitecture::countWavefronts(Operation *op, int64_t threads) const {
  using Lane = TileAddresses<LaneNumbers>;
  return llvm::TypeSwitch<Operation *, std::optional<Wavefronts>>(op)
      .Case([&](tile::LoadOp load) {
        tile::SharedType tile = load.getTile().getType();
        tile::FragmentType fragment = load.getFragment().getType();
        int64_t piece = load.getPosition()[1] / 8, apart = int64_t(load.getApart());
        return countAll(threads, tile::kPieceBytes, [&](Lane &lane) {
          if (fragment.getDepth() == tile::Depth::Pairs)
            return lane.matrixRow(fragment, tile, piece);
          return tile.getOrder() == tile::Order::Packed
                     ? lane.packedOperand(fragment, tile.getRowBytes(), apart)
                     : lane.rowsOperand(fragment, tile, piece, apart);
        });
      })
      .Case([&](tile::PutOp put) {
        return countAll(threads, 4, [&](Lane &lane) {
          return lane.pair(put.getSum().getType(), put.getTile().getType(), 0);
        });
      })
      .Case([&](tile::ExchangeOp exchange) {
        return countAll(threads, tile::kPieceBytes, [&](Lane &lane) {
          return lane.given(exchange.getTile().getType(), /*isOwn=*/true);
        });
      })
      .Case([&](tile::CombineOp combine) -> std::optional<Wavefronts> {
        if (!combine.getTile())
          return std::nullopt;
        return countAll(threads, 4, [&](Lane &lane) {
          return lane.part(combine.getParts().getType(), combine.getTile().getType());
        });
      })
      .Case([&](tile::CopyOp copy) {
        tile::SharedType tile = copy.getTile().getType();
        CopyShape shape(tile, threads);
        return countAll(threads, tile::kPieceBytes,
                        [&](Lane &lane) { return lane.copied(shape, tile, 0); });
      })
      .Case([&](tile::StoreOp store) {
        return countAll(threads, 4, [&](Lane &lane) {
          return lane.sum(store.getSum().getType(), store.getTile().getType());
        });
      })
      .Case([&](tile::WriteOp write) {
        tile::SharedType tile = write.getTileType();
        return countAll(threads, tile::kPieceBytes,
                        [&](Lane &lane) { return lane.written(tile, lane.writtenRow(tile)); });
      })
      .Default([](Operation *) { return std::nullopt; });
}
