// Layer normalization, and that by the root mean square: every column by itself, a warp a column.

KERNEL void layer_normalize(
    const real *x, const real *gain, const real *bias, real offset, long long rows, long long columns, real *__restrict__ y,
    real *__restrict__ means, real *__restrict__ inverses
) {
    int lane = threadIdx.x % 32;
    for (long long column = first_index() / 32; column < columns; column += index_step() / 32) {
        const real *source = x + column * rows;
        real sum = 0, squares = 0;
        #pragma unroll 4
        for (long long row = lane; row < rows; row += 32) sum += source[row];
        real mean = sum_of_warp(sum) / real(rows);
        #pragma unroll 4
        for (long long row = lane; row < rows; row += 32) squares += (source[row] - mean) * (source[row] - mean);
        real inverse = real(1) / sqrt(sum_of_warp(squares) / real(rows) + offset);
        #pragma unroll 4
        for (long long row = lane; row < rows; row += 32) {
            y[column * rows + row] = gain[row] * ((source[row] - mean) * inverse) + bias[row];
        }
        if (lane == 0) {
            means[column] = mean;
            inverses[column] = inverse;
        }
    }
}

// Columns that a block has in hand at once: a warp each.
#define LAYER_GROUP 8

// With x̂ the normalized entry and g = γ∘dy: dx = (g − mean(g) − x̂·mean(g∘x̂))·inverse deviation, and Σ dy·x̂ and Σ dy over the
// block's chunk of columns, one part above the other: 2·rows × blocks. A group of columns is read for its means by a warp
// a column, and again, from the cache, by a thread a row, whose sums are its own.
KERNEL void layer_gradient(
    const real *dy, const real *x, const real *gain, const real *means, const real *inverses, long long rows,
    long long columns, real *__restrict__ dx, real *__restrict__ parts
) {
    __shared__ real plains[LAYER_GROUP], weighteds[LAYER_GROUP];
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    long long begin = columns * blockIdx.x / gridDim.x, end = columns * (blockIdx.x + 1) / gridDim.x;
    real *gains = parts + 2 * rows * blockIdx.x, *biases = gains + rows;
    for (long long first = begin; first < end; first += LAYER_GROUP) {
        long long column = first + warp;
        real plain = 0, weighted = 0;
        if (column < end) {
            #pragma unroll 4
            for (long long row = lane; row < rows; row += 32) {
                real g = gain[row] * dy[row + column * rows];
                plain += g;
                weighted += g * ((x[row + column * rows] - means[column]) * inverses[column]);
            }
        }
        plain = sum_of_warp(plain);
        weighted = sum_of_warp(weighted);
        // The sums of the last group have been read by all.
        __syncthreads();
        if (lane == 0) {
            plains[warp] = plain / real(rows);
            weighteds[warp] = weighted / real(rows);
        }
        __syncthreads();
        int group = end - first < LAYER_GROUP ? (int)(end - first) : LAYER_GROUP;
        for (long long row = threadIdx.x; row < rows; row += blockDim.x) {
            real gain_sum = 0, bias_sum = 0;
            #pragma unroll 4
            for (int k = 0; k < group; k++) {
                long long place = row + (first + k) * rows;
                real inverse = inverses[first + k], normalized = (x[place] - means[first + k]) * inverse;
                dx[place] = (gain[row] * dy[place] - plains[k] - normalized * weighteds[k]) * inverse;
                gain_sum += dy[place] * normalized;
                bias_sum += dy[place];
            }
            gains[row] = first == begin ? gain_sum : gains[row] + gain_sum;
            biases[row] = first == begin ? bias_sum : biases[row] + bias_sum;
        }
    }
}

KERNEL void rms_normalize(
    const real *x, const real *gain, real offset, long long rows, long long columns, real *__restrict__ y,
    real *__restrict__ inverses
) {
    int lane = threadIdx.x % 32;
    for (long long column = first_index() / 32; column < columns; column += index_step() / 32) {
        const real *source = x + column * rows;
        real squares = 0;
        #pragma unroll 4
        for (long long row = lane; row < rows; row += 32) squares += source[row] * source[row];
        real inverse = real(1) / sqrt(sum_of_warp(squares) / real(rows) + offset);
        #pragma unroll 4
        for (long long row = lane; row < rows; row += 32) y[column * rows + row] = gain[row] * (source[row] * inverse);
        if (lane == 0) inverses[column] = inverse;
    }
}

// dx = (g − x̂·mean(g∘x̂))·inverse, and Σ dy·x̂ over the block's chunk of columns: as `layer_gradient`.
KERNEL void rms_gradient(
    const real *dy, const real *x, const real *gain, const real *inverses, long long rows, long long columns,
    real *__restrict__ dx, real *__restrict__ parts
) {
    __shared__ real means[LAYER_GROUP];
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    long long begin = columns * blockIdx.x / gridDim.x, end = columns * (blockIdx.x + 1) / gridDim.x;
    real *gains = parts + rows * blockIdx.x;
    for (long long first = begin; first < end; first += LAYER_GROUP) {
        long long column = first + warp;
        real weighted = 0;
        if (column < end) {
            #pragma unroll 4
            for (long long row = lane; row < rows; row += 32) {
                weighted += gain[row] * dy[row + column * rows] * (x[row + column * rows] * inverses[column]);
            }
        }
        weighted = sum_of_warp(weighted);
        // The means of the last group have been read by all.
        __syncthreads();
        if (lane == 0) means[warp] = weighted / real(rows);
        __syncthreads();
        int group = end - first < LAYER_GROUP ? (int)(end - first) : LAYER_GROUP;
        for (long long row = threadIdx.x; row < rows; row += blockDim.x) {
            real sum = 0;
            #pragma unroll 4
            for (int k = 0; k < group; k++) {
                long long place = row + (first + k) * rows;
                real inverse = inverses[first + k], normalized = x[place] * inverse;
                dx[place] = (gain[row] * dy[place] - normalized * means[k]) * inverse;
                sum += dy[place] * normalized;
            }
            gains[row] = first == begin ? sum : gains[row] + sum;
        }
    }
}
