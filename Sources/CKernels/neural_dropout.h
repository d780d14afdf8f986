// Philox4x32-10 for LANES counters side by side.

typedef uint32_t uvec __attribute__((ext_vector_type(LANES)));
typedef uint64_t wide __attribute__((ext_vector_type(LANES)));

/// The rounds of Salmon, Moraes, Dror, Shaw, SC 2011, in place; a word holds one lane for each counter.
INLINE void philox(uvec x[4], uint32_t first_key, uint32_t second_key) {
    for (int round = 0; round < 10; round++) {
        wide first = __builtin_convertvector(x[0], wide) * 0xD2511F53u;
        wide second = __builtin_convertvector(x[2], wide) * 0xCD9E8D57u;
        x[0] = __builtin_convertvector(second >> 32, uvec) ^ x[1] ^ first_key;
        x[1] = __builtin_convertvector(second, uvec);
        x[2] = __builtin_convertvector(first >> 32, uvec) ^ x[3] ^ second_key;
        x[3] = __builtin_convertvector(first, uvec);
        first_key += 0x9E3779B9u;
        second_key += 0xBB67AE85u;
    }
}

static void dropout(const uint32_t key[2], const uint32_t stream[2], uint64_t block, uint32_t threshold, float kept,
                    size_t count, float *mask) {
    for (; count > 0; block += LANES) {
        wide position = __builtin_convertvector(lane_number, wide) + block;
        uvec words[4] = {__builtin_convertvector(position, uvec), __builtin_convertvector(position >> 32, uvec),
                         (uvec)(stream[0]), (uvec)(stream[1])};
        philox(words, key[0], key[1]);
        float values[4][LANES], entries[4 * LANES];
        for (int word = 0; word < 4; word++) {
            vec value = words[word] >= threshold ? splat(kept) : splat(0);
            memcpy(values[word], &value, sizeof value);
        }
        for (int lane = 0; lane < LANES; lane++)
            for (int word = 0; word < 4; word++) entries[4 * lane + word] = values[word][lane];
        const size_t held = count < 4 * LANES ? count : 4 * LANES;
        memcpy(mask, entries, held * sizeof(float));
        mask += held;
        count -= held;
    }
}
