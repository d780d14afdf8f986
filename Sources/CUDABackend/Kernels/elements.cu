// Passes over the entries of matrices, each entry by itself.

KERNEL void fill(real *target, real value, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) target[i] = value;
}

// α·A + β·B; A and the result may be the same.
KERNEL void combine(real *target, real alpha, const real *a, real beta, const real *b, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) target[i] = alpha * a[i] + beta * b[i];
}
