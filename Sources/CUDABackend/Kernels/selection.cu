// Rows of tables, groups of columns, and masks.

// Column j of the result is row rows[j] of the table, whose `height` rows are `width` entries long.
KERNEL void gather_rows(
    const real *table, const int *rows, long long height, long long width, real *__restrict__ result, long long count
) {
    #pragma unroll 4
    for (Place place(width); place.index < count; place.advance()) {
        result[place.index] = table[rows[place.column] + place.row * height];
    }
}

// Side of the tiles that are turned on the way from the columns' order of memory to the table's.
#define SCATTER_TILE 32

// The transpose: every entry of the table is the sum of what falls on it, in the order of the columns, which `positions` lists
// row after row; those of row r begin at starts[r]. A block makes a tile of SCATTER_TILE rows and columns of the table, a
// warp one of its rows at a time.
KERNEL void scatter_rows(
    const real *columns, const int *positions, const int *starts, long long height, long long width,
    real *__restrict__ table
) {
    __shared__ real tile[SCATTER_TILE][SCATTER_TILE + 1];
    long long tiles = (height + SCATTER_TILE - 1) / SCATTER_TILE;
    long long top = blockIdx.x % tiles * SCATTER_TILE, left = blockIdx.x / tiles * SCATTER_TILE;
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
    long long feature = left + lane;
    for (int row = warp; row < SCATTER_TILE; row += warps) {
        real sum = 0;
        if (top + row < height && feature < width) {
            int end = starts[top + row + 1];
            #pragma unroll 8
            for (int at = starts[top + row]; at < end; at++) sum += columns[feature + positions[at] * width];
        }
        tile[row][lane] = sum;
    }
    __syncthreads();
    for (int column = warp; column < SCATTER_TILE; column += warps) {
        if (top + lane < height && left + column < width) table[top + lane + (left + column) * height] = tile[lane][column];
    }
}

// Means over groups of `size` columns, an entry of the result a thread.
KERNEL void group_means(const real *x, long long rows, long long size, real *__restrict__ means, long long count) {
    for (Place place(rows); place.index < count; place.advance()) {
        const real *first = x + place.column * size * rows + place.row;
        real sum = 0;
        #pragma unroll 4
        for (long long column = 0; column < size; column++) sum += first[column * rows];
        means[place.index] = sum / real(size);
    }
}

// `count` entries of the groups, each divided by the size and written into every column of its group.
KERNEL void spread_groups(const real *groups, long long rows, long long size, real *__restrict__ result, long long count) {
    for (Place place(rows); place.index < count; place.advance()) {
        real share = groups[place.index] / real(size);
        real *first = result + place.column * size * rows + place.row;
        for (long long column = 0; column < size; column++) first[column * rows] = share;
    }
}

// Four entries that are written at once.
struct alignas(16) Quartet {
    real entries[4];
};

// Entry k is `kept` where word k mod 4 of block k/4 of Philox4x32-10 is at least the threshold, else 0.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 5.
KERNEL void dropout_mask(
    unsigned long long key, unsigned long long stream, unsigned int threshold, real kept, real *__restrict__ mask,
    long long count
) {
    for (long long block = first_index(); 4 * block < count; block += index_step()) {
        unsigned int words[4] = {
            (unsigned int)block, (unsigned int)(block >> 32), (unsigned int)stream, (unsigned int)(stream >> 32)
        };
        unsigned int keys[2] = {(unsigned int)key, (unsigned int)(key >> 32)};
        for (int round = 0; round < 10; round++) {
            unsigned long long first = words[0] * 0xD2511F53ull, second = words[2] * 0xCD9E8D57ull;
            words[0] = (unsigned int)(second >> 32) ^ words[1] ^ keys[0];
            words[1] = (unsigned int)second;
            words[2] = (unsigned int)(first >> 32) ^ words[3] ^ keys[1];
            words[3] = (unsigned int)first;
            keys[0] += 0x9E3779B9u;
            keys[1] += 0xBB67AE85u;
        }
        Quartet quartet;
        #pragma unroll
        for (int word = 0; word < 4; word++) quartet.entries[word] = words[word] >= threshold ? kept : real(0);
        if (4 * block + 4 <= count) {
            ((Quartet *)mask)[block] = quartet;
            continue;
        }
        #pragma unroll
        for (int word = 0; word < 4; word++) {
            if (4 * block + word < count) mask[4 * block + word] = quartet.entries[word];
        }
    }
}
