// Every column by itself: normalizations and softmax.

/// Σ (x − center)^power for power 1 or 2; entries behind the end count as the center.
INLINE float centered_sum(const float *x, size_t count, float center, const int power) {
    vec sums[4] = {splat(0), splat(0), splat(0), splat(0)};
    size_t start = 0;
    for (; start + 4 * LANES <= count; start += 4 * LANES)
        for (int k = 0; k < 4; k++) {
            vec value = load(x + start + k * LANES) - center;
            sums[k] += power == 1 ? value : value * value;
        }
    for (; start + LANES <= count; start += LANES) {
        vec value = load(x + start) - center;
        sums[0] += power == 1 ? value : value * value;
    }
    float rest = 0;
    for (; start < count; start++) rest += power == 1 ? x[start] - center : (x[start] - center) * (x[start] - center);
    return sum_of_lanes((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest;
}

static void layer_normalize(const float *x, const float *gain, const float *bias, float offset, size_t rows,
                            size_t columns, float *y, float *means, float *inverses) {
    const size_t count = rows;
    for (size_t column = 0; column < columns; column++, x += rows, y += rows) {
        const float mean = centered_sum(x, rows, 0, 1) / (float)rows;
        const float variance = centered_sum(x, rows, mean, 2) / (float)rows;
        const float inverse = 1 / sqrtf(variance + offset);
        means[column] = mean;
        inverses[column] = inverse;
        EACH(PUT(y, GET(gain) * ((GET(x) - mean) * inverse) + GET(bias)))
    }
}

static void layer_gradient(const float *dy, const float *x, const float *gain, const float *means,
                           const float *inverses, size_t rows, size_t columns, float *dx, float *gains,
                           float *biases) {
    const size_t count = rows;
    for (size_t column = 0; column < columns; column++, x += rows, dy += rows, dx += rows) {
        const float mean = means[column], inverse = inverses[column];
        vec plain = splat(0), weighted = splat(0);
        EACH({
            // Behind the end dy is 0, so the entries there count for nothing.
            vec normalized = (GET(x) - mean) * inverse;
            vec gradient = GET(dy);
            vec outer = GET(gain) * gradient;
            plain += outer;
            weighted += outer * normalized;
            PUT(gains, GET(gains) + gradient * normalized)
            PUT(biases, GET(biases) + gradient)
        })
        const float plain_mean = sum_of_lanes(plain) / (float)rows;
        const float slope = sum_of_lanes(weighted) / (float)rows * inverse;
        {
            EACH(PUT(dx, (GET(gain) * GET(dy) - plain_mean - (GET(x) - mean) * slope) * inverse))
        }
    }
}

static void rms_normalize(const float *x, const float *gain, float offset, size_t rows, size_t columns, float *y,
                          float *inverses) {
    const size_t count = rows;
    for (size_t column = 0; column < columns; column++, x += rows, y += rows) {
        const float inverse = 1 / sqrtf(centered_sum(x, rows, 0, 2) / (float)rows + offset);
        inverses[column] = inverse;
        EACH(PUT(y, GET(gain) * (GET(x) * inverse)))
    }
}

static void rms_gradient(const float *dy, const float *x, const float *gain, const float *inverses, size_t rows,
                         size_t columns, float *dx, float *gains) {
    const size_t count = rows;
    for (size_t column = 0; column < columns; column++, x += rows, dy += rows, dx += rows) {
        const float inverse = inverses[column];
        vec weighted = splat(0);
        EACH({
            // Behind the end dy is 0, so the entries there count for nothing.
            vec normalized = GET(x) * inverse;
            vec gradient = GET(dy);
            weighted += GET(gain) * gradient * normalized;
            PUT(gains, GET(gains) + gradient * normalized)
        })
        const float slope = sum_of_lanes(weighted) / (float)rows * inverse;
        {
            EACH(PUT(dx, (GET(gain) * GET(dy) - GET(x) * slope) * inverse))
        }
    }
}

INLINE float largest_entry(const float *x, size_t count) {
    if (count < LANES) {
        float largest = x[0];
        for (size_t i = 1; i < count; i++)
            if (x[i] > largest) largest = x[i];
        return largest;
    }
    // The last vector overlaps the one before it.
    vec largest = load(x + count - LANES);
    for (size_t i = 0; i + LANES <= count; i += LANES) largest = larger(largest, load(x + i));
    return largest_of_lanes(largest);
}

/// e^(x − largest) into y; gives their sum.
INLINE float shifted_exponentials(const float *x, size_t count, float largest, float *y) {
    vec sum = splat(0);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vec value = exponential_of(load(x + i) - largest);
        store(y + i, value);
        sum += value;
    }
    float total = 0;
    if (i < count) {
        vec value = exponential_of(load_first(x + i, count - i) - largest);
        store_first(y + i, value, count - i);
        for (; i < count; i++) total += y[i];
    }
    return sum_of_lanes(sum) + total;
}

/// Where whole vectors stay in the column, its last one is taken whole and masked.
static void softmax(float *x, size_t seen, size_t length) {
    const size_t whole = seen / LANES * LANES;
    const size_t rest = seen - whole;
    if (whole + (rest > 0 ? LANES : 0) > length) {
        const float factor = 1 / shifted_exponentials(x, seen, largest_entry(x, seen), x);
        for (size_t i = 0; i < seen; i++) x[i] *= factor;
        memset(x + seen, 0, (length - seen) * sizeof(float));
        return;
    }
    vec top = splat(-INFINITY), sum = splat(0), last = splat(-INFINITY);
    if (rest > 0) top = last = first_lanes(load(x + whole), rest, -INFINITY);
    for (size_t i = 0; i < whole; i += LANES) top = larger(top, load(x + i));
    const float largest = largest_of_lanes(top);
    for (size_t i = 0; i < whole; i += LANES) {
        vec value = exponential_of(load(x + i) - largest);
        store(x + i, value);
        sum += value;
    }
    if (rest > 0) sum += last = exponential_of(last - largest);
    const float factor = 1 / sum_of_lanes(sum);
    for (size_t i = 0; i < whole; i += LANES) store(x + i, load(x + i) * factor);
    if (rest > 0) store(x + whole, last * factor);
    const size_t end = whole + (rest > 0 ? LANES : 0);
    if (end < length) memset(x + end, 0, (length - end) * sizeof(float));
}

static void softmax_gradient(float *dp, const float *p, size_t seen, size_t length, float scale) {
    const size_t count = seen;
    vec sum = splat(0);
    EACH(sum += GET(p) * GET(dp);)
    const float total = sum_of_lanes(sum);
    {
        EACH(PUT(dp, GET(p) * ((GET(dp) - total) * scale)))
    }
    if (seen < length) memset(dp + seen, 0, (length - seen) * sizeof(float));
}

static void softmax_scaled(const float *x, size_t length, float scale, float *gradient, float *sum, float *plain,
                           float *largest) {
    const size_t count = length;
    *largest = largest_entry(x, length);
    *sum = shifted_exponentials(x, length, *largest, gradient);
    *plain = centered_sum(x, length, *largest, 1);
    const float factor = scale / *sum;
    EACH(PUT(gradient, GET(gradient) * factor))
}
