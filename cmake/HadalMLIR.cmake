# SPDX-License-Identifier: Apache-2.0
# Finds MLIR 22 and defines how the compiler's own libraries are built.
find_package(MLIR 22.1 REQUIRED CONFIG)
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)
list(APPEND LLVM_TARGET_DEPENDS "${HADAL_HOST_STATE}") # of everything that tablegen writes

separate_arguments(HADAL_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")

# Everything that includes MLIR: headers, definitions, the shared libraries.
# The static CMake targets would link libLLVM a second time and abort at start.
add_library(hadal_mlir INTERFACE)
set_target_properties(hadal_mlir PROPERTIES EXPORT_NAME mlir)
target_include_directories(hadal_mlir SYSTEM INTERFACE
  "$<BUILD_INTERFACE:${LLVM_INCLUDE_DIRS};${MLIR_INCLUDE_DIRS}>")
target_include_directories(hadal_mlir INTERFACE
  "$<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include;${CMAKE_BINARY_DIR}/include>"
  "$<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/dialects;${CMAKE_BINARY_DIR}/dialects>"
  "$<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/runtime/schema>") # limits of artifacts
target_compile_definitions(hadal_mlir INTERFACE ${HADAL_LLVM_DEFINITIONS})
target_link_libraries(hadal_mlir INTERFACE MLIR LLVM)
target_link_options(hadal_mlir INTERFACE "$<BUILD_INTERFACE:-Wl,-rpath,${LLVM_LIBRARY_DIR}>")

# The compiler's time goes into MLIR's and LLVM's libraries; its own code is
# built at -O1, in half the time. It may meet code of a target that is loaded, so
# its classes and type ids are visible, as MLIR's are.
function(hadal_compiler_options name)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>
    -fvisibility=default -fno-visibility-inlines-hidden)
  hadal_warnings(${name})
endfunction()

# One precompiled header serves all compiler code: an MLIR file takes 10 to 15 s
# without it and under 2 s with it.
add_library(hadal_pch OBJECT "${CMAKE_SOURCE_DIR}/cmake/pch.cpp")
target_link_libraries(hadal_pch PUBLIC hadal_mlir)
hadal_compiler_options(hadal_pch)
hadal_precompile_headers(hadal_pch PUBLIC "${CMAKE_SOURCE_DIR}/cmake/pch.h")

# Executables share the precompiled header, so they are compiled like libraries.
set(CMAKE_CXX_COMPILE_OPTIONS_PIE -fPIC)

# hadal_add_library(name SOURCES ... [DEPENDS tablegen targets] [LINK libraries])
function(hadal_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC hadal_mlir ${ARG_LINK})
  target_precompile_headers(${name} REUSE_FROM hadal_pch)
  hadal_compiler_options(${name})
endfunction()

# hadal_add_compiler_tool(name LINK libraries): one .cpp of the tool's name.
function(hadal_add_compiler_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${name}.cpp)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} HadalToolSupport hadal_mlir)
  hadal_install_tool(${name})
  target_precompile_headers(${name} REUSE_FROM hadal_pch)
  hadal_compiler_options(${name})
endfunction()
