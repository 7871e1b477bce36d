# Libraries from components: libhone.so, libhone.a, and what is installed with them. A library that
# builds on libhone uses the same functions.
include(CMakePackageConfigHelpers)

# Before version 1 every minor version is an interface of its own.
set(hone_abi ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
configure_file(cmake/hone.map.in hone.map @ONLY)
set(hone_map ${CMAKE_CURRENT_BINARY_DIR}/hone.map)
set(hone_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hone)

function(hone_public_header target)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endfunction()

# hone_shared_library(NAME objects...): hidden by default, so that only what HONE_API marks is exported.
function(hone_shared_library name)
  add_library(${name} SHARED ${ARGN})
  add_library(hone::${name} ALIAS ${name})
  hone_public_header(${name})
  target_link_libraries(${name} PRIVATE hone_flags)
  target_link_options(${name} PRIVATE -Wl,--gc-sections -Wl,--as-needed
    -Wl,--version-script=${hone_map})
  set_target_properties(${name} PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${hone_abi} LINK_DEPENDS ${hone_map})
  if(NOT HONE_SANITIZE) # clang links sanitizers into programs only
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  if(HONE_STRIP)
    target_link_options(${name} PRIVATE -Wl,-s)
  endif()
endfunction()

# hone_static_library(NAME objects...): the target NAME_static. An archive has no notion of hidden
# names: two archives with a function `fail` would clash. So all objects become one, in which hidden
# names turn local.
function(hone_static_library name)
  set(whole ${CMAKE_CURRENT_BINARY_DIR}/${name}_whole.o)
  set(objcopy_flags --localize-hidden)
  if(HONE_STRIP)
    list(APPEND objcopy_flags --strip-unneeded)
  endif()
  separate_arguments(compiler_flags UNIX_COMMAND "${CMAKE_C_FLAGS}")
  add_custom_command(
    OUTPUT ${whole}
    COMMAND ${CMAKE_C_COMPILER} ${compiler_flags} -r -nostdlib -o ${whole} ${ARGN}
    COMMAND ${CMAKE_OBJCOPY} ${objcopy_flags} ${whole}
    DEPENDS ${ARGN} COMMAND_EXPAND_LISTS VERBATIM COMMENT "Joining the objects of lib${name}.a")
  add_library(${name}_static STATIC ${whole})
  add_library(hone::${name}_static ALIAS ${name}_static)
  set_target_properties(${name}_static PROPERTIES OUTPUT_NAME ${name} LINKER_LANGUAGE C)
  hone_public_header(${name}_static)
endfunction()

# hone_install_library(NAME SET): both, in SETShared and SETStatic. Two sets: who links the shared
# library needs none of the libraries behind it.
function(hone_install_library name set)
  install(TARGETS ${name} EXPORT ${set}Shared
    LIBRARY COMPONENT runtime NAMELINK_COMPONENT development)
  install(TARGETS ${name}_static EXPORT ${set}Static ARCHIVE COMPONENT development)
  foreach(exported ${set}Shared ${set}Static)
    install(EXPORT ${exported} NAMESPACE hone:: DESTINATION ${hone_cmake_dir} COMPONENT development)
  endforeach()
endfunction()

# hone_install_pc(NAME): NAME.pc, which finds its folders from where it lies, so that an installed tree
# can be moved.
function(hone_install_pc name)
  file(RELATIVE_PATH hone_pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" hone_pc_up "${hone_pc_up}")
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    set(hone_pc_openmp "-lgomp")
  else()
    set(hone_pc_openmp "-lomp")
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()

# ---- libhone ---------------------------------------------------------------------------------------
set(HONE_OBJECTS
  $<TARGET_OBJECTS:hone_kernels> $<TARGET_OBJECTS:hone_engine>
  $<TARGET_OBJECTS:hone_formats> $<TARGET_OBJECTS:hone_onnx> $<TARGET_OBJECTS:hone_optimize>)
set(HONE_PRIVATE_LIBS OpenMP::OpenMP_C Threads::Threads PkgConfig::PROTOBUF_C PkgConfig::PCRE2 m)

hone_shared_library(hone ${HONE_OBJECTS})
target_link_libraries(hone PRIVATE ${HONE_PRIVATE_LIBS})
hone_static_library(hone ${HONE_OBJECTS})
target_link_libraries(hone_static INTERFACE ${HONE_PRIVATE_LIBS})

# For the tests: the same objects with internal names visible.
add_library(hone_internal STATIC ${HONE_OBJECTS})
hone_public_header(hone_internal)
target_link_libraries(hone_internal PUBLIC ${HONE_PRIVATE_LIBS})

# ---- Installation ----------------------------------------------------------------------------------
install(FILES include/hone/hone.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hone COMPONENT development)
hone_install_library(hone hone)
hone_install_pc(hone)
configure_package_config_file(cmake/honeConfig.cmake.in honeConfig.cmake
  INSTALL_DESTINATION ${hone_cmake_dir})
write_basic_package_version_file(honeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/honeConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/honeConfigVersion.cmake
  DESTINATION ${hone_cmake_dir} COMPONENT development)
