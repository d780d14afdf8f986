// Passes over the entries of matrices, each entry by itself. Where it is not said otherwise the result may be one of the inputs.

KERNEL void fill(real *target, real value, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) target[i] = value;
}

KERNEL void set_identity(real *target, long long order) {
    for (Place place(order); place.index < order * order; place.advance()) target[place.index] = place.row == place.column;
}

// α·A + β·B.
KERNEL void combine(real *target, real alpha, const real *a, real beta, const real *b, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) target[i] = alpha * a[i] + beta * b[i];
}

KERNEL void multiply_entries(const real *a, const real *b, real *__restrict__ c, long long count) {
    #pragma unroll 4
    for (long long i = first_index(); i < count; i += index_step()) c[i] = a[i] * b[i];
}

// A·Diag(factors).
KERNEL void scale_columns(real *target, const real *a, const real *factors, long long rows, long long count) {
    for (Place place(rows); place.index < count; place.advance()) target[place.index] = a[place.index] * factors[place.column];
}

// Times or over the lesser of a number of the row and one of the column; 0 where that is 0.
KERNEL void scale_by_lesser(
    real *target, const real *a, const real *row_scales, const real *column_scales, long long rows, long long count,
    int is_divided
) {
    for (Place place(rows); place.index < count; place.advance()) {
        real row = row_scales[place.row], column = column_scales[place.column], scale = column < row ? column : row;
        real entry = a[place.index];
        target[place.index] = scale == 0 ? real(0) : is_divided ? entry / scale : entry * scale;
    }
}

// A + value·I.
KERNEL void add_to_diagonal(real *target, const real *a, real value, long long order) {
    for (Place place(order); place.index < order * order; place.advance()) {
        target[place.index] = place.row == place.column ? a[place.index] + value : a[place.index];
    }
}

// (A + Aᵀ)/2, the same sum for both of a pair; not in place.
KERNEL void symmetrize(real *target, const real *a, long long order) {
    for (Place place(order); place.index < order * order; place.advance()) {
        target[place.index] = (a[place.index] + a[place.column + place.row * order]) / 2;
    }
}

// Side of the tiles that are turned, so that both matrices are read and written along their columns.
#define TRANSPOSED_TILE 32

// Aᵀ; not in place. A block a tile, a warp one of its columns at a time.
KERNEL void transpose(real *__restrict__ target, const real *a, long long rows, long long columns) {
    __shared__ real tile[TRANSPOSED_TILE][TRANSPOSED_TILE + 1];
    long long tiles = (rows + TRANSPOSED_TILE - 1) / TRANSPOSED_TILE;
    long long top = blockIdx.x % tiles * TRANSPOSED_TILE, left = blockIdx.x / tiles * TRANSPOSED_TILE;
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
    for (int column = warp; column < TRANSPOSED_TILE; column += warps) {
        if (top + lane < rows && left + column < columns) tile[column][lane] = a[top + lane + (left + column) * rows];
    }
    __syncthreads();
    for (int row = warp; row < TRANSPOSED_TILE; row += warps) {
        if (left + lane < columns && top + row < rows) target[left + lane + (top + row) * columns] = tile[lane][row];
    }
}

// The strict lower triangle from the upper one, which stays where it is.
KERNEL void mirror_upper_triangle(real *target, const real *a, long long order) {
    for (Place place(order); place.index < order * order; place.advance()) {
        if (place.row > place.column) target[place.index] = a[place.column + place.row * order];
        else if (target != a) target[place.index] = a[place.index];
    }
}

// Zeros below the diagonal, in place.
KERNEL void clear_lower_triangle(real *a, long long order) {
    for (Place place(order); place.index < order * order; place.advance()) {
        if (place.row > place.column) a[place.index] = 0;
    }
}

// A block of one matrix from a block of another, each with the distance from column to column of its own matrix.
KERNEL void copy_block(
    real *target, long long target_rows, const real *source, long long source_rows, long long rows, long long columns
) {
    for (Place place(rows); place.index < rows * columns; place.advance()) {
        target[place.row + place.column * target_rows] = source[place.row + place.column * source_rows];
    }
}

