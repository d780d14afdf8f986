// Passes in which every row of a matrix has a constant or a sum of its own: features that are shifted, summed or normalized
// over the batch.
//
// Sums over the columns of a row go by a fixed tree that the matrix's shape alone decides. A block takes a tile of `width`
// rows, a power of two up to 32, and one of `chunks` ranges of columns; its threads stand `width` to a column, so that they
// read neighbours, in TILE_THREADS/width lanes that take every so-manieth column. Lanes are added in pairs, and chunks, one
// a column of a matrix of their own, by a second launch.

#define TILE_THREADS 256

struct Tile {
    long long row;
    long long chunk;
    // The thread's first column, and the end of the chunk.
    long long begin, end;
    int lane, lanes, width;

    __device__ Tile(long long rows, long long columns, int width, int chunks) : width(width) {
        long long tiles = (rows + width - 1) / width;
        chunk = blockIdx.x / tiles;
        lane = threadIdx.x / width;
        lanes = TILE_THREADS / width;
        row = blockIdx.x % tiles * width + threadIdx.x % width;
        begin = columns * chunk / chunks + lane;
        end = row < rows ? columns * (chunk + 1) / chunks : 0;
    }

    // Adds the values of all lanes of a row, in lane 0. All threads must call it.
    template <int kinds>
    __device__ void add_lanes(real (&values)[kinds]) const {
        __shared__ real shared[kinds][TILE_THREADS];
        for (int kind = 0; kind < kinds; kind++) shared[kind][threadIdx.x] = values[kind];
        __syncthreads();
        for (int half = lanes / 2; half > 0; half /= 2) {
            if (lane < half) {
                for (int kind = 0; kind < kinds; kind++) shared[kind][threadIdx.x] += shared[kind][threadIdx.x + half * width];
            }
            __syncthreads();
        }
        for (int kind = 0; kind < kinds; kind++) values[kind] = shared[kind][threadIdx.x];
    }

    __device__ bool writes(long long rows) const { return lane == 0 && row < rows; }
};

KERNEL void add_to_columns(const real *x, const real *vector, long long rows, real *__restrict__ y, long long count) {
    #pragma unroll 4
    for (Place place(rows); place.index < count; place.advance()) y[place.index] = x[place.index] + vector[place.row];
}

// sums: rows × chunks.
KERNEL void row_sums(const real *x, long long rows, long long columns, int width, int chunks, real *__restrict__ sums) {
    Tile tile(rows, columns, width, chunks);
    real sum[1] = {0};
    #pragma unroll 4
    for (long long column = tile.begin; column < tile.end; column += tile.lanes) sum[0] += x[tile.row + column * rows];
    tile.add_lanes(sum);
    if (tile.writes(rows)) sums[tile.row + rows * tile.chunk] = sum[0];
}

// Sums over the columns of a matrix of two parts, one above the other, of `rows` rows each: those of the upper part times
// the factor of their row, where factors are given, and those of the lower part.
KERNEL void pair_sums(
    const real *parts, long long rows, long long columns, int width, const real *factors, real *__restrict__ upper,
    real *__restrict__ lower
) {
    Tile tile(rows, columns, width, 1);
    real sums[2] = {0, 0};
    #pragma unroll 4
    for (long long column = tile.begin; column < tile.end; column += tile.lanes) {
        sums[0] += parts[tile.row + 2 * column * rows];
        sums[1] += parts[tile.row + (2 * column + 1) * rows];
    }
    tile.add_lanes(sums);
    if (tile.writes(rows)) {
        upper[tile.row] = factors ? sums[0] * factors[tile.row] : sums[0];
        lower[tile.row] = sums[1];
    }
}

// Of a number of values: their mean, and the sum of the squares around it.
struct Moments {
    real count, mean, square;

    // Source: Chan, Golub, LeVeque, "Algorithms for computing the sample variance", 1983, equation 2.1.
    __device__ void join(const Moments &other) {
        if (other.count == real(0)) return;
        real both = count + other.count, share = other.count / both, difference = other.mean - mean;
        mean += difference * share;
        square += other.square + difference * difference * count * share;
        count = both;
    }

    // Joins those of all lanes of a row, in lane 0.
    __device__ void join_lanes(const Tile &tile) {
        __shared__ real shared[3][TILE_THREADS];
        int own = threadIdx.x;
        for (int half = tile.lanes / 2; half > 0; half /= 2) {
            shared[0][own] = count;
            shared[1][own] = mean;
            shared[2][own] = square;
            __syncthreads();
            if (tile.lane < half) {
                int other = own + half * tile.width;
                join(Moments{shared[0][other], shared[1][other], shared[2][other]});
            }
            __syncthreads();
        }
    }
};

