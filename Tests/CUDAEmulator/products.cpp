// The functions of cuBLAS that the backend calls: products of matrices by their definition, each sum in double precision.
#include "device.h"
#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

// cublasStatus_t.
enum : int { not_initialized = 1, invalid_argument = 7, execution_failed = 13, not_supported = 15 };
// cudaDataType and cublasComputeType_t.
enum : int { real_32 = 0, real_64 = 1, bfloat_16 = 14 };
enum : int { compute_32 = 68, compute_64 = 70, compute_32_as_tf32 = 77 };

// The float with the nearest `bits` bits of significand, ties to even; what is not finite stays.
float rounded(float x, int bits) {
    if (bits == 24 || !std::isfinite(x)) return x;
    uint32_t pattern, last = 1u << (24 - bits);
    std::memcpy(&pattern, &x, 4);
    pattern += last / 2 - 1 + ((pattern / last) & 1);
    pattern &= ~(last - 1);
    std::memcpy(&x, &pattern, 4);
    return x;
}

struct Factor {
    bool is_transposed;
    uint64_t address;
    int leading;
    long long stride;
    int type;

    size_t size() const { return type == bfloat_16 ? 2 : type == real_32 ? 4 : 8; }
    // That of the batch's matrix of an index.
    uint64_t matrix(int index) const { return address + index * stride * size(); }
};

struct Product {
    int rows, columns, depth, batch;
    double alpha, beta;
    Factor a, b, c;
    int bits;
};

// The bytes from a matrix's first entry to its last one.
size_t extent(int rows, int columns, int leading, size_t size) {
    return rows && columns ? ((size_t)leading * (columns - 1) + rows) * size : 0;
}

// Entry (row, column) of op(factor), with so many bits where it is a float.
double entry(uint64_t matrix, const Factor &factor, int row, int column, int bits) {
    size_t place = factor.is_transposed ? column + (size_t)row * factor.leading : row + (size_t)column * factor.leading;
    if (factor.type == real_64) return ((const double *)matrix)[place];
    if (factor.type == real_32) return rounded(((const float *)matrix)[place], bits);
    uint32_t pattern = (uint32_t)((const uint16_t *)matrix)[place] << 16;
    float x;
    std::memcpy(&x, &pattern, 4);
    return x;
}

// X of op(R) X = alpha B in the place of B, each sum in double precision.
template <typename Real>
int solve(bool transposed, int rows, int columns, double alpha, uint64_t factor, int leading, uint64_t right, int leading_right) {
    auto r = (const Real *)factor;
    auto b = (Real *)right;
    if (!device->check(factor, extent(rows, rows, leading, sizeof(Real)), "a triangular factor")
        || !device->check(right, extent(rows, columns, leading_right, sizeof(Real)), "a right-hand side"))
        return illegal_address;
    for (int column = 0; column < columns; column++) {
        Real *x = b + (size_t)column * leading_right;
        for (int step = 0; step < rows; step++) {
            int row = transposed ? step : rows - 1 - step;
            double sum = alpha * x[row];
            for (int done = 0; done < step; done++) {
                int other = transposed ? done : rows - 1 - done;
                Real entry = transposed ? r[other + (size_t)row * leading] : r[row + (size_t)other * leading];
                sum -= (double)entry * x[other];
            }
            x[row] = (Real)(sum / r[row + (size_t)row * leading]);
        }
    }
    return success;
}

template <typename Real>
int multiply(const Product &p) {
    for (int index = 0; index < p.batch; index++) {
        uint64_t a = p.a.matrix(index), b = p.b.matrix(index);
        auto c = (Real *)p.c.matrix(index);
        auto bytes = [=](const Factor &f, int rows, int columns) {
            return f.is_transposed ? extent(columns, rows, f.leading, f.size()) : extent(rows, columns, f.leading, f.size());
        };
        if (!device->check(a, bytes(p.a, p.rows, p.depth), "a product's first factor")
            || !device->check(b, bytes(p.b, p.depth, p.columns), "a product's second factor")
            || !device->check((uint64_t)c, bytes(p.c, p.rows, p.columns), "a product"))
            return illegal_address;
        std::vector<double> left((size_t)p.rows * p.depth), sums(p.rows);
        for (int k = 0; k < p.depth; k++) {
            for (int i = 0; i < p.rows; i++) left[i + (size_t)k * p.rows] = entry(a, p.a, i, k, p.bits);
        }
        for (int j = 0; j < p.columns; j++) {
            // A column of sums at a time, which the compiler makes a loop of vectors.
            std::fill(sums.begin(), sums.end(), 0);
            for (int k = 0; k < p.depth; k++) {
                const double *x = left.data() + (size_t)k * p.rows;
                double y = entry(b, p.b, k, j, p.bits);
                for (int i = 0; i < p.rows; i++) sums[i] += x[i] * y;
            }
            for (int i = 0; i < p.rows; i++) {
                Real &target = c[i + (size_t)j * p.c.leading];
                // Where β is 0 the old value is not read, whatever it is.
                target = (Real)(p.beta == 0 ? p.alpha * sums[i] : p.alpha * sums[i] + p.beta * target);
            }
        }
    }
    return success;
}

