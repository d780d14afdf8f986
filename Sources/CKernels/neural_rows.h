// Sums over the columns, every row by itself: up to four vectors of rows in registers, chunks of columns that stay in
// the first-level cache.

/// What a sum over columns adds up.
typedef enum { ENTRIES, SQUARES, PRODUCTS, RECTIFIED_PRODUCTS } summand;

/// Where the entries of a sum come from: rectified products count dy only where y is positive, and keep it.
typedef struct {
    const float *x, *dy, *y, *means;
    float *kept;
} summands;

INLINE summands from_row(summands s, size_t row) {
    return (summands){s.x + row, s.dy ? s.dy + row : 0, s.y ? s.y + row : 0, s.means ? s.means + row : 0,
                      s.kept ? s.kept + row : 0};
}

INLINE summands from_entry(summands s, size_t start) {
    return (summands){s.x + start, s.dy ? s.dy + start : 0, s.y ? s.y + start : 0, s.means,
                      s.kept ? s.kept + start : 0};
}

/// dy at an entry of rectified products or of others.
INLINE vec factor_at(summand kind, summands s, size_t at) {
    vec factor = load(s.dy + at);
    if (kind == PRODUCTS) return factor;
    factor = load(s.y + at) > splat(0) ? factor : splat(0);
    if (s.kept) store(s.kept + at, factor);
    return factor;
}

/// The entries of one column from `at` on.
INLINE void add_column(summand kind, const int blocks, summands s, size_t at, const vec *mean, vec *total, vec *other) {
    UNROLL
    for (int b = 0; b < blocks; b++, at += LANES) {
        vec value = load(s.x + at) - mean[b];
        if (kind == PRODUCTS || kind == RECTIFIED_PRODUCTS) {
            vec factor = factor_at(kind, s, at);
            total[b] += value * factor;
            other[b] += factor;
        } else {
            total[b] += kind == ENTRIES ? value : value * value;
        }
    }
}

/// sums += Σ over columns; for SQUARES of (x − mean)², for products of dy·(x − mean), and then of dy into `others`.
INLINE void add_rows(summand kind, const int blocks, summands s, size_t rows, size_t columns, float *sums,
                     float *others) {
    // One vector of rows would wait for its last addition: several columns have sums of their own.
    const int side = blocks >= 4 ? 1 : 4 / blocks;
    const int paired = kind == PRODUCTS || kind == RECTIFIED_PRODUCTS;
    vec total[4], other[4], mean[4];
    UNROLL
    for (int k = 0; k < blocks * side; k++) total[k] = other[k] = splat(0);
    UNROLL
    for (int b = 0; b < blocks; b++) mean[b] = kind == ENTRIES ? splat(0) : load(s.means + b * LANES);
    size_t column = 0;
    for (; column + side <= columns; column += side) {
        UNROLL
        for (int k = 0; k < side; k++)
            add_column(kind, blocks, s, (column + k) * rows, mean, total + k * blocks, other + k * blocks);
    }
    for (; column < columns; column++) add_column(kind, blocks, s, column * rows, mean, total, other);
    UNROLL
    for (int b = 0; b < blocks; b++) {
        UNROLL
        for (int k = 1; k < side; k++) {
            total[b] += total[k * blocks + b];
            other[b] += other[k * blocks + b];
        }
        store(sums + b * LANES, load(sums + b * LANES) + total[b]);
        if (paired) store(others + b * LANES, load(others + b * LANES) + other[b]);
    }
}

/// The same for one row.
INLINE void add_row(summand kind, summands s, size_t rows, size_t columns, float *sum, float *other) {
    for (size_t at = 0; at < columns * rows; at += rows) {
        float value = s.x[at] - (kind == ENTRIES ? 0 : *s.means);
        float factor = value;
        if (kind == PRODUCTS || kind == RECTIFIED_PRODUCTS) {
            factor = kind == PRODUCTS || s.y[at] > 0 ? s.dy[at] : 0;
            if (s.kept) s.kept[at] = factor;
            *other += factor;
        }
        *sum += kind == ENTRIES ? value : value * factor;
    }
}

INLINE void add_all_rows(summand kind, summands s, size_t rows, size_t columns, size_t height, float *sums,
                         float *others) {
    size_t row = 0;
    for (; row + 4 * LANES <= height; row += 4 * LANES)
        add_rows(kind, 4, from_row(s, row), rows, columns, sums + row, others + row);
    for (; row + 2 * LANES <= height; row += 2 * LANES)
        add_rows(kind, 2, from_row(s, row), rows, columns, sums + row, others + row);
    for (; row + LANES <= height; row += LANES)
        add_rows(kind, 1, from_row(s, row), rows, columns, sums + row, others + row);
    for (; row < height; row++) add_row(kind, from_row(s, row), rows, columns, sums + row, others + row);
}

