# SPDX-License-Identifier: Apache-2.0
# Generates C++ from the artifact's schema; the target hadal_schema carries it.
find_program(HADAL_FLATC flatc REQUIRED)
set(HADAL_SCHEMA "${CMAKE_SOURCE_DIR}/runtime/schema/hadal.fbs")
set(HADAL_SCHEMA_DIR "${CMAKE_BINARY_DIR}/schema")
add_custom_command(
  OUTPUT "${HADAL_SCHEMA_DIR}/hadal_generated.h"
  COMMAND "${HADAL_FLATC}" --cpp --cpp-std c++17 --scoped-enums --gen-mutable -o "${HADAL_SCHEMA_DIR}" "${HADAL_SCHEMA}"
  DEPENDS "${HADAL_SCHEMA}" "${HADAL_HOST_STATE}"
  COMMENT "Generating hadal_generated.h")
add_custom_target(hadal_schema_gen DEPENDS "${HADAL_SCHEMA_DIR}/hadal_generated.h")
add_library(hadal_schema INTERFACE)
add_dependencies(hadal_schema hadal_schema_gen)
target_include_directories(hadal_schema INTERFACE "${CMAKE_SOURCE_DIR}/runtime/schema")
target_include_directories(hadal_schema SYSTEM INTERFACE "${HADAL_SCHEMA_DIR}")
# Sections are aligned to 64 bytes; the library asserts on more than 32 otherwise.
target_compile_definitions(hadal_schema INTERFACE FLATBUFFERS_MAX_ALIGNMENT=64)
