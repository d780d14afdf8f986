// The softmax cross-entropy of columns of logits, a block a column.

// Of the entries that a thread has seen: the largest, where it came first, and Σ e^(x − largest).
struct Peak {
    real largest;
    long long place;
    real sum;

    __device__ void see(real x, long long index) {
        if (x > largest || place < 0) {
            sum = place < 0 ? real(1) : sum * exp(largest - x) + real(1);
            largest = x;
            place = index;
        } else {
            sum += exp(x - largest);
        }
    }
};

// The gradient of the mean loss, softmax(x)·scale less `even` everywhere and `rest` at the target (both with the scale in them),
// and of every column its loss and 1 where its first largest entry is the target, else 0. Logits are read twice: once for
// their largest and the sum, which is taken anew where a larger one comes, and once for the gradient.
KERNEL void cross_entropy(
    const real *logits, const int *targets, long long classes, double smoothing, double scale, real *__restrict__ gradient,
    double *losses, double *hits
) {
    const real *x = logits + blockIdx.x * classes;
    real *dx = gradient + blockIdx.x * classes;
    long long target = targets[blockIdx.x];
    Peak own = {0, -1, 0};
    #pragma unroll 4
    for (long long i = threadIdx.x; i < classes; i += blockDim.x) own.see(x[i], i);
    real largest = largest_of_block(own.place < 0 ? x[0] : own.largest);
    real sum = sum_of_block(own.place < 0 ? real(0) : own.sum * exp(own.largest - largest));
    int earlier = sum_of_block(own.place >= 0 && own.largest == largest && own.place < target ? 1 : 0);
    double even = smoothing / (double)classes, rest = 1 - smoothing;
    real factor = real(scale) / sum, everywhere = real(even * scale), at_target = real(rest * scale);
    real plain = 0;
    #pragma unroll 4
    for (long long i = threadIdx.x; i < classes; i += blockDim.x) {
        real difference = x[i] - largest;
        plain += difference;
        real slope = exp(difference) * factor - everywhere;
        dx[i] = i == target ? slope - at_target : slope;
    }
    plain = sum_of_block(plain);
    if (threadIdx.x == 0) {
        losses[blockIdx.x] = log((double)sum) - rest * ((double)x[target] - (double)largest) - even * (double)plain;
        hits[blockIdx.x] = earlier == 0 && x[target] == largest ? 1 : 0;
    }
}

// Sums of losses and of hits, by one block.
KERNEL void cross_entropy_totals(const double *losses, const double *hits, long long count, double *totals) {
    double loss = 0, hit = 0;
    for (long long i = threadIdx.x; i < count; i += blockDim.x) {
        loss += losses[i];
        hit += hits[i];
    }
    loss = sum_of_block(loss);
    hit = sum_of_block(hit);
    if (threadIdx.x == 0) {
        totals[0] = loss;
        totals[1] = hit;
    }
}
