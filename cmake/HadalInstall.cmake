# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where: libraries, headers, tools, and how other projects find them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
foreach(directory BINDIR LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${directory}}")
    message(FATAL_ERROR "CMAKE_INSTALL_${directory}: expected a path below the prefix, which can be moved "
      "as a whole, got ${CMAKE_INSTALL_${directory}}")
  endif()
endforeach()

set(HADAL_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/Hadal")
# The compiler's headers are included by the names that they have in the tree, and apart from others.
set(HADAL_COMPILER_INCLUDE_DIR "${CMAKE_INSTALL_INCLUDEDIR}/hadal-compiler")
file(RELATIVE_PATH HADAL_BIN_TO_LIB "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")

# hadal_install_library(name component [INCLUDE_DIR dir] [HEADERS header...] [WITH target...]): a
# shared library with a version, which find_package(Hadal COMPONENTS component) gives as
# Hadal::component; WITH are targets that it is used through.
function(hadal_install_library name component)
  cmake_parse_arguments(ARG "" "INCLUDE_DIR" "HEADERS;WITH" ${ARGN})
  if(NOT ARG_INCLUDE_DIR)
    set(ARG_INCLUDE_DIR "${CMAKE_INSTALL_INCLUDEDIR}")
  endif()
  set_target_properties(${name} PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    EXPORT_NAME ${component} INSTALL_RPATH "$ORIGIN")
  install(TARGETS ${name} ${ARG_WITH} EXPORT Hadal-${component}
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT ${component}
    INCLUDES DESTINATION "${ARG_INCLUDE_DIR}")
  install(EXPORT Hadal-${component} NAMESPACE Hadal:: FILE Hadal-${component}.cmake
    DESTINATION "${HADAL_CMAKE_DIR}" COMPONENT ${component})
  if(ARG_HEADERS)
    install(FILES ${ARG_HEADERS} DESTINATION "${ARG_INCLUDE_DIR}" COMPONENT ${component})
  endif()
  set_property(GLOBAL APPEND PROPERTY HADAL_COMPONENTS ${component})
endfunction()

# hadal_install_device(name): a device library, which the runtime finds beside itself.
function(hadal_install_device name)
  set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(TARGETS ${name} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT devices)
endfunction()

# hadal_install_tool(name [STANDALONE]): a program that finds its libraries from where it is. One that
# stands alone has its C++ library inside, so that it runs where there is an older one, or none.
function(hadal_install_tool name)
  cmake_parse_arguments(ARG "STANDALONE" "" "" ${ARGN})
  if(ARG_STANDALONE AND NOT HADAL_SANITIZE)
    # What nobody calls of it may want a newer C library than what is called.
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
  endif()
  set(component tools)
  if(ARG_STANDALONE)
    set(component standalone) # which scripts/gpu-bundle installs without the others
  endif()
  set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN/${HADAL_BIN_TO_LIB}")
  install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT ${component})
endfunction()

set(HADAL_PACKAGE_CONTACT "" CACHE STRING "Who makes the Debian package: \"NAME <ADDRESS>\"")

# hadal_install_package(): to be called last. What find_package and pkg-config read, and the Debian
# package that cpack makes.
function(hadal_install_package)
  get_property(HADAL_COMPONENTS GLOBAL PROPERTY HADAL_COMPONENTS)
  set(folder "${CMAKE_BINARY_DIR}/package")
  configure_package_config_file("${CMAKE_SOURCE_DIR}/cmake/HadalConfig.cmake.in"
    "${folder}/HadalConfig.cmake" INSTALL_DESTINATION "${HADAL_CMAKE_DIR}"
    NO_SET_AND_CHECK_MACRO)
  write_basic_package_version_file("${folder}/HadalConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  # Who asks for a range has said what fits.
  file(APPEND "${folder}/HadalConfigVersion.cmake" [[
if(PACKAGE_FIND_VERSION_RANGE AND NOT PACKAGE_VERSION_UNSUITABLE)
  if(PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION_MIN OR
     (PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "INCLUDE" AND PACKAGE_VERSION VERSION_GREATER PACKAGE_FIND_VERSION_MAX) OR
     (PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "EXCLUDE" AND PACKAGE_VERSION VERSION_GREATER_EQUAL PACKAGE_FIND_VERSION_MAX))
    set(PACKAGE_VERSION_COMPATIBLE FALSE)
  else()
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
  endif()
endif()
]])
  install(FILES "${folder}/HadalConfig.cmake" "${folder}/HadalConfigVersion.cmake"
    DESTINATION "${HADAL_CMAKE_DIR}" COMPONENT runtime)
  set(pkgconfig "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
  file(RELATIVE_PATH HADAL_PC_TO_PREFIX "/prefix/${pkgconfig}" "/prefix")
  configure_file("${CMAKE_SOURCE_DIR}/cmake/hadal.pc.in" "${folder}/hadal.pc" @ONLY)
  install(FILES "${folder}/hadal.pc" DESTINATION "${pkgconfig}" COMPONENT runtime)
  install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)
  install(FILES "${CMAKE_SOURCE_DIR}/runtime/examples/embed.c"
    DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples" COMPONENT runtime)

  set(CPACK_GENERATOR DEB)
  set(CPACK_PACKAGE_NAME hadal)
  set(CPACK_PACKAGE_VENDOR Hadal)
  if(HADAL_PACKAGE_CONTACT) # cpack asks for it by name where there is none
    set(CPACK_PACKAGE_CONTACT "${HADAL_PACKAGE_CONTACT}")
  endif()
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Compiler and runtime for MLA and MoE language models")
  set(CPACK_PACKAGING_INSTALL_PREFIX "/usr")
  set(CPACK_STRIP_FILES ON)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)
  set(CPACK_DEBIAN_PACKAGE_SECTION devel)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}")
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
  if(HADAL_BUILD_COMPILER) # which runs the linker
    set(CPACK_DEBIAN_PACKAGE_DEPENDS "lld-${LLVM_VERSION_MAJOR}")
  endif()
  include(CPack)
endfunction()
