// What stands between the products of attention. Scores and slopes are keys × (pair, query), a column what one query has with
// all keys; a pair is a head of a sample, and a warp takes a query.

// The queries of a launch: every pair has `queries` of its `length` here, from `first_query` on, and the pairs begin with `first_pair`
// of all. A mask has a factor for every key of every query of every pair. What is added to scores are, of every head, `length` by
// `length` numbers, and as many of `sample_count` samples, if any.
struct Queries {
    const real *mask, *heads, *samples;
    long long head_count, sample_count, first_pair, keys, queries, first_query, length, count;
    int is_causal;
};

struct Query {
    // Among all of the pair's.
    long long position;
    // Keys that it sees.
    long long seen;
    // Where its column begins, and its place among the numbers that there is one of for each query.
    long long column, place;
    const real *factors, *own, *common;

    __device__ Query(const Queries &all, long long index) {
        long long pair = index / all.queries;
        position = all.first_query + index % all.queries;
        seen = all.is_causal && position + 1 < all.keys ? position + 1 : all.keys;
        column = index * all.keys;
        place = pair * all.length + position;
        factors = all.mask ? all.mask + place * all.length : nullptr;
        long long sample_pair = all.first_pair + pair, head = all.heads ? sample_pair % all.head_count : 0;
        long long sample = all.samples ? sample_pair / all.head_count % all.sample_count : 0;
        own = all.heads ? all.heads + (head * all.length + position) * all.length : nullptr;
        common = all.samples ? all.samples + (sample * all.length + position) * all.length : nullptr;
    }

    __device__ real bias(long long key) const { return (own ? own[key] : real(0)) + (common ? common[key] : real(0)); }
    __device__ real factor(long long key) const { return factors ? factors[key] : real(1); }
};

// Where a weight or a slope goes: among scores, or rounded to bfloat16 for the products that follow.
static __device__ void store(real *target, long long index, real x) { target[index] = x; }
static __device__ void store(unsigned short *target, long long index, real x) { target[index] = rounded_to_bfloat16((float)x); }

// MARK: Rows in registers
//
// A row of at most 1024 keys, a multiple of four, with neither bias nor mask, is read once, four keys at a time.

const int QUADS = 8;

template <typename Entry>
struct alignas(4 * sizeof(Entry) < 16 ? 4 * sizeof(Entry) : 16) Quad {
    Entry values[4];
};

static __device__ bool is_held(const Queries &all) {
    return all.keys <= 128 * QUADS && all.keys % 4 == 0 && !all.mask && !all.heads && !all.samples;
}

// The lane's entries of a column, `beyond` in the place of keys that are not seen.
static __device__ void load_row(const real *x, const Query &query, int keys, real beyond, Quad<real> (&row)[QUADS]) {
    int first = 4 * (threadIdx.x % 32);
    #pragma unroll
    for (int k = 0; k < QUADS; k++) {
        int key = first + 128 * k;
        if (key < keys) row[k] = *(const Quad<real> *)(x + key);
        for (int i = 0; i < 4; i++) {
            if (key + i >= query.seen) row[k].values[i] = beyond;
        }
    }
}

template <typename Entry>
static __device__ void store_row(Entry *target, const Quad<real> (&row)[QUADS], int keys) {
    int first = 4 * (threadIdx.x % 32);
    #pragma unroll
    for (int k = 0; k < QUADS; k++) {
        Quad<Entry> entries;
        for (int i = 0; i < 4; i++) store(entries.values, i, row[k].values[i]);
        if (first + 128 * k < keys) *(Quad<Entry> *)(target + first + 128 * k) = entries;
    }
}

template <typename Weight>
static __device__ void weigh_held(const Query &query, const real *x, Weight *weights, real *logarithm, int keys) {
    Quad<real> row[QUADS];
    load_row(x, query, keys, lowest_score(), row);
    real largest = lowest_score(), sum = 0;
    for (int k = 0; k < QUADS; k++) {
        for (int i = 0; i < 4; i++) largest = larger(largest, row[k].values[i]);
    }
    largest = largest_of_warp(largest);
    for (int k = 0; k < QUADS; k++) {
        for (int i = 0; i < 4; i++) sum += row[k].values[i] = exp(row[k].values[i] - largest);
    }
    sum = sum_of_warp(sum);
    real share = real(1) / sum;
    for (int k = 0; k < QUADS; k++) {
        for (int i = 0; i < 4; i++) row[k].values[i] *= share;
    }
    store_row(weights, row, keys);
    if (threadIdx.x % 32 == 0) *logarithm = largest + log(sum);
}

template <typename Weight>
static __device__ void slope_held(
    const Query &query, const real *x, const real *dx, Weight *weights, Weight *slopes, real logarithm, int keys
) {
    Quad<real> probabilities[QUADS], products[QUADS];
    load_row(x, query, keys, lowest_score(), probabilities);
    load_row(dx, query, keys, 0, products);
    real mean = 0;
    for (int k = 0; k < QUADS; k++) {
        for (int i = 0; i < 4; i++) {
            real &probability = probabilities[k].values[i];
            probability = exp(probability - logarithm);
            mean += probability * products[k].values[i];
        }
    }
    mean = sum_of_warp(mean);
    for (int k = 0; k < QUADS; k++) {
        for (int i = 0; i < 4; i++) products[k].values[i] = probabilities[k].values[i] * (products[k].values[i] - mean);
    }
    store_row(weights, probabilities, keys);
    store_row(slopes, products, keys);
}

