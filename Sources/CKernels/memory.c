#include "neural_kernels.h"
#if defined(__GLIBC__)
#include <limits.h>
#include <malloc.h>
#endif

void fr_keep_freed_memory(void) {
#if defined(__GLIBC__)
    // No block apart from the heap, which would be unmapped when it is freed, and no trimming of the heap's end.
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    mallopt(M_TOP_PAD, 64 << 20);
#endif
}
