// Patches of images: depth × positions, a column what the kernel meets at one position of the output, zeros outside of the image.
// Within a column the place in the kernel comes first and the channel last, so that channels are read and written as neighbours;
// weights are turned into this order, and their gradients back.

struct Images {
    int height, width, channels, kernel, stride, padding, output_height, output_width;
};

// Columns that a thread takes one after another.
#define PATCH_POSITIONS 4

// `side` threads side by side, a power of two, take PATCH_POSITIONS columns of an image or of patches: every thread some
// entries of each, from `entry` on in steps of `side`.
struct PatchThread {
    int entry, begin, end;

    __device__ PatchThread(int side, int positions) {
        entry = threadIdx.x % side;
        begin = (blockIdx.x * (blockDim.x / side) + threadIdx.x / side) * PATCH_POSITIONS;
        end = positions - begin < PATCH_POSITIONS ? positions : begin + PATCH_POSITIONS;
    }
};

// One pixel after another, sample by sample and row by row: a quotient for the first one only.
struct Pixel {
    int height, width, sample, row, column;

    __device__ Pixel(int index, int height, int width) : height(height), width(width) {
        sample = index / (height * width);
        row = index / width % height;
        column = index % width;
    }

    __device__ void advance() {
        if (++column < width) return;
        column = 0;
        if (++row < height) return;
        row = 0;
        sample++;
    }
};

KERNEL void gather_patches(const real *x, Images images, int side, int positions, real *__restrict__ patches) {
    int depth = images.kernel * images.kernel * images.channels;
    PatchThread own(side, positions);
    for (int entry = own.entry; entry < depth; entry += side) {
        int channel = entry % images.channels, tap = entry / images.channels;
        int down = tap / images.kernel - images.padding, right = tap % images.kernel - images.padding;
        Pixel output(own.begin, images.output_height, images.output_width);
        for (int position = own.begin; position < own.end; position++, output.advance()) {
            int row = output.row * images.stride + down, column = output.column * images.stride + right;
            bool is_inside = row >= 0 && row < images.height && column >= 0 && column < images.width;
            long long pixel = ((long long)output.sample * images.height + row) * images.width + column;
            patches[entry + (long long)position * depth] = is_inside ? x[channel + pixel * images.channels] : real(0);
        }
    }
}

// The outputs, in one direction, whose kernel lies over a place of the image in padded coordinates.
struct OutputRange {
    int first, last;

    __device__ OutputRange(int place, const Images &images, int outputs) {
        int before = place - images.kernel + 1;
        first = before <= 0 ? 0 : (before + images.stride - 1) / images.stride;
        last = place / images.stride;
        if (last >= outputs) last = outputs - 1;
    }
};

// The transpose: every entry of an image is the sum of what lies over it, in the order of the positions.
KERNEL void add_patches(const real *patches, Images images, int side, int positions, real *__restrict__ x) {
    long long depth = images.kernel * images.kernel * images.channels;
    PatchThread own(side, positions);
    for (int channel = own.entry; channel < images.channels; channel += side) {
        Pixel input(own.begin, images.height, images.width);
        for (int position = own.begin; position < own.end; position++, input.advance()) {
            int down = input.row + images.padding, right = input.column + images.padding;
            OutputRange rows(down, images, images.output_height), columns(right, images, images.output_width);
            real sum = 0;
            for (int row = rows.first; row <= rows.last; row++) {
                long long line = ((long long)input.sample * images.output_height + row) * images.output_width;
                int tap = (down - row * images.stride) * images.kernel + right;
                for (int column = columns.first; column <= columns.last; column++) {
                    sum += patches[(tap - column * images.stride) * images.channels + channel + (line + column) * depth];
                }
            }
            x[channel + (long long)position * images.channels] = sum;
        }
    }
}

// Where the first largest entry of a channel under the kernel lies; a NaN is larger than any number.
static __device__ long long first_largest(
    const real *x, const Images &images, int sample, int output_row, int output_column, int channel
) {
    long long largest = -1;
    for (int down = 0; down < images.kernel; down++) {
        int row = output_row * images.stride + down - images.padding;
        if (row < 0 || row >= images.height) continue;
        for (int right = 0; right < images.kernel; right++) {
            int column = output_column * images.stride + right - images.padding;
            if (column < 0 || column >= images.width) continue;
            long long pixel = ((long long)sample * images.height + row) * images.width + column;
            long long place = channel + pixel * images.channels;
            bool is_larger = largest < 0 || x[place] > x[largest];
            if (is_larger || (x[place] != x[place] && x[largest] == x[largest])) largest = place;
        }
    }
    return largest;
}

// The largest entries under the kernel, an entry of the output a thread.
KERNEL void max_pooling(const real *x, Images images, real *__restrict__ y, long long count) {
    for (Place place(images.channels); place.index < count; place.advance()) {
        Pixel output((int)place.column, images.output_height, images.output_width);
        y[place.index] = x[first_largest(x, images, output.sample, output.row, output.column, (int)place.row)];
    }
}

// Every entry of the images is the sum of the gradients of the outputs whose first largest entry it is, in their order.
KERNEL void max_pooling_gradient(const real *dy, const real *x, Images images, real *__restrict__ dx, long long count) {
    for (Place place(images.channels); place.index < count; place.advance()) {
        Pixel input((int)place.column, images.height, images.width);
        OutputRange rows(input.row + images.padding, images, images.output_height);
        OutputRange columns(input.column + images.padding, images, images.output_width);
        real sum = 0;
        for (int row = rows.first; row <= rows.last; row++) {
            long long line = ((long long)input.sample * images.output_height + row) * images.output_width;
            for (int column = columns.first; column <= columns.last; column++) {
                if (first_largest(x, images, input.sample, row, column, (int)place.row) != place.index) continue;
                sum += dy[place.row + (line + column) * images.channels];
            }
        }
        dx[place.index] = sum;
    }
}

// Side of the tiles that are turned.
#define AXIS_TILE 32

// The entries of an array of three axes, the first one fastest, with the last one fastest. A block turns a tile of the first and
// the last axis at one place of the middle one.
KERNEL void reverse_axes(const real *source, long long first, long long second, long long third, real *__restrict__ target) {
    __shared__ real tile[AXIS_TILE][AXIS_TILE + 1];
    long long tiles = (first + AXIS_TILE - 1) / AXIS_TILE, middle = blockIdx.x / tiles % second;
    long long left = blockIdx.x % tiles * AXIS_TILE, top = blockIdx.x / tiles / second * AXIS_TILE;
    int lane = threadIdx.x % AXIS_TILE;
    for (int row = threadIdx.x / AXIS_TILE; row < AXIS_TILE; row += blockDim.x / AXIS_TILE) {
        if (left + lane < first && top + row < third) {
            tile[row][lane] = source[left + lane + first * (middle + second * (top + row))];
        }
    }
    __syncthreads();
    for (int row = threadIdx.x / AXIS_TILE; row < AXIS_TILE; row += blockDim.x / AXIS_TILE) {
        if (left + row < first && top + lane < third) {
            target[top + lane + third * (middle + second * (left + row))] = tile[lane][row];
        }
    }
}
