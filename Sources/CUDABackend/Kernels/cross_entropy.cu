// The softmax cross-entropy of columns of logits.

// So many neighbouring entries of a column.
template <int width>
struct alignas(width * sizeof(real) < 16 ? width * sizeof(real) : 16) Piece {
    real values[width];
};

// What is taken from scores before their powers: the largest, unless all are −∞, whose powers are then 0.
static __device__ real base_of(real largest) { return largest == lowest_score() ? real(0) : largest; }

// The largest of the entries that a thread has seen, and Σ e^(x − base).
struct Peak {
    real largest = lowest_score(), sum = 0;

    template <int width>
    __device__ void see(const Piece<width> &piece) {
        real next = largest;
        for (int i = 0; i < width; i++) next = piece.values[i] > next ? piece.values[i] : next;
        real base = base_of(next);
        sum *= exp(largest - base);
        for (int i = 0; i < width; i++) sum += exp(piece.values[i] - base);
        largest = next;
    }
};

// The gradient of the mean loss, softmax(x)·scale less `even` everywhere and `rest` at the target (both with the scale in them),
// and of every column its loss and 1 where its first largest entry is the target, else 0. Logits are read twice: once for
// their largest and the sum, which is scaled anew where a larger one comes, and once for the gradient, which may take their place.
template <int width>
static __device__ void column_entropy(
    const real *x, long long target, long long classes, double smoothing, double scale, real *dx, double *loss, double *hit
) {
    const Piece<width> *pieces = (const Piece<width> *)x;
    real at_its_place = x[target];
    Peak own;
    #pragma unroll 2
    for (long long i = threadIdx.x; i < classes / width; i += blockDim.x) own.see(pieces[i]);
    real largest = largest_of_block(own.largest), base = base_of(largest);
    real sum = sum_of_block(own.sum * exp(own.largest - base));
    double even = smoothing / (double)classes, rest = 1 - smoothing;
    real factor = real(scale) / sum, everywhere = real(even * scale), at_target = real(rest * scale);
    real plain = 0;
    int earlier = 0;
    #pragma unroll 2
    for (long long i = threadIdx.x; i < classes / width; i += blockDim.x) {
        Piece<width> piece = pieces[i];
        for (int k = 0; k < width; k++) {
            long long index = i * width + k;
            real entry = piece.values[k], difference = entry - largest;
            if (entry == largest && index < target) earlier = 1;
            plain += difference;
            real slope = exp(difference) * factor - everywhere;
            piece.values[k] = index == target ? slope - at_target : slope;
        }
        ((Piece<width> *)dx)[i] = piece;
    }
    plain = sum_of_block(plain);
    earlier = sum_of_block(earlier);
    if (threadIdx.x == 0) {
        *loss = log((double)sum) - rest * ((double)at_its_place - (double)largest) - even * (double)plain;
        *hit = earlier == 0 && at_its_place == largest ? 1 : 0;
    }
}

// A block a column.
KERNEL __launch_bounds__(512) void cross_entropy(
    const real *logits, const int *targets, long long classes, double smoothing, double scale, real *gradient, double *losses,
    double *hits
) {
    const real *x = logits + blockIdx.x * classes;
    real *dx = gradient + blockIdx.x * classes;
    long long target = targets[blockIdx.x];
    double *loss = losses + blockIdx.x, *hit = hits + blockIdx.x;
    if (classes % 4 == 0) column_entropy<4>(x, target, classes, smoothing, scale, dx, loss, hit);
    else column_entropy<1>(x, target, classes, smoothing, scale, dx, loss, hit);
}

// Sums of losses and of hits, by one block.
KERNEL __launch_bounds__(1024) void cross_entropy_totals(const double *losses, const double *hits, long long count, double *totals) {
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