// Column j from column indices[j]; not in place.
KERNEL void select_columns(real *target, const real *source, const long long *indices, long long rows, long long columns) {
    for (Place place(rows); place.index < rows * columns; place.advance()) {
        target[place.index] = source[place.row + indices[place.column] * rows];
    }
}

KERNEL void take_diagonal(real *target, const real *a, long long rows, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) target[i] = a[i * (rows + 1)];
}

// MARK: Tensors of a list in one launch

// A block of threads has a part of one tensor, so that neither many small tensors nor a large one leave most of a device idle.
const long long LENGTH_OF_PART = 1 << 14;

// What a tensor is made of, and the number of blocks that it and those before it have.
struct Item {
    real *target;
    const real *a, *b, *c;
    long long count;
    unsigned int end;
    real alpha;
};

struct List {
    long long count;
    Item items[64];
};

// The part of this block.
struct Part {
    const Item &item;
    long long begin, end;

    __device__ Part(const List &list) : item(list.items[item_of_block(list)]) {
        begin = (blockIdx.x - (&item == list.items ? 0 : (&item - 1)->end)) * LENGTH_OF_PART;
        end = begin + LENGTH_OF_PART < item.count ? begin + LENGTH_OF_PART : item.count;
    }

private:
    // The first one that ends behind this block.
    static __device__ int item_of_block(const List &list) {
        int low = 0, high = (int)list.count - 1;
        while (low < high) {
            int middle = (low + high) / 2;
            if (list.items[middle].end <= blockIdx.x) low = middle + 1; else high = middle;
        }
        return low;
    }
};

// α·A + β·B.
KERNEL void combine_each(List list, real beta) {
    Part part(list);
    const Item &item = part.item;
    for (long long i = part.begin + threadIdx.x; i < part.end; i += blockDim.x) {
        item.target[i] = item.alpha * item.a[i] + beta * item.b[i];
    }
}

// α·A + β·B∘B.
KERNEL void combine_squares_each(List list, real beta) {
    Part part(list);
    const Item &item = part.item;
    for (long long i = part.begin + threadIdx.x; i < part.end; i += blockDim.x) {
        item.target[i] = item.alpha * item.a[i] + beta * (item.b[i] * item.b[i]);
    }
}

// a + α·b/(√c·scale + offset).
KERNEL void add_quotient_each(List list, real scale, real offset) {
    Part part(list);
    const Item &item = part.item;
    for (long long i = part.begin + threadIdx.x; i < part.end; i += blockDim.x) {
        item.target[i] = item.a[i] + item.alpha * (item.b[i] / (sqrt(item.c[i]) * scale + offset));
    }
}

// MARK: Factors of products in bfloat16

// Matrices of `columns` columns, one `stride` behind the other, without the gaps between their columns and between them. Rows are
// counted in pieces of `width` entries, which are rounded at once.
template <int width>
static __device__ void round_pieces(
    const real *matrices, long long rows, long long columns, long long leading, long long stride, unsigned short *rounded,
    long long count
) {
    struct alignas(width * sizeof(real) < 16 ? width * sizeof(real) : 16) Piece { real values[width]; };
    struct alignas(width * 2) RoundedPiece { unsigned short values[width]; };
    #pragma unroll 2
    for (Place place(rows); place.index < count; place.advance()) {
        long long matrix = stride ? place.column / columns : 0, column = place.column - matrix * columns;
        Piece piece = *(const Piece *)(matrices + matrix * stride + column * leading + place.row * width);
        RoundedPiece result;
        for (int i = 0; i < width; i++) result.values[i] = rounded_to_bfloat16((float)piece.values[i]);
        ((RoundedPiece *)rounded)[place.index] = result;
    }
}

KERNEL void round_entries(
    const real *matrices, long long rows, long long columns, long long leading, long long stride, unsigned short *rounded,
    long long count
) {
    round_pieces<1>(matrices, rows, columns, leading, stride, rounded, count);
}

KERNEL void round_fours(
    const real *matrices, long long rows, long long columns, long long leading, long long stride, unsigned short *rounded,
    long long count
) {
    round_pieces<4>(matrices, rows, columns, leading, stride, rounded, count);
}
