# Language standard, warnings, hardening and sanitizers shared by every target of the project. Sets
# nothing that a user of the installed library would inherit.
include(CheckCCompilerFlag)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")

add_library(hone_flags INTERFACE)
target_compile_definitions(hone_flags INTERFACE _GNU_SOURCE)
target_compile_options(hone_flags INTERFACE
  -Wall -Wextra -Wconversion -Wno-sign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wvla -Wpointer-arith -Wwrite-strings -Wundef -Wformat=2 -Wcast-align -Wunused
  -ffunction-sections -fdata-sections -fno-math-errno -ffp-contract=off)
if(HONE_WERROR)
  target_compile_options(hone_flags INTERFACE -Werror)
endif()

# What turns a memory error into a stop at no measurable cost. Sanitizers do the same job better,
# and _FORTIFY_SOURCE needs an optimised build.
if(HONE_HARDEN AND NOT HONE_SANITIZE)
  foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection
          -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "HONE_HAS${flag}" has)
    check_c_compiler_flag("-Werror ${flag}" ${has})
    if(${has})
      target_compile_options(hone_flags INTERFACE ${flag})
    endif()
  endforeach()
  target_compile_options(hone_flags INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
  target_link_options(hone_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

if(HONE_SANITIZE)
  target_compile_options(hone_flags INTERFACE -fsanitize=${HONE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(hone_flags INTERFACE -fsanitize=${HONE_SANITIZE})
endif()

if(HONE_BUILD_FUZZERS) # coverage counters everywhere; the programs themselves add -fsanitize=fuzzer
  target_compile_options(hone_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# hone_component(NAME sources...): an object library that later becomes part of libhone.
function(hone_component name)
  add_library(hone_${name} OBJECT ${ARGN})
  target_link_libraries(hone_${name} PRIVATE hone_flags)
endfunction()
