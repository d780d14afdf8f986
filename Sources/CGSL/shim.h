#pragma once
#include <gsl/gsl_cblas.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <gsl/gsl_version.h>

// A global variable of the library, hence an accessor.
static inline const char *gsl_version_string(void) { return gsl_version; }

// dladdr and its Dl_info under names of our own: glibc declares them with _GNU_SOURCE only, and a module that defines
// it disagrees with Swift's modules of the C library.
struct symbol_location {
    const char *library;
    void *base;
    const char *symbol;
    void *address;
};
int locate_symbol(const void *address, struct symbol_location *location) __asm__("dladdr");

// The path of the library that serves GSL's vector operations, or NULL.
//
// libgsl takes its cblas_* from whichever library of the process defines them first, and libopenblas defines them too.
// The module map names gslcblas, which the linker places before the libraries of other packages, and the reference to
// one of its functions here keeps a linker that drops unneeded libraries from leaving it out.
static inline const char *gsl_vector_library(void) {
    struct symbol_location location;
    return locate_symbol((const void *)cblas_dsymv, &location) ? location.library : NULL;
}