// MARK: Any row

template <typename Weight>
static __device__ void weigh(const Query &query, const real *x, Weight *weights, real *logarithm, long long keys) {
    int lane = threadIdx.x % 32;
    real largest = lowest_score(), sum = 0;
    #pragma unroll 4
    for (long long key = lane; key < query.seen; key += 32) largest = larger(largest, x[key] + query.bias(key));
    largest = largest_of_warp(largest);
    #pragma unroll 4
    for (long long key = lane; key < query.seen; key += 32) sum += exp(x[key] + query.bias(key) - largest);
    sum = sum_of_warp(sum);
    real share = real(1) / sum;
    for (long long key = lane; key < keys; key += 32) {
        real weight = key < query.seen ? exp(x[key] + query.bias(key) - largest) * share * query.factor(key) : real(0);
        store(weights, key, weight);
    }
    if (lane == 0) *logarithm = largest + log(sum);
}

template <typename Weight>
static __device__ void slope(
    const Query &query, const real *x, real *dx, Weight *weights, Weight *slopes, real logarithm, long long keys, int keeps
) {
    int lane = threadIdx.x % 32;
    real mean = 0;
    #pragma unroll 4
    for (long long key = lane; key < query.seen; key += 32) {
        mean += exp(x[key] + query.bias(key) - logarithm) * (dx[key] * query.factor(key));
    }
    mean = sum_of_warp(mean);
    for (long long key = lane; key < keys; key += 32) {
        real weight = 0, result = 0;
        if (key < query.seen) {
            real factor = query.factor(key), probability = exp(x[key] + query.bias(key) - logarithm);
            weight = probability * factor;
            result = probability * (dx[key] * factor - mean);
        }
        store(weights, key, weight);
        store(slopes, key, result);
        if (keeps) dx[key] = result;
    }
}

// MARK: Kernels
//
// Two blocks of 256 threads a multiprocessor: what rows in registers leave room for.

// The softmax of scores times the mask, zeros for keys that are not seen, and ln Σ e^score of every query. Weights may stand in the
// place of the scores.
template <typename Weight>
static __device__ void weigh_all(const Queries &all, const real *scores, Weight *weights, real *logarithms) {
    for (long long index = first_index() / 32; index < all.count; index += index_step() / 32) {
        Query query(all, index);
        const real *x = scores + query.column;
        Weight *target = weights + query.column;
        if (is_held(all)) weigh_held(query, x, target, logarithms + query.place, (int)all.keys);
        else weigh(query, x, target, logarithms + query.place, all.keys);
    }
}

KERNEL __launch_bounds__(256, 2) void attention_weights(Queries queries, const real *scores, real *weights, real *logarithms) {
    weigh_all(queries, scores, weights, logarithms);
}

KERNEL __launch_bounds__(256, 2) void attention_rounded_weights(
    Queries queries, const real *scores, unsigned short *weights, real *logarithms
) {
    weigh_all(queries, scores, weights, logarithms);
}

// With P = e^(score − logarithm) and dP the slopes times the mask: the weights P times the mask, and the targets P·(dP − Σ P·dP),
// which go to the place of the slopes, too, where `keeps`. Weights may stand in the place of the scores, and targets in that of the
// slopes.
template <typename Weight>
static __device__ void slope_all(
    const Queries &all, const real *scores, real *slopes, Weight *weights, Weight *targets, const real *logarithms, int keeps
) {
    for (long long index = first_index() / 32; index < all.count; index += index_step() / 32) {
        Query query(all, index);
        const real *x = scores + query.column;
        real *dx = slopes + query.column, logarithm = logarithms[query.place];
        Weight *weight = weights + query.column, *target = targets + query.column;
        if (is_held(all) && !keeps) slope_held(query, x, dx, weight, target, logarithm, (int)all.keys);
        else slope(query, x, dx, weight, target, logarithm, all.keys, keeps);
    }
}

KERNEL __launch_bounds__(256, 2) void attention_slopes(
    Queries queries, const real *scores, real *slopes, real *weights, real *targets, const real *logarithms, int keeps
) {
    slope_all(queries, scores, slopes, weights, targets, logarithms, keeps);
}

KERNEL __launch_bounds__(256, 2) void attention_rounded_slopes(
    Queries queries, const real *scores, real *slopes, unsigned short *weights, unsigned short *targets, const real *logarithms,
    int keeps
) {
    slope_all(queries, scores, slopes, weights, targets, logarithms, keeps);
}

// The slopes of `samples` samples, each with `heads` of its heads from `first_head` on, added to the gradient of the bias of
// heads: an entry of it a thread, which adds in the order of the samples.
KERNEL void attention_bias_gradient(
    const real *slopes, long long samples, long long heads, long long first_head, long long keys, long long queries,
    long long first_query, long long length, real *gradient, long long count
) {
    for (Place place(keys); place.index < count; place.advance()) {
        long long head = place.column / queries, position = first_query + place.column % queries;
        real sum = 0;
        for (long long sample = 0; sample < samples; sample++) {
            sum += slopes[place.index + sample * heads * queries * keys];
        }
        gradient[((first_head + head) * length + position) * length + place.row] += sum;
    }
}
