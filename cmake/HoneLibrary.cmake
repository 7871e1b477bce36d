# libhone.so and libhone.a from the components, and everything that is installed with them.
include(CMakePackageConfigHelpers)

set(HONE_OBJECTS
  $<TARGET_OBJECTS:hone_kernels> $<TARGET_OBJECTS:hone_engine>
  $<TARGET_OBJECTS:hone_formats> $<TARGET_OBJECTS:hone_onnx> $<TARGET_OBJECTS:hone_optimize>)
set(HONE_PRIVATE_LIBS OpenMP::OpenMP_C Threads::Threads PkgConfig::PROTOBUF_C PkgConfig::PCRE2 m)

function(hone_public_header target)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endfunction()

# ---- The shared library: hidden by default, so that only what HONE_API marks is exported. --------
add_library(hone SHARED ${HONE_OBJECTS})
add_library(hone::hone ALIAS hone)
hone_public_header(hone)
target_link_libraries(hone PRIVATE ${HONE_PRIVATE_LIBS} hone_flags)
# Before version 1 every minor version is an interface of its own.
set(hone_abi ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set_target_properties(hone PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${hone_abi})
configure_file(cmake/hone.map.in hone.map @ONLY)
target_link_options(hone PRIVATE -Wl,--gc-sections -Wl,--as-needed
  -Wl,--version-script=${CMAKE_CURRENT_BINARY_DIR}/hone.map)
set_target_properties(hone PROPERTIES LINK_DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/hone.map)
if(NOT HONE_SANITIZE) # clang links sanitizers into programs only
  target_link_options(hone PRIVATE -Wl,-z,defs)
endif()
if(HONE_STRIP)
  target_link_options(hone PRIVATE -Wl,-s)
endif()

# ---- For the tests: the same objects with internal names visible. ---------------------------------
add_library(hone_internal STATIC ${HONE_OBJECTS})
hone_public_header(hone_internal)
target_link_libraries(hone_internal PUBLIC ${HONE_PRIVATE_LIBS})

# ---- The static library ---------------------------------------------------------------------------
# An archive has no notion of hidden names: two archives with a function `fail` would clash. So all
# objects become one, in which hidden names turn local.
set(hone_whole ${CMAKE_CURRENT_BINARY_DIR}/hone_whole.o)
set(hone_objcopy_flags --localize-hidden)
if(HONE_STRIP)
  list(APPEND hone_objcopy_flags --strip-unneeded)
endif()
separate_arguments(hone_compiler_flags UNIX_COMMAND "${CMAKE_C_FLAGS}")
add_custom_command(
  OUTPUT ${hone_whole}
  COMMAND ${CMAKE_C_COMPILER} ${hone_compiler_flags} -r -nostdlib -o ${hone_whole} ${HONE_OBJECTS}
  COMMAND ${CMAKE_OBJCOPY} ${hone_objcopy_flags} ${hone_whole}
  DEPENDS ${HONE_OBJECTS} COMMAND_EXPAND_LISTS VERBATIM COMMENT "Joining the objects of libhone.a")
add_library(hone_static STATIC ${hone_whole})
add_library(hone::hone_static ALIAS hone_static)
set_target_properties(hone_static PROPERTIES OUTPUT_NAME hone LINKER_LANGUAGE C)
hone_public_header(hone_static)
target_link_libraries(hone_static INTERFACE ${HONE_PRIVATE_LIBS})

# ---- Installation ---------------------------------------------------------------------------------
set(hone_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hone)
install(DIRECTORY include/hone TYPE INCLUDE COMPONENT development FILES_MATCHING PATTERN "*.h")
install(TARGETS hone EXPORT honeShared
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT development)
install(TARGETS hone_static EXPORT honeStatic ARCHIVE COMPONENT development)
# Two sets: who links libhone.so needs none of the libraries behind it.
foreach(set honeShared honeStatic)
  install(EXPORT ${set} NAMESPACE hone:: DESTINATION ${hone_cmake_dir} COMPONENT development)
endforeach()

configure_package_config_file(cmake/honeConfig.cmake.in honeConfig.cmake
  INSTALL_DESTINATION ${hone_cmake_dir})
write_basic_package_version_file(honeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/honeConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/honeConfigVersion.cmake
  DESTINATION ${hone_cmake_dir} COMPONENT development)

# hone.pc finds its folders from where it lies, so that an installed tree can be moved.
file(RELATIVE_PATH hone_pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" hone_pc_up "${hone_pc_up}")
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  set(hone_pc_openmp "-lgomp")
else()
  set(hone_pc_openmp "-lomp")
endif()
configure_file(cmake/hone.pc.in hone.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hone.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
