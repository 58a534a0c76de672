// SPDX-License-Identifier: Apache-2.0
// A device library loaded by path, opened, and called in few words.
#include "Device.h"

#include <cstring>
#include <dlfcn.h>

namespace hadal::simdevicetest {

const hadal_device_table_t *table() {
  static const hadal_device_table_t *const found = [] {
    void *library = dlopen(HADAL_TEST_DEVICE, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      ADD_FAILURE() << dlerror();
      abort();
    }
    auto query = reinterpret_cast<hadal_device_query_fn_t>(dlsym(library, "hadal_device_query"));
    EXPECT_EQ(query(HADAL_DEVICE_VERSION + 1), nullptr);
    EXPECT_EQ(query(0), nullptr);
    return query(HADAL_DEVICE_VERSION);
  }();
  return found;
}

const char *const kScale = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry scale(.param .u64 constants, .param .u64 from, .param .u64 to)
.reqntid 64, 1, 1
{
  .reg .b64 %c, %f, %t, %o;
  .reg .b32 %n, %i, %g, %k;
  .reg .f32 %x, %s;
  .reg .pred %p;
  ld.param.u64 %c, [constants];
  ld.global.v2.u32 {%n, %k}, [%c];
  mov.u32 %g, %ctaid.x;
  setp.ge.u32 %p, %g, %n;
  @%p ret;
  mov.u32 %i, %tid.x;
  mad.lo.u32 %i, %g, 64, %i;
  setp.ge.u32 %p, %i, %k;
  @%p ret;
  ld.param.u64 %f, [from];
  ld.param.u64 %t, [to];
  mul.wide.u32 %o, %i, 4;
  add.s64 %f, %f, %o;
  ld.global.f32 %x, [%f];
  ld.global.f32 %s, [%c+8];
  mul.f32 %x, %x, %s;
  add.s64 %t, %t, %o;
  st.global.f32 [%t], %x;
  ret;
}
.visible .entry add(.param .u64 at, .param .u32 value, .param .u64 index)
{
  .reg .b64 %a, %i;
  .reg .b32 %v, %x;
  ld.param.u64 %a, [at];
  ld.param.u32 %v, [value];
  ld.param.u64 %i, [index];
  shl.b64 %i, %i, 2;
  add.s64 %a, %a, %i;
  ld.global.u32 %x, [%a];
  add.u32 %x, %x, %v;
  st.global.u32 [%a], %x;
  ret;
}
)";

Interface::Interface(std::vector<Kind> kinds, uint32_t threads)
    : hadal_device_interface_t{}, kinds(std::move(kinds)) {
  struct_size = sizeof(hadal_device_interface_t);
  workgroup_size[0] = threads;
  workgroup_size[1] = workgroup_size[2] = 1;
  parameters = this->kinds.data();
  parameter_count = uint32_t(this->kinds.size());
}

hadal_device_parameter_t address(hadal_device_address_t value) {
  return {kAddress, value, 0, nullptr};
}
hadal_device_parameter_t i32(int64_t value) { return {kI32, 0, value, nullptr}; }
hadal_device_parameter_t i64(int64_t value) { return {kI64, 0, value, nullptr}; }

void SimDevice::SetUp() {
  hadal_device_options_t options = {sizeof(options), 0, 2};
  good(table()->open(&options, &device, &error));
  good(table()->queue_create(device, &queue, &error));
}

void SimDevice::TearDown() {
  table()->queue_release(device, queue);
  for (hadal_device_memory_t *memory : memories)
    table()->memory_release(device, memory);
  for (hadal_device_image_t *image : images)
    table()->image_release(device, image);
  table()->close(device);
}

void SimDevice::good(hadal_device_code_t code) {
  ASSERT_EQ(code, HADAL_STATUS_OK) << error.message;
}

void SimDevice::bad(hadal_device_code_t code, hadal_status_code_t expected,
                    std::vector<std::string> words) {
  EXPECT_EQ(code, expected) << error.message;
  std::string message = error.message;
  EXPECT_FALSE(message.empty());
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_NE(message.back(), '.') << message;
  for (const std::string &word : words)
    EXPECT_NE(message.find(word), std::string::npos) << "expected '" << word << "' in: " << message;
  error = {};
}

hadal_device_code_section_t SimDevice::section(const char *text, const char *level,
                                               std::vector<const char *> symbols) {
  names = std::move(symbols);
  hadal_device_code_section_t result = {};
  result.struct_size = sizeof(result);
  result.name = "code";
  result.level = level;
  result.data = text;
  result.size = strlen(text);
  result.symbols = names.data();
  result.symbol_count = uint32_t(names.size());
  return result;
}

hadal_device_image_t *SimDevice::load(const char *text, const char *level) {
  hadal_device_code_section_t from = section(text, level);
  hadal_device_image_t *image = nullptr;
  good(table()->image_load(device, &from, &image, &error));
  if (image)
    images.push_back(image);
  return image;
}

hadal_device_kernel_t *SimDevice::kernel(hadal_device_image_t *image, const char *symbol,
                                         const Interface &interface) {
  hadal_device_kernel_t *found = nullptr;
  good(table()->kernel_find(device, image, symbol, &interface, &found, &error));
  return found;
}

hadal_device_address_t SimDevice::allocate(size_t size, const char *what) {
  hadal_device_memory_t *memory = nullptr;
  hadal_device_address_t at = 0;
  good(table()->memory_allocate(device, size, HADAL_DEVICE_MEMORY_SPARSE, what, &memory, &at,
                                &error));
  if (memory)
    memories.push_back(memory);
  return at;
}

hadal_device_code_t SimDevice::launch(hadal_device_queue_t *on, hadal_device_kernel_t *what,
                                      uint32_t grid,
                                      const std::vector<hadal_device_parameter_t> &parameters,
                                      uint64_t shared) {
  hadal_device_launch_t how = {};
  how.struct_size = sizeof(how);
  how.kernel = what;
  how.grid[0] = grid;
  how.grid[1] = how.grid[2] = 1;
  how.shared_bytes = shared;
  how.parameters = parameters.data();
  how.parameter_count = uint32_t(parameters.size());
  return table()->queue_launch(on, &how, &error);
}

} // namespace hadal::simdevicetest
