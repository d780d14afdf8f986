// Sums over the columns, every row by itself: up to four vectors of rows in registers, chunks of columns that stay in
// the first-level cache.

/// What a sum over columns adds up.
typedef enum { ENTRIES, SQUARES, PRODUCTS } summand;

/// sums += Σ over columns; for SQUARES of (x − mean)², for PRODUCTS of dy·(x − mean), and then of dy into `others`.
INLINE void add_rows(summand kind, const int blocks, const float *x, const float *dy, const float *means, size_t rows,
                     size_t columns, float *sums, float *others) {
    // One vector of rows would wait for its last addition: several columns have sums of their own.
    const int side = blocks >= 4 ? 1 : 4 / blocks;
    vec total[4], other[4], mean[4];
    for (int k = 0; k < blocks * side; k++) total[k] = other[k] = splat(0);
    for (int b = 0; b < blocks; b++) mean[b] = kind == ENTRIES ? splat(0) : load(means + b * LANES);
    size_t column = 0;
    for (; column + side <= columns; column += side)
        for (int s = 0; s < side; s++)
            for (int b = 0; b < blocks; b++) {
                vec value = load(x + (column + s) * rows + b * LANES) - mean[b];
                vec factor = kind == PRODUCTS ? load(dy + (column + s) * rows + b * LANES) : value;
                total[s * blocks + b] += kind == ENTRIES ? value : value * factor;
                if (kind == PRODUCTS) other[s * blocks + b] += factor;
            }
    for (; column < columns; column++)
        for (int b = 0; b < blocks; b++) {
            vec value = load(x + column * rows + b * LANES) - mean[b];
            vec factor = kind == PRODUCTS ? load(dy + column * rows + b * LANES) : value;
            total[b] += kind == ENTRIES ? value : value * factor;
            if (kind == PRODUCTS) other[b] += factor;
        }
    for (int b = 0; b < blocks; b++) {
        for (int s = 1; s < side; s++) {
            total[b] += total[s * blocks + b];
            other[b] += other[s * blocks + b];
        }
        store(sums + b * LANES, load(sums + b * LANES) + total[b]);
        if (kind == PRODUCTS) store(others + b * LANES, load(others + b * LANES) + other[b]);
    }
}

INLINE void add_all_rows(summand kind, const float *x, const float *dy, const float *means, size_t rows,
                         size_t columns, float *sums, float *others) {
    size_t row = 0;
    for (; row + 4 * LANES <= rows; row += 4 * LANES)
        add_rows(kind, 4, x + row, dy + row, means + row, rows, columns, sums + row, others + row);
    for (; row + 2 * LANES <= rows; row += 2 * LANES)
        add_rows(kind, 2, x + row, dy + row, means + row, rows, columns, sums + row, others + row);
    for (; row + LANES <= rows; row += LANES)
        add_rows(kind, 1, x + row, dy + row, means + row, rows, columns, sums + row, others + row);
    for (; row < rows; row++)
        for (size_t column = 0; column < columns; column++) {
            float value = x[column * rows + row] - (kind == ENTRIES ? 0 : means[row]);
            float factor = kind == PRODUCTS ? dy[column * rows + row] : value;
            sums[row] += kind == ENTRIES ? value : value * factor;
            if (kind == PRODUCTS) others[row] += factor;
        }
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
    CHUNKS(add_all_rows(ENTRIES, x + start, x, x, rows, length, sums, sums);)
}

static void batch_products(const float *dy, const float *x, const float *means, size_t rows, size_t columns,
                           float *products, float *sums) {
    CHUNKS(add_all_rows(PRODUCTS, x + start, dy + start, means, rows, length, products, sums);)
}

/// Chunk by chunk: its means, then the squares around these, then both joined to what came before.
///
/// Source: Chan, Golub, LeVeque, "Algorithms for computing the sample variance", 1983, equation 2.1.
static void row_moments(const float *x, size_t rows, size_t columns, float *means, float *squares) {
    float mean[256], square[256];
    memset(means, 0, rows * sizeof(float));
    memset(squares, 0, rows * sizeof(float));
    // Rows in groups, so that a chunk's own moments have room here.
    const size_t chunk = columns_of_chunk(rows);
    for (size_t first = 0; first < columns; first += chunk) {
        const size_t length = columns - first < chunk ? columns - first : chunk;
        const float share = (float)length / (float)(first + length);
        const float joint = (float)first * share;
        for (size_t top = 0; top < rows; top += 256) {
            const size_t height = rows - top < 256 ? rows - top : 256;
            for (size_t row = 0; row < height; row++) mean[row] = square[row] = 0;
            const float *part = x + first * rows + top;
            size_t row = 0;
            for (; row + LANES <= height; row += LANES)
                add_rows(ENTRIES, 1, part + row, part, part, rows, length, mean + row, mean);
            for (; row < height; row++)
                for (size_t column = 0; column < length; column++) mean[row] += part[column * rows + row];
            for (row = 0; row < height; row++) mean[row] /= (float)length;
            for (row = 0; row + LANES <= height; row += LANES)
                add_rows(SQUARES, 1, part + row, part, mean + row, rows, length, square + row, square);
            for (; row < height; row++)
                for (size_t column = 0; column < length; column++) {
                    float deviation = part[column * rows + row] - mean[row];
                    square[row] += deviation * deviation;
                }
            for (row = 0; row < height; row++) {
                float difference = mean[row] - means[top + row];
                means[top + row] += difference * share;
                squares[top + row] += square[row] + difference * difference * joint;
            }
        }
    }
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

static void batch_normalize(const float *x, const float *means, const float *scales, const float *biases, size_t rows,
                            size_t columns, float *y) {
    EACH_ROW(PUT(y, (GET(x) - GET(means)) * GET(scales) + GET(biases)))
}

static void batch_gradient(const float *dy, const float *x, const float *means, const float *scales,
                           const float *plains, const float *slopes, size_t rows, size_t columns, float *y) {
    EACH_ROW({
        const float *g = dy + column * rows;
        PUT(y, GET(scales) * (GET(g) - GET(plains) - (GET(x) - GET(means)) * GET(slopes)))
    })
}
