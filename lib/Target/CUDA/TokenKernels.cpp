// SPDX-License-Identifier: Apache-2.0
// Emits kernels about the tokens of a step, of parts side by side.
#include "hadal/Target/CUDA/TokenKernels.h"

#include "RowEmitter.h"
#include "RowLanes.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
constexpr int64_t kHeadThreads = 256; // at most, a warp a head

/// Rows of cosines and sines, and how pairs lie.
struct Rotation {
  Value cos, sin; // rows of a position
  Type table;
  int64_t half;
  bool interleaved;

  /// Pair `i` of the columns at `from`, of f32, to those at `to`, where it is always (i, i + half).
  void emit(LaneBuilder &b, Value i, Value from, Value to, Type element) const {
    auto at = [&](Value row, Type type) {
      return b.loadElements(type, b.plus(row, b.mul(i, bytesOf(type, 1))), 1)[0];
    };
    Value x, y;
    if (interleaved) {
      Value pair = b.plus(from, b.mul(i, 8));
      x = b.load(b.getF32Type(), pair);
      y = b.load(b.getF32Type(), b.plus(pair, 4));
    } else {
      x = at(from, b.getF32Type());
      y = at(b.plus(from, half * 4), b.getF32Type());
    }
    Value c = at(cos, table), s = at(sin, table);
    Value own = b.plus(to, b.mul(i, bytesOf(element, 1)));
    b.storeElements(element, b.subF(b.mulF(x, c), b.mulF(y, s)), own);
    b.storeElements(element, b.addF(b.mulF(y, c), b.mulF(x, s)),
                    b.plus(own, bytesOf(element, half)));
  }
};

/// `body` for number, number + step, ... below count, as far as that is known to be for all lanes
/// without asking.
void spread(LaneBuilder &b, Value number, int64_t step, int64_t count,
            function_ref<void(Value)> body) {
  for (int64_t first = 0; first < count; first += step) {
    Value own = b.add(number, first);
    if (first + step <= count)
      body(own);
    else
      b.onlyIf(b.isLess(own, count), [&] { body(own); });
  }
}

class TokenEmitter {
public:
  TokenEmitter(LaneBuilder &b, int64_t threads, ValueRange bindings, ValueRange constants,
               Value token, Value column)
      : b(b), threads(threads), bindings(bindings), constants(constants), n(token), column(column) {
  }

  void emit(const AppendSpec &spec) {
    int64_t size = spec.latent + spec.rope, half = spec.rope / 2;
    Value position = b.load(b.getI32Type(), b.row(bindings[4], n, 4));
    Value to = b.row(bindings[8], findRow(position, spec.pageSize), bytesOf(spec.cache, size));
    Value from = b.row(bindings[0], n, size * 4);
    RowLanes lanes(b, RowShape(spec.latent, size), threads);
    RowLanes::Values latent = lanes.read(from, b.getF32Type());
    lanes.write(lanes.norm(latent, bindings[1], spec.weight, spec.epsilon), to, spec.cache);
    Rotation rotation =
        rotationAt(position, bindings[2], bindings[3], spec.table, half, spec.interleaved);
    spread(b, b.thread(), threads, half, [&](Value i) {
      rotation.emit(b, i, b.plus(from, spec.latent * 4),
                    b.plus(to, bytesOf(spec.cache, spec.latent)), spec.cache);
    });
  }

  void emit(const RopeSpec &spec) {
    int64_t size = spec.nope + spec.rope, half = spec.rope / 2;
    Value head = b.add(b.mul(column, threads / kWarp), b.warp()), lane = b.lane();
    b.onlyIf(b.isLess(head, spec.heads), [&] {
      Value position = b.load(b.getI32Type(), b.row(bindings[1], n, 4));
      Value from = b.plus(b.row(bindings[0], n, spec.heads * size * 4), b.mul(head, size * 4));
      Value to = b.plus(b.row(bindings[4], n, bytesOf(spec.result, spec.heads * size)),
                        b.mul(head, bytesOf(spec.result, size)));
      int64_t piece = std::min<int64_t>(4, (spec.nope | size) & -(spec.nope | size));
      spread(b, lane, kWarp, spec.nope / piece, [&](Value i) {
        auto values = b.loadElements(b.getF32Type(), b.plus(from, b.mul(i, piece * 4)), piece);
        b.storeElements(spec.result, values, b.plus(to, b.mul(i, bytesOf(spec.result, piece))));
      });
      Rotation rotation =
          rotationAt(position, bindings[2], bindings[3], spec.table, half, spec.interleaved);
      spread(b, lane, kWarp, half, [&](Value i) {
        rotation.emit(b, i, b.plus(from, spec.nope * 4),
                      b.plus(to, bytesOf(spec.result, spec.nope)), spec.result);
      });
    });
  }

private:
  Rotation rotationAt(Value position, Value cos, Value sin, Type table, int64_t half,
                      bool interleaved) {
    int64_t bytes = bytesOf(table, half);
    return {b.row(cos, position, bytes), b.row(sin, position, bytes), table, half, interleaved};
  }

