# libhone.so and libhone.a from the components, and what is installed.
set(HONE_OBJECTS
  $<TARGET_OBJECTS:hone_kernels> $<TARGET_OBJECTS:hone_engine>
  $<TARGET_OBJECTS:hone_formats> $<TARGET_OBJECTS:hone_onnx> $<TARGET_OBJECTS:hone_optimize>)
set(HONE_PRIVATE_LIBS OpenMP::OpenMP_C Threads::Threads PkgConfig::PROTOBUF_C m)

add_library(hone SHARED ${HONE_OBJECTS})
add_library(hone_internal STATIC ${HONE_OBJECTS}) # for the tests: internal names stay visible
foreach(target hone hone_internal)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
target_link_libraries(hone PRIVATE ${HONE_PRIVATE_LIBS} hone_flags)
target_link_libraries(hone_internal PUBLIC ${HONE_PRIVATE_LIBS})
set_target_properties(hone PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
target_link_options(hone PRIVATE -Wl,--gc-sections -Wl,-z,defs)
