#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // dladdr
#endif
#include <dlfcn.h>
#include <gsl/gsl_cblas.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <gsl/gsl_version.h>

// A global variable of the library, hence an accessor.
static inline const char *gsl_version_string(void) { return gsl_version; }

// The path of the library that serves GSL's vector operations, or NULL.
//
// libgsl takes its cblas_* from whichever library of the process defines them first, and libopenblas defines them too. The
// module map names gslcblas, which the linker places before the libraries of other packages, and the reference to one of
// its functions here keeps a linker that drops unneeded libraries from leaving it out.
static inline const char *gsl_vector_library(void) {
    Dl_info information;
    return dladdr((const void *)cblas_dsymv, &information) ? information.dli_fname : NULL;
}