/// Columns of about 16 KiB, at least one.
INLINE size_t columns_of_chunk(size_t rows) { return rows >= 4096 ? 1 : 4096 / (rows > 0 ? rows : 1); }

#define CHUNKS(body)                                                                                                   \
    const size_t chunk = columns_of_chunk(rows);                                                                       \
    for (size_t first = 0; first < columns; first += chunk) {                                                          \
        const size_t length = columns - first < chunk ? columns - first : chunk;                                       \
        const size_t start = first * rows;                                                                             \
        body                                                                                                           \
    }

static void row_sums(const float *x, size_t rows, size_t columns, float *sums) {
    const summands all = {.x = x};
    CHUNKS(add_all_rows(ENTRIES, from_entry(all, start), rows, length, rows, sums, sums);)
}

static void batch_products(const float *dy, const float *x, const float *means, const float *y, size_t rows,
                           size_t columns, float *products, float *sums, float *kept) {
    const summands all = {x, dy, y, means, kept};
    if (y) {
        CHUNKS(add_all_rows(RECTIFIED_PRODUCTS, from_entry(all, start), rows, length, rows, products, sums);)
    } else {
        CHUNKS(add_all_rows(PRODUCTS, from_entry(all, start), rows, length, rows, products, sums);)
    }
}

/// The moments of a chunk, joined to those of the columns before it.
INLINE void join_moments(const float *x, size_t rows, size_t height, size_t before, size_t columns, float *means,
                         float *squares) {
    float mean[256] = {0}, square[256] = {0};
    const float share = (float)columns / (float)(before + columns);
    const float joint = (float)before * share;
    add_all_rows(ENTRIES, (summands){.x = x}, rows, columns, height, mean, mean);
    for (size_t row = 0; row < height; row++) mean[row] /= (float)columns;
    add_all_rows(SQUARES, (summands){.x = x, .means = mean}, rows, columns, height, square, square);
    for (size_t row = 0; row < height; row++) {
        float difference = mean[row] - means[row];
        means[row] += difference * share;
        squares[row] += square[row] + difference * difference * joint;
    }
}

/// Chunk by chunk: its means, then the squares around these, then both joined to what came before; up to 256 rows at
/// once, so that a chunk's own moments have room.
///
/// Source: Chan, Golub, LeVeque, "Algorithms for computing the sample variance", 1983, equation 2.1.
static void row_moments(const float *x, size_t rows, size_t columns, float *means, float *squares) {
    memset(means, 0, rows * sizeof(float));
    memset(squares, 0, rows * sizeof(float));
    CHUNKS(for (size_t top = 0; top < rows; top += 256) {
        const size_t height = rows - top < 256 ? rows - top : 256;
        join_moments(x + start + top, rows, height, first, length, means + top, squares + top);
    })
}

/// Passes in which a row has constants of its own, in the order of memory.
#define EACH_ROW(body)                                                                                                 \
    for (size_t column = 0; column < columns; column++, x += rows, y += rows) {                                        \
        const size_t count = rows;                                                                                     \
        EACH(body)                                                                                                     \
    }

static void add_to_columns(const float *x, const float *v, size_t rows, size_t columns, float *y) {
    EACH_ROW(PUT(y, GET(x) + GET(v)))
}

static void batch_normalize(const float *x, const float *means, const float *scales, const float *biases,
                            const float *residual, int rectified, size_t rows, size_t columns, float *y) {
    if (!rectified) {
        EACH_ROW(PUT(y, (GET(x) - GET(means)) * GET(scales) + GET(biases)))
    } else if (!residual) {
        EACH_ROW(PUT(y, larger((GET(x) - GET(means)) * GET(scales) + GET(biases), splat(0))))
    } else {
        EACH_ROW({
            const float *r = residual + column * rows;
            PUT(y, larger((GET(x) - GET(means)) * GET(scales) + GET(biases) + GET(r), splat(0)))
        })
    }
}

static void batch_gradient(const float *dy, const float *x, const float *means, const float *scales,
                           const float *plains, const float *slopes, const float *output, size_t rows, size_t columns,
                           float *y) {
    if (output) {
        EACH_ROW({
            const float *g = dy + column * rows;
            const float *o = output + column * rows;
            vec gradient = GET(o) > splat(0) ? GET(g) : splat(0);
            PUT(y, GET(scales) * (gradient - GET(plains) - (GET(x) - GET(means)) * GET(slopes)))
        })
    } else {
        EACH_ROW({
            const float *g = dy + column * rows;
            PUT(y, GET(scales) * (GET(g) - GET(plains) - (GET(x) - GET(means)) * GET(slopes)))
        })
    }
}