  /// The row of the cache of this token's sequence and a position.
  Value findRow(Value position, int64_t pageSize) {
    Value sequence = findSequence();
    Value slot = b.load(b.getI32Type(), b.row(bindings[6], sequence, 4));
    Value place = b.add(arith::MulIOp::create(b, slot, constants[2]), b.div(position, pageSize));
    Value page = b.load(b.getI32Type(), b.row(bindings[7], place, 4));
    return b.add(b.mul(page, pageSize), b.rem(position, pageSize));
  }

  /// How many sequences end at this token or before: each lane looks at one of 32.
  Value findSequence() {
    Value lane = b.lane(), steps = b.div(b.add(constants[1], kWarp - 1), kWarp);
    return b.loop(b.constant(0), steps, b.constant(0),
                  [&](Value step, ValueRange now) -> SmallVector<Value> {
                    Value sequence = b.add(b.mul(step, kWarp), lane);
                    Value isOne = b.isLess(sequence, constants[1]);
                    Value known = b.select(isOne, sequence, b.constant(0));
                    Value end = b.load(b.getI32Type(), b.plus(b.row(bindings[5], known, 4), 4));
                    Value isBefore = b.compare(arith::CmpIPredicate::sle, end, n);
                    Value lanes = b.ballot(b.both(isOne, isBefore));
                    return {b.add(now[0], math::CtPopOp::create(b, lanes))};
                  })[0];
  }

  LaneBuilder &b;
  int64_t threads;
  ValueRange bindings, constants; // of the part
  Value n, column;
};

int64_t threadsOf(const TokenPart &part) {
  if (part.append)
    return RowShape(part.append->latent, part.append->latent + part.append->rope).threads;
  if (part.rows)
    return RowShape(part.rows->width).threads;
  return std::min<int64_t>(kHeadThreads, part.rope->heads * kWarp);
}

int64_t columnsOf(const TokenPart &part, int64_t threads) {
  return part.rope ? int64_t(llvm::divideCeil(part.rope->heads, threads / kWarp)) : 1;
}
} // namespace

LaneLaunch hadal::cuda::emitTokens(OpBuilder &builder, Location loc, const TokenSpec &spec) {
  LaneBuilder b(loc, builder);
  LaneLaunch launch;
  launch.rows = 1;
  launch.columns = 0;
  launch.counts.clear();
  int64_t constants = 0;
  for (const TokenPart &part : spec.parts) {
    launch.threads = std::max(launch.threads, threadsOf(part));
    if (!llvm::is_contained(launch.counts, part.constants.front()))
      launch.counts.push_back(part.constants.front());
    for (int64_t constant : part.constants)
      constants = std::max(constants, constant + 1);
  }
  func::FuncOp kernel = b.kernel(spec.name, spec.bindings, launch.threads);
  LaneBuilder::Values values;
  for (int64_t constant = 0; constant < constants; ++constant)
    values.push_back(b.launchConstant(kernel.front(), constant));
  Value token = b.workgroup(gpu::Dimension::x), column = b.workgroup(gpu::Dimension::y);
  for (const TokenPart &part : spec.parts) {
    int64_t first = launch.columns;
    launch.columns += columnsOf(part, launch.threads);
    LaneBuilder::Values bindings, own;
    for (int64_t binding : part.bindings)
      bindings.push_back(kernel.getArgument(unsigned(binding)));
    for (int64_t constant : part.constants)
      own.push_back(values[size_t(constant)]);
    // A record may have more workgroups than this call.
    Value isOwn = b.isLess(token, own.front());
    if (spec.parts.size() > 1) {
      isOwn = b.both(isOwn, b.isLess(column, launch.columns));
      isOwn = b.both(isOwn, b.isLess(b.constant(first - 1), column));
    }
    b.onlyIf(isOwn, [&] {
      TokenEmitter emitter(b, launch.threads, bindings, own, token,
                           b.sub(column, b.constant(first)));
      if (part.append)
        emitter.emit(*part.append);
      else if (part.rope)
        emitter.emit(*part.rope);
      else
        emitRowSteps(b, *part.rows, bindings, token, launch.threads);
    });
  }
  launch.sharedBytes = tile::sharedBytes(kernel);
  return launch;
}