// Columns whose mean is taken before their squares, from registers: the fewer, the more quotients.
#define MOMENT_GROUP 8

// means and squares: rows × chunks. A matrix is read once.
KERNEL void row_moments(
    const real *x, long long rows, long long columns, int width, int chunks, real *__restrict__ means,
    real *__restrict__ squares
) {
    Tile tile(rows, columns, width, chunks);
    Moments all = {0, 0, 0};
    for (long long column = tile.begin; column < tile.end; column += MOMENT_GROUP * tile.lanes) {
        real values[MOMENT_GROUP];
        Moments group = {0, 0, 0};
        for (int k = 0; k < MOMENT_GROUP; k++) {
            bool is_there = column + k * tile.lanes < tile.end;
            values[k] = is_there ? x[tile.row + (column + k * tile.lanes) * rows] : real(0);
            group.count += is_there ? real(1) : real(0);
            group.mean += values[k];
        }
        group.mean /= group.count;
        for (int k = 0; k < MOMENT_GROUP; k++) {
            real difference = column + k * tile.lanes < tile.end ? values[k] - group.mean : real(0);
            group.square += difference * difference;
        }
        all.join(group);
    }
    all.join_lanes(tile);
    if (tile.writes(rows)) {
        means[tile.row + rows * tile.chunk] = all.mean;
        squares[tile.row + rows * tile.chunk] = all.square;
    }
}

// The mean and 1/√(variance + offset) of every row, from those of `chunks` ranges of its columns.
KERNEL void batch_statistics(
    const real *means, const real *squares, long long rows, long long columns, int width, int chunks, real offset,
    real *__restrict__ joint, real *__restrict__ inverses
) {
    Tile tile(rows, chunks, width, 1);
    Moments all = {0, 0, 0};
    for (long long chunk = tile.begin; chunk < tile.end; chunk += tile.lanes) {
        long long count = columns * (chunk + 1) / chunks - columns * chunk / chunks;
        all.join(Moments{real(count), means[tile.row + rows * chunk], squares[tile.row + rows * chunk]});
    }
    all.join_lanes(tile);
    if (tile.writes(rows)) {
        joint[tile.row] = all.mean;
        inverses[tile.row] = real(1) / sqrt(all.square / (columns > 0 ? real(columns) : real(1)) + offset);
    }
}

KERNEL void batch_normalize(
    const real *x, const real *gain, const real *bias, const real *means, const real *inverses, long long rows,
    real *__restrict__ y, long long count
) {
    #pragma unroll 4
    for (Place place(rows); place.index < count; place.advance()) {
        real scale = gain[place.row] * inverses[place.row];
        y[place.index] = (x[place.index] - means[place.row]) * scale + bias[place.row];
    }
}

// Σ dy·(x − mean) and Σ dy, one part above the other: 2·rows × chunks.
KERNEL void batch_products(
    const real *dy, const real *x, const real *means, long long rows, long long columns, int width, int chunks,
    real *__restrict__ parts
) {
    Tile tile(rows, columns, width, chunks);
    real mean = tile.row < rows ? means[tile.row] : real(0);
    real sums[2] = {0, 0};
    #pragma unroll 4
    for (long long column = tile.begin; column < tile.end; column += tile.lanes) {
        real slope = dy[tile.row + column * rows];
        sums[0] += slope * (x[tile.row + column * rows] - mean);
        sums[1] += slope;
    }
    tile.add_lanes(sums);
    if (tile.writes(rows)) {
        parts[tile.row + 2 * rows * tile.chunk] = sums[0];
        parts[tile.row + rows + 2 * rows * tile.chunk] = sums[1];
    }
}

// With x̂ the normalized entry: dx = γ·inverse deviation·(dy − mean(dy) − x̂·mean(dy∘x̂)), by the gradients of gain and bias,
// which are the sums Σ dy·x̂ and Σ dy.
KERNEL void batch_gradient(
    const real *dy, const real *x, const real *gain, const real *means, const real *inverses, const real *gain_gradient,
    const real *bias_gradient, long long rows, long long columns, real *__restrict__ dx, long long count
) {
    real share = real(1) / real(columns);
    #pragma unroll 4
    for (Place place(rows); place.index < count; place.advance()) {
        long long row = place.row;
        real normalized = (x[place.index] - means[row]) * inverses[row];
        real rest = dy[place.index] - bias_gradient[row] * share - normalized * (gain_gradient[row] * share);
        dx[place.index] = gain[row] * inverses[row] * rest;
    }
}
