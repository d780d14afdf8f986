// What stands between the products of attention. Scores and slopes are keys × (pair, query), a column what one query has with
// all keys; a pair is a head of a sample, and a warp takes a query. Every pair has `queries` of its `length` here, from
// `first_query` on. A mask has a factor for every key of every query of every pair.

struct Query {
    long long pair;
    // Among all of the pair's.
    long long position;
    // Keys that it sees.
    long long seen;

    __device__ Query(long long index, long long keys, long long queries, long long first_query, int is_causal) {
        pair = index / queries;
        position = first_query + index % queries;
        seen = is_causal && position + 1 < keys ? position + 1 : keys;
    }
};

// What is added to the scores of a query: of every head `length` by `length` numbers, and of `sample_count` samples as many, if
// any. The pairs of a launch begin with `first_pair` of all.
struct Bias {
    const real *own, *common;

    __device__ Bias(
        const Query &query, const real *heads, const real *samples, long long head_count, long long sample_count,
        long long first_pair, long long length
    ) {
        long long pair = first_pair + query.pair;
        own = heads ? heads + (pair % head_count * length + query.position) * length : nullptr;
        common = samples ? samples + (pair / head_count % sample_count * length + query.position) * length : nullptr;
    }

    __device__ real at(long long key) const { return (own ? own[key] : real(0)) + (common ? common[key] : real(0)); }
};

// Scores by their softmax times the mask, zeros for keys that are not seen, and ln Σ e^score of every query.
KERNEL void attention_weights(
    real *scores, const real *mask, const real *heads, const real *samples, long long head_count, long long sample_count,
    long long first_pair, real *logarithms, long long keys, long long queries, long long first_query, long long length,
    int is_causal, long long count
) {
    int lane = threadIdx.x % 32;
    for (long long index = first_index() / 32; index < count; index += index_step() / 32) {
        Query query(index, keys, queries, first_query, is_causal);
        real *x = scores + index * keys;
        const real *factors = mask ? mask + (query.pair * length + query.position) * length : nullptr;
        Bias bias(query, heads, samples, head_count, sample_count, first_pair, length);
        real largest = x[0] + bias.at(0), sum = 0;
        #pragma unroll 4
        for (long long key = lane; key < query.seen; key += 32) largest = larger(largest, x[key] + bias.at(key));
        largest = largest_of_warp(largest);
        #pragma unroll 4
        for (long long key = lane; key < query.seen; key += 32) sum += exp(x[key] + bias.at(key) - largest);
        sum = sum_of_warp(sum);
        real share = real(1) / sum;
        for (long long key = lane; key < keys; key += 32) {
            real weight = key < query.seen ? exp(x[key] + bias.at(key) - largest) * share : real(0);
            x[key] = factors && key < query.seen ? weight * factors[key] : weight;
        }
        if (lane == 0) logarithms[query.pair * length + query.position] = largest + log(sum);
    }
}

// With P = e^(score − logarithm) and dP the slopes times the mask: scores by P times the mask, and slopes by P·(dP − Σ P·dP).
KERNEL void attention_slopes(
    real *scores, real *slopes, const real *mask, const real *heads, const real *samples, long long head_count,
    long long sample_count, long long first_pair, const real *logarithms, long long keys, long long queries,
    long long first_query, long long length, int is_causal, long long count
) {
    int lane = threadIdx.x % 32;
    for (long long index = first_index() / 32; index < count; index += index_step() / 32) {
        Query query(index, keys, queries, first_query, is_causal);
        real *x = scores + index * keys, *dx = slopes + index * keys;
        const real *factors = mask ? mask + (query.pair * length + query.position) * length : nullptr;
        real logarithm = logarithms[query.pair * length + query.position], mean = 0;
        Bias bias(query, heads, samples, head_count, sample_count, first_pair, length);
        #pragma unroll 4
        for (long long key = lane; key < query.seen; key += 32) {
            real slope = factors ? dx[key] * factors[key] : dx[key];
            mean += exp(x[key] + bias.at(key) - logarithm) * slope;
        }
        mean = sum_of_warp(mean);
        for (long long key = lane; key < keys; key += 32) {
            real weight = 0, slope = 0;
            if (key < query.seen) {
                real factor = factors ? factors[key] : real(1), probability = exp(x[key] + bias.at(key) - logarithm);
                weight = probability * factor;
                slope = probability * (dx[key] * factor - mean);
            }
            x[key] = weight;
            dx[key] = slope;
        }
    }
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
