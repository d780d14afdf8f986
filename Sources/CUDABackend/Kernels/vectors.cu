// What is done to every value of a vector by itself; the definitions are those of VectorOperation. The result may be the input.

KERNEL void magnitudes(real *target, const real *x, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) target[i] = fabs(x[i]);
}

// The larger of x and a floor; NaN stays.
KERNEL void raise_to_floor(real *target, const real *x, real floor, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) target[i] = x[i] < floor ? floor : x[i];
}

// The larger of x and share·max |x|. One block.
KERNEL __launch_bounds__(1024) void raise_to_share_of_largest(real *target, const real *x, real share, long long count) {
    real largest = 0;
    for (long long i = threadIdx.x; i < count; i += blockDim.x) largest = larger(fabs(x[i]), largest);
    real floor = largest_of_block(largest) * share;
    for (long long i = threadIdx.x; i < count; i += blockDim.x) target[i] = x[i] < floor ? floor : x[i];
}

KERNEL void round_to_float(real *target, const real *x, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) target[i] = (real)(float)x[i];
}

// (x + damping·max x)^(-exponent), in double precision and rounded once. One warp.
KERNEL void inverse_powers(real *target, const real *x, double exponent, double damping, long long count) {
    // Every lane begins with a value that is there, whatever the sign of all.
    real largest = x[0];
    for (long long i = threadIdx.x; i < count; i += 32) largest = larger(x[i], largest);
    double shift = damping * (double)largest_of_warp(largest);
    for (long long i = threadIdx.x; i < count; i += 32) target[i] = (real)pow((double)x[i] + shift, -exponent);
}

// 2/(1 + x) for the first ones, 0 for the others.
KERNEL void reflector_scalars(real *target, const real *x, long long reflectors, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) target[i] = i < reflectors ? 2 / (1 + x[i]) : 0;
}

// 1/√(x + offset).
KERNEL void inverse_deviations(real *target, const real *x, real offset, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) target[i] = 1 / sqrt(x[i] + offset);
}

// max(1/x² − offset, 0)·factor.
KERNEL void variances(real *target, const real *x, real offset, real factor, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) {
        real variance = 1 / (x[i] * x[i]) - offset;
        target[i] = (variance < 0 ? 0 : variance) * factor;
    }
}
