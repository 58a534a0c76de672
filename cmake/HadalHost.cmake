# SPDX-License-Identifier: Apache-2.0
# Rebuilds what depends on the host's headers and tools when their content changes. Ninja compares
# modification times, and an upgraded package brings old ones.
set(HADAL_HOST_STATE "${CMAKE_BINARY_DIR}/host.state") # for DEPENDS of generated files
set(HADAL_HOST_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/host-state.sh")

# hadal_collect_targets(out folder types): targets of a folder and those below it whose type
# matches the regular expression.
function(hadal_collect_targets out folder types)
  set(result) # a function sees its caller's variables
  get_property(found DIRECTORY "${folder}" PROPERTY BUILDSYSTEM_TARGETS)
  get_property(below DIRECTORY "${folder}" PROPERTY SUBDIRECTORIES)
  foreach(target ${found})
    get_target_property(type ${target} TYPE)
    if(type MATCHES "${types}")
      list(APPEND result ${target})
    endif()
  endforeach()
  foreach(sub ${below})
    hadal_collect_targets(deeper "${sub}" "${types}")
    list(APPEND result ${deeper})
  endforeach()
  set(${out} ${result} PARENT_SCOPE)
endfunction()

# A precompiled header that checks modification times would refuse a header that was only touched,
# and one out of the compiler's cache remembers those of another day.
function(hadal_precompile_headers target)
  target_precompile_headers(${target} ${ARGN})
  target_compile_options(${target} PRIVATE
    "$<$<COMPILE_LANG_AND_ID:CXX,Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endfunction()

# hadal_watch_host(path...): to be called last. Each build looks at the files below these paths; when
# one has another content, cmake runs again and all objects are compiled again.
function(hadal_watch_host)
  set(command sh "${HADAL_HOST_SCRIPT}" "${HADAL_HOST_STATE}" ${ARGN})
  execute_process(COMMAND ${command} COMMAND_ERROR_IS_FATAL ANY)
  # A file that never exists makes its command run each time.
  add_custom_command(OUTPUT "${HADAL_HOST_STATE}.always"
    COMMAND "${CMAKE_COMMAND}" -E true COMMENT "Looking at the host's headers and tools")
  set_source_files_properties("${HADAL_HOST_STATE}.always" PROPERTIES SYMBOLIC TRUE)
  add_custom_command(OUTPUT "${HADAL_HOST_STATE}" COMMAND ${command}
    DEPENDS "${HADAL_HOST_STATE}.always" "${HADAL_HOST_SCRIPT}"
    COMMENT "Comparing the host's headers and tools")
  add_custom_target(hadal_host_state DEPENDS "${HADAL_HOST_STATE}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${HADAL_HOST_STATE}")

  hadal_collect_targets(targets "${CMAKE_SOURCE_DIR}" "EXECUTABLE|LIBRARY")
  foreach(target ${targets})
    get_target_property(sources ${target} SOURCES)
    get_target_property(from ${target} SOURCE_DIR)
    get_target_property(to ${target} BINARY_DIR)
    list(FILTER sources INCLUDE REGEX "\\.(c|cpp)$")
    set(objects "${to}/CMakeFiles/${target}.dir/cmake_pch.hxx.cxx")
    foreach(source ${sources})
      cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${from}")
      list(APPEND objects "${source}")
    endforeach()
    set_property(SOURCE ${objects} TARGET_DIRECTORY ${target}
      APPEND PROPERTY OBJECT_DEPENDS "${HADAL_HOST_STATE}")
  endforeach()
endfunction()
