// SPDX-License-Identifier: Apache-2.0
// Compiles kernels to PTX and executes them on the simulator, with all its checks.
#ifndef HADAL_TEST_TARGET_CUDA_SIMHARNESS_H
#define HADAL_TEST_TARGET_CUDA_SIMHARNESS_H

#include "hadal/Target/CUDA/Level.h"

#include "hadal_sim.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace hadal::testing {

/// A context with the dialects that kernels are written in.
std::unique_ptr<mlir::MLIRContext> makeKernelContext();

/// The PTX of a module of kernels, or nothing, with what was said in `problem`.
std::string compileToPtx(mlir::ModuleOp module, const cuda::Level &level,
                         std::string *problem = nullptr);
std::string compileToPtx(llvm::StringRef source, const cuda::Level &level,
                         std::string *problem = nullptr);

/// What becomes of a check that fires, or of a result that is not defined.
enum class Failures { OfTheTest, Noted };

/// The kernels of a text of PTX, loaded.
class SimImage {
public:
  explicit SimImage(const std::string &ptx, Failures failures = Failures::OfTheTest);
  ~SimImage() { hadal_sim_context_release(context); }
  SimImage(const SimImage &) = delete;

  /// Device memory that holds `values`, or `count` elements that are undefined.
  template <typename T>
  uint64_t upload(const std::vector<T> &values) {
    uint64_t address = allocate(values.size() * sizeof(T));
    expectOk(hadal_sim_copy_in(context, address, values.data(), values.size() * sizeof(T)));
    return address;
  }
  uint64_t allocate(size_t bytes);
  template <typename T>
  std::vector<T> download(uint64_t address, size_t count) {
    std::vector<T> values(count);
    expectOk(hadal_sim_copy_out(context, values.data(), address, count * sizeof(T), nullptr));
    return values;
  }

  /// Runs a kernel whose parameters are all of eight bytes.
  void run(const char *kernel, uint32_t workgroups, uint32_t threads,
           const std::vector<uint64_t> &parameters);

  /// A launch with all checks.
  static hadal_sim_launch_t defaults();
  hadal_sim_counters_t run(const char *kernel, const hadal_sim_launch_t &launch,
                           const std::vector<uint64_t> &parameters);
  bool hasFailed() const { return failed; }

private:
  void expectOk(hadal_sim_status_t status);

  Failures failures;
  bool failed = false;
  hadal_sim_context_t *context = nullptr;
  hadal_sim_module_t *module = nullptr;
};

} // namespace hadal::testing

#endif // HADAL_TEST_TARGET_CUDA_SIMHARNESS_H