int cublasCreate_v2(void **handle) { BEGIN; *handle = device->products.add(std::make_shared<Handle>()); return success; }
int cublasDestroy_v2(void *handle) { BEGIN; return device->products.remove(handle) ? success : not_initialized; }
int cublasSetStream_v2(void *handle, void *stream) {
    BEGIN;
    auto found = device->products.find(handle);
    if (!found) return not_initialized;
    found->stream = stream;
    return success;
}
int cublasSetWorkspace_v2(void *handle, uint64_t workspace, size_t bytes) {
    BEGIN;
    auto found = device->products.find(handle);
    if (!found) return not_initialized;
    if (workspace % 256 != 0) return invalid_argument;
    found->workspace = workspace;
    found->workspace_bytes = bytes;
    return success;
}
int cublasGetProperty(int kind, int *value) { BEGIN; *value = kind == 0 ? 13 : 0; return success; }
const char *cublasGetStatusString(int) { return "an emulated error of cuBLAS"; }

int begin_product(
    void *handle, int transpose_a, int transpose_b, int rows, int columns, int depth, const void *alpha, uint64_t a, int type_a,
    int leading_a, long long stride_a, uint64_t b, int type_b, int leading_b, long long stride_b, const void *beta, uint64_t c,
    int type_c, int leading_c, long long stride_c, int batch, int compute) {
    auto found = device->products.find(handle);
    if (!found) return not_initialized;
    bool is_double = compute == compute_64;
    if (!is_double && compute != compute_32 && compute != compute_32_as_tf32) return not_supported;
    int type = is_double ? real_64 : real_32;
    bool are_rounded = compute == compute_32 && type_a == bfloat_16 && type_b == bfloat_16;
    if (type_c != type || (!are_rounded && (type_a != type || type_b != type))) return not_supported;
    if (rows < 0 || columns < 0 || depth < 0 || batch < 0 || leading_a < std::max(1, transpose_a ? depth : rows)
        || leading_b < std::max(1, transpose_b ? columns : depth) || leading_c < std::max(1, rows))
        return invalid_argument;
    if (rows == 0 || columns == 0 || batch == 0) return success;
    auto scalar = [=](const void *x) { return is_double ? *(const double *)x : *(const float *)x; };
    int bits = compute == compute_32_as_tf32 ? 11 : 24;
    Product product = {
        rows, columns, depth, batch, scalar(alpha), scalar(beta), {transpose_a != 0, a, leading_a, stride_a, type_a},
        {transpose_b != 0, b, leading_b, stride_b, type_b}, {false, c, leading_c, stride_c, type_c}, bits};
    uint64_t workspace = found->workspace;
    size_t workspace_bytes = found->workspace_bytes;
    int code = device->enqueue(found->stream, [=] {
        if (workspace && !device->check(workspace, workspace_bytes, "a product's workspace")) return (int)illegal_address;
        return is_double ? multiply<double>(product) : multiply<float>(product);
    });
    return code ? execution_failed : success;
}

// B <- alpha op(R)^-1 B from the left, R upper triangular with a diagonal of its own: what the backend asks for.
#define TRIANGULAR_SOLUTION(name, Real)                                                                                        \
    int name(                                                                                                                  \
        void *handle, int side, int triangle, int operation, int diagonal, int rows, int columns, const Real *alpha,           \
        uint64_t factor, int leading, uint64_t right, int leading_right) {                                                     \
        BEGIN;                                                                                                                 \
        auto found = device->products.find(handle);                                                                            \
        if (!found) return not_initialized;                                                                                    \
        if (side != 0 || triangle != 1 || diagonal != 0 || leading < std::max(1, rows) || leading_right < std::max(1, rows))   \
            return not_supported;                                                                                              \
        double scale = *alpha;                                                                                                 \
        int code = device->enqueue(found->stream, [=] {                                                                        \
            return solve<Real>(operation != 0, rows, columns, scale, factor, leading, right, leading_right);                   \
        });                                                                                                                    \
        return code ? execution_failed : success;                                                                              \
    }
TRIANGULAR_SOLUTION(cublasStrsm_v2, float)
TRIANGULAR_SOLUTION(cublasDtrsm_v2, double)

int cublasGemmEx(
    void *handle, int transpose_a, int transpose_b, int rows, int columns, int depth, const void *alpha, uint64_t a, int type_a,
    int leading_a, uint64_t b, int type_b, int leading_b, const void *beta, uint64_t c, int type_c, int leading_c, int compute,
    int) {
    BEGIN;
    return begin_product(
        handle, transpose_a, transpose_b, rows, columns, depth, alpha, a, type_a, leading_a, 0, b, type_b, leading_b, 0, beta, c,
        type_c, leading_c, 0, 1, compute);
}

int cublasGemmStridedBatchedEx(
    void *handle, int transpose_a, int transpose_b, int rows, int columns, int depth, const void *alpha, uint64_t a, int type_a,
    int leading_a, long long stride_a, uint64_t b, int type_b, int leading_b, long long stride_b, const void *beta, uint64_t c,
    int type_c, int leading_c, long long stride_c, int batch, int compute, int) {
    BEGIN;
    return begin_product(
        handle, transpose_a, transpose_b, rows, columns, depth, alpha, a, type_a, leading_a, stride_a, b, type_b, leading_b,
        stride_b, beta, c, type_c, leading_c, stride_c, batch, compute);
}

}

const std::vector<Symbol> product_symbols = {
    SYMBOL(cublasCreate_v2), SYMBOL(cublasDestroy_v2), SYMBOL(cublasSetStream_v2), SYMBOL(cublasSetWorkspace_v2),
    SYMBOL(cublasGetProperty), SYMBOL(cublasGetStatusString), SYMBOL(cublasGemmEx), SYMBOL(cublasGemmStridedBatchedEx),
    SYMBOL(cublasStrsm_v2), SYMBOL(cublasDtrsm_v2),
};
