// SPDX-License-Identifier: Apache-2.0
// Global memory of a context: buffers with guard gaps and shadow state.
#ifndef HADAL_SIM_STATE_DEVICEMEMORY_H
#define HADAL_SIM_STATE_DEVICEMEMORY_H

#include "sim/support/AddressSpace.h"

#include <atomic>
#include <memory>
#include <vector>

namespace hadal::sim {

/// Bookkeeping of the global race check for four bytes: who wrote them last and
/// who read them since, as records of GlobalRaces. 6 bytes a byte.
struct GlobalRaceCell {
  u64 write = 0;
  u64 read = 0, otherRead = 0;
};

/// What memory is moved in.
constexpr u64 kSectorBytes = 32;

struct Buffer {
  u64 base = 0;
  u64 bytes = 0;
  u8 *host = nullptr;
  /// One byte a byte, set bits are undefined; null for read-only buffers.
  u8 *undefined = nullptr;
  GlobalRaceCell *race = nullptr; // one for four bytes, under the race check
  /// A bit for each sector, those read and behind them those written, while a
  /// launch counts them.
  u64 *sectors = nullptr;
  std::atomic<bool> hasSectors{false}; // some bit may be set
  bool readOnly = false;
  bool freed = false;
  bool mapped = false;    // host is a file mapping, or memory of the caller's
  bool borrowed = false;  // host is not the context's to unmap
  /// Whether any byte may be undefined: while false, shadow is not consulted.
  std::atomic<bool> mayBeUndefined{false};
  std::string name;
  ~Buffer() { release(); }
  /// Gives its memory of the host back.
  void release();
  u64 end() const { return base + bytes; }
  u64 sectorWords() const { return (bytes / kSectorBytes + 64) / 64; }
};

class DeviceMemory {
public:
  /// Null when the host has no memory left.
  Buffer *allocate(u64 bytes, std::string name, bool undefined);
  /// Maps a file read-only without copying. Null and `error` on failure.
  Buffer *mapFile(const std::string &path, std::string &error);
  /// Takes memory of the host for a read-only buffer without copying.
  Buffer *import(const void *data, u64 bytes, std::string name);
  bool free(u64 base);
  /// The buffer that holds the address (freed ones too), or null.
  Buffer *find(u64 address) const;
  /// The buffer next to an address that lies in none, or null.
  Buffer *nearest(u64 address) const;
  /// Allocates the cells of the global race check for all writable buffers.
  bool enableRaceCells();
  void clearRaceCells();
  /// Makes the bits of sectors of all buffers, and clears them.
  bool clearSectors();
  /// Takes all bytes for defined: a launch that does not track them has run.
  void defineAll();
  const std::vector<std::unique_ptr<Buffer>> &all() const { return buffers; }

private:
  u64 place(u64 bytes);
  /// Places a buffer that has its host memory behind the others.
  Buffer *add(std::unique_ptr<Buffer> buffer);
  std::vector<std::unique_ptr<Buffer>> buffers; // by base
  u64 next = kGlobalBase;
};

} // namespace hadal::sim

#endif // HADAL_SIM_STATE_DEVICEMEMORY_H
