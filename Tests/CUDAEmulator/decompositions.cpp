// The functions of cuSOLVER that the backend calls, by plain algorithms in double precision: Jacobi's rotations, Householder's
// reflections and Cholesky's recurrence, each written out.
#include "device.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <cstring>
#include <numeric>

namespace {

// cusolverStatus_t.
enum : int { not_initialized = 1, invalid_argument = 3, execution_failed = 6 };
// cublasFillMode_t and cusolverEigMode_t.
enum : int { lower = 0, upper = 1 };
enum : int { without_vectors = 0, with_vectors = 1 };

// A square or rectangular matrix in double precision, column by column.
struct Matrix {
    int rows, columns;
    std::vector<double> entries;
    Matrix(int rows, int columns) : rows(rows), columns(columns), entries((size_t)rows * columns) {}
    double &operator()(int row, int column) { return entries[row + (size_t)column * rows]; }
    double *column(int index) { return entries.data() + (size_t)index * rows; }
};

template <typename Real>
Matrix read(const Real *source, int rows, int columns, long long leading) {
    Matrix result(rows, columns);
    for (int j = 0; j < columns; j++) {
        for (int i = 0; i < rows; i++) result(i, j) = source[i + j * leading];
    }
    return result;
}

template <typename Real>
void write(Matrix &matrix, Real *target, long long leading) {
    for (int j = 0; j < matrix.columns; j++) {
        for (int i = 0; i < matrix.rows; i++) target[i + j * leading] = (Real)matrix(i, j);
    }
}

// MARK: Eigenvalues

// A = V·Diag(values)·Vᵀ of the symmetric matrix that one triangle says, values ascending; false where the rotations do not end.
//
// Source: Golub and Van Loan, Matrix Computations, 4th edition, section 8.5: the cyclic method of Jacobi.
bool decompose(Matrix &a, int triangle, std::vector<double> &values, Matrix &vectors) {
    int n = a.rows;
    double scale = 0;
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < j; i++) {
            double entry = triangle == upper ? a(i, j) : a(j, i);
            a(i, j) = a(j, i) = entry;
        }
        for (int i = 0; i <= j; i++) {
            if (!std::isfinite(a(i, j))) return false;
            scale = std::max(scale, std::fabs(a(i, j)));
        }
    }
    if (scale > 0) {
        for (double &entry : a.entries) entry /= scale;
    }
    for (int i = 0; i < n; i++) vectors(i, i) = 1;
    bool has_ended = false;
    for (int sweep = 0; sweep < 60 && !has_ended; sweep++) {
        has_ended = true;
        for (int p = 0; p < n; p++) {
            for (int q = p + 1; q < n; q++) {
                double *x = a.column(p), *y = a.column(q);
                // What is below a unit in the last place of both diagonal entries changes neither. Where one of them is nothing but
                // rounding, as of a matrix without full rank, what is left beside it is rounding of the largest entry, too.
                double least = 0x1p-54 * std::sqrt(std::fabs(x[p] * y[q])), off = std::fabs(y[p]);
                if (off <= std::max(least, 0x1p-53)) continue;
                has_ended = false;
                double theta = (y[q] - x[p]) / (2 * y[p]);
                double t = std::copysign(1.0, theta) / (std::fabs(theta) + std::hypot(1.0, theta));
                double c = 1 / std::hypot(1.0, t), s = t * c;
                for (int k = 0; k < n; k++) {
                    double u = x[k], v = y[k];
                    x[k] = c * u - s * v;
                    y[k] = s * u + c * v;
                }
                for (int k = 0; k < n; k++) {
                    double u = a(p, k), v = a(q, k);
                    a(p, k) = c * u - s * v;
                    a(q, k) = s * u + c * v;
                }
                // The rotation's purpose; computed, it is a rounding of the diagonal entries.
                x[q] = y[p] = 0;
                double *f = vectors.column(p), *g = vectors.column(q);
                for (int k = 0; k < n; k++) {
                    double u = f[k], v = g[k];
                    f[k] = c * u - s * v;
                    g[k] = s * u + c * v;
                }
            }
        }
    }
    std::vector<int> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int i, int j) { return std::pair(a(i, i), i) < std::pair(a(j, j), j); });
    Matrix sorted(n, n);
    for (int j = 0; j < n; j++) {
        values[j] = a(order[j], order[j]) * (scale > 0 ? scale : 1);
        // The sign of an eigenvector is the library's choice: here not the one that the backend wants.
        for (int i = 0; i < n; i++) sorted(i, j) = j % 2 == 0 ? vectors(i, order[j]) : -vectors(i, order[j]);
    }
    vectors = sorted;
    return has_ended;
}

// MARK: Reflections

// A = H₁H₂…·R as LAPACK keeps it: R on and above the diagonal, below it the tails of the reflectors, whose head is 1.
//
// Source: Golub and Van Loan, section 5.1 and 5.2.
void factorize(Matrix &a, std::vector<double> &tau) {
    for (int k = 0; k < std::min(a.rows, a.columns); k++) {
        double *x = a.column(k), norm = 0;
        for (int i = k + 1; i < a.rows; i++) norm = std::hypot(norm, x[i]);
        tau[k] = 0;
        if (norm == 0) continue;
        double beta = -std::copysign(std::hypot(x[k], norm), x[k]);
        tau[k] = (beta - x[k]) / beta;
        double head = x[k] - beta;
        for (int i = k + 1; i < a.rows; i++) x[i] /= head;
        x[k] = beta;
        for (int j = k + 1; j < a.columns; j++) {
            double *y = a.column(j), sum = y[k];
            for (int i = k + 1; i < a.rows; i++) sum += x[i] * y[i];
            y[k] -= tau[k] * sum;
            for (int i = k + 1; i < a.rows; i++) y[i] -= tau[k] * sum * x[i];
        }
    }
}

// The first columns of H₁H₂…Hₖ.
Matrix product_of_reflectors(Matrix &reflectors, const std::vector<double> &tau, int count) {
    Matrix q(reflectors.rows, reflectors.columns);
    for (int j = 0; j < q.columns; j++) q(j, j) = 1;
    for (int k = count - 1; k >= 0; k--) {
        double *v = reflectors.column(k);
        for (int j = 0; j < q.columns; j++) {
            double *y = q.column(j), sum = y[k];
            for (int i = k + 1; i < q.rows; i++) sum += v[i] * y[i];
            y[k] -= tau[k] * sum;
            for (int i = k + 1; i < q.rows; i++) y[i] -= tau[k] * sum * v[i];
        }
    }
    return q;
}

// MARK: Cholesky

// A = UᵀU or LLᵀ in the triangle that is read; the order of the first minor that is not positive, or 0.
template <typename Real>
int factorize_definite(Real *a, int n, int leading, int triangle) {
    auto entry = [=](int i, int j) -> Real & { return triangle == upper ? a[i + (size_t)j * leading] : a[j + (size_t)i * leading]; };
    for (int j = 0; j < n; j++) {
        double pivot = entry(j, j);
        for (int k = 0; k < j; k++) pivot -= (double)entry(k, j) * entry(k, j);
        if (!(pivot > 0)) return j + 1;
        double root = std::sqrt(pivot);
        entry(j, j) = (Real)root;
        for (int i = j + 1; i < n; i++) {
            double sum = entry(j, i);
            for (int k = 0; k < j; k++) sum -= (double)entry(k, j) * entry(k, i);
            entry(j, i) = (Real)(sum / root);
        }
    }
    return 0;
}

// MARK: Calls

int cusolverDnCreate(void **handle) { BEGIN; *handle = device->decompositions.add(std::make_shared<Handle>()); return success; }
int cusolverDnDestroy(void *handle) { BEGIN; return device->decompositions.remove(handle) ? success : not_initialized; }
int cusolverDnSetStream(void *handle, void *stream) {
    BEGIN;
    auto found = device->decompositions.find(handle);
    if (!found) return not_initialized;
    found->stream = stream;
    return success;
}
int cusolverDnCreateParams(void **parameters) {
    BEGIN;
    *parameters = device->parameters.add(std::make_shared<Handle>());
    return success;
}
int cusolverDnDestroyParams(void *parameters) { BEGIN; return device->parameters.remove(parameters) ? success : not_initialized; }
int cusolverGetProperty(int kind, int *value) { BEGIN; *value = kind == 0 ? 12 : 0; return success; }

// Queues a decomposition on the handle's stream, to which the work buffer, its info and what else `is_its_own` tells must belong.
template <typename Work>
int begin(void *handle, std::vector<std::pair<uint64_t, size_t>> buffers, Work work) {
    auto found = device->decompositions.find(handle);
    if (!found) return not_initialized;
    int code = device->enqueue(found->stream, [=] {
        for (auto &[address, bytes] : buffers) {
            if (!device->check(address, bytes, "a decomposition")) return (int)illegal_address;
        }
        work();
        return (int)success;
    });
    return code ? execution_failed : success;
}

size_t matrix_bytes(int rows, int columns, long long leading, size_t size) {
    return rows && columns ? (leading * (columns - 1) + rows) * size : 0;
}

// Work buffers of another size each, so that one is not taken for another's; what is in them afterwards is of no use.
template <typename Real> int eigen_work(int n) { return 2 * n * n + 6 * n + 1; }
template <typename Real> int factor_work(int rows, int columns) { return rows + 32 * columns + 2; }
template <typename Real> int product_work(int columns, int count) { return 32 * columns + count + 3; }
template <typename Real> int definite_work(int n) { return n + 4; }

template <typename Real>
void spoil(Real *work, size_t count) { std::fill_n(work, count, std::numeric_limits<Real>::quiet_NaN()); }

template <typename Real>
int decompose_symmetric(
    void *handle, int mode, int triangle, int n, Real *a, int leading, Real *w, Real *work, int work_count, int *info) {
    if (n < 0 || leading < std::max(1, n) || work_count < eigen_work<Real>(n) || mode != with_vectors) return invalid_argument;
    return begin(
        handle,
        {{(uint64_t)a, matrix_bytes(n, n, leading, sizeof(Real))}, {(uint64_t)w, n * sizeof(Real)},
         {(uint64_t)work, work_count * sizeof(Real)}, {(uint64_t)info, sizeof(int)}},
        [=] {
            Matrix matrix = read(a, n, n, leading), vectors(n, n);
            std::vector<double> values(n);
            *info = decompose(matrix, triangle, values, vectors) ? 0 : 1;
            write(vectors, a, leading);
            for (int i = 0; i < n; i++) w[i] = (Real)values[i];
            spoil(work, work_count);
        });
}

template <typename Real>
int factorize(void *handle, int rows, int columns, Real *a, int leading, Real *tau, Real *work, int work_count, int *info) {
    if (rows < 0 || columns < 0 || leading < std::max(1, rows) || work_count < factor_work<Real>(rows, columns))
        return invalid_argument;
    int count = std::min(rows, columns);
    return begin(
        handle,
        {{(uint64_t)a, matrix_bytes(rows, columns, leading, sizeof(Real))}, {(uint64_t)tau, count * sizeof(Real)},
         {(uint64_t)work, work_count * sizeof(Real)}, {(uint64_t)info, sizeof(int)}},
        [=] {
            Matrix matrix = read(a, rows, columns, leading);
            std::vector<double> scalars(count);
            factorize(matrix, scalars);
            write(matrix, a, leading);
            for (int i = 0; i < count; i++) tau[i] = (Real)scalars[i];
            *info = 0;
            spoil(work, work_count);
        });
}

template <typename Real>
int multiply_reflectors(
    void *handle, int rows, int columns, int count, Real *a, int leading, const Real *tau, Real *work, int work_count, int *info) {
    if (columns > rows || count > columns || count < 0 || leading < std::max(1, rows)
        || work_count < product_work<Real>(columns, count))
        return invalid_argument;
    return begin(
        handle,
        {{(uint64_t)a, matrix_bytes(rows, columns, leading, sizeof(Real))}, {(uint64_t)tau, count * sizeof(Real)},
         {(uint64_t)work, work_count * sizeof(Real)}, {(uint64_t)info, sizeof(int)}},
        [=] {
            Matrix matrix = read(a, rows, columns, leading);
            Matrix q = product_of_reflectors(matrix, std::vector<double>(tau, tau + count), count);
            write(q, a, leading);
            *info = 0;
            spoil(work, work_count);
        });
}

template <typename Real>
int factorize_definite(void *handle, int triangle, int n, Real *a, int leading, Real *work, int work_count, int *info) {
    if (n < 0 || leading < std::max(1, n) || work_count < definite_work<Real>(n)) return invalid_argument;
    return begin(
        handle,
        {{(uint64_t)a, matrix_bytes(n, n, leading, sizeof(Real))}, {(uint64_t)work, work_count * sizeof(Real)},
         {(uint64_t)info, sizeof(int)}},
        [=] {
            *info = factorize_definite(a, n, leading, triangle);
            spoil(work, work_count);
        });
}

// The functions of both scalars, by the letter and the type.
#define FOR_SCALAR(letter, Real)                                                                                               \
    int cusolverDn##letter##syevd_bufferSize(void *, int, int, int n, const Real *, int, const Real *, int *count) {           \
        BEGIN;                                                                                                                 \
        *count = eigen_work<Real>(n);                                                                                          \
        return success;                                                                                                        \
    }                                                                                                                          \
    int cusolverDn##letter##syevd(                                                                                             \
        void *handle, int mode, int triangle, int n, Real *a, int leading, Real *w, Real *work, int count, int *info) {        \
        BEGIN;                                                                                                                 \
        return decompose_symmetric(handle, mode, triangle, n, a, leading, w, work, count, info);                               \
    }                                                                                                                          \
    int cusolverDn##letter##geqrf_bufferSize(void *, int rows, int columns, Real *, int, int *count) {                         \
        BEGIN;                                                                                                                 \
        *count = factor_work<Real>(rows, columns);                                                                             \
        return success;                                                                                                        \
    }                                                                                                                          \
    int cusolverDn##letter##geqrf(                                                                                             \
        void *handle, int rows, int columns, Real *a, int leading, Real *tau, Real *work, int count, int *info) {              \
        BEGIN;                                                                                                                 \
        return factorize(handle, rows, columns, a, leading, tau, work, count, info);                                           \
    }                                                                                                                          \
    int cusolverDn##letter##orgqr_bufferSize(                                                                                  \
        void *, int, int columns, int reflectors, const Real *, int, const Real *, int *count) {                               \
        BEGIN;                                                                                                                 \
        *count = product_work<Real>(columns, reflectors);                                                                      \
        return success;                                                                                                        \
    }                                                                                                                          \
    int cusolverDn##letter##orgqr(                                                                                             \
        void *handle, int rows, int columns, int reflectors, Real *a, int leading, const Real *tau, Real *work, int count,     \
        int *info) {                                                                                                           \
        BEGIN;                                                                                                                 \
        return multiply_reflectors(handle, rows, columns, reflectors, a, leading, tau, work, count, info);                     \
    }                                                                                                                          \
    int cusolverDn##letter##potrf_bufferSize(void *, int, int n, Real *, int, int *count) {                                    \
        BEGIN;                                                                                                                 \
        *count = definite_work<Real>(n);                                                                                       \
        return success;                                                                                                        \
    }                                                                                                                          \
    int cusolverDn##letter##potrf(                                                                                             \
        void *handle, int triangle, int n, Real *a, int leading, Real *work, int count, int *info) {                           \
        BEGIN;                                                                                                                 \
        return factorize_definite(handle, triangle, n, a, leading, work, count, info);                                         \
    }

FOR_SCALAR(S, float)
FOR_SCALAR(D, double)

// The most matrices that the batched solver takes.
const int64_t largest_batch = 65535;

size_t batch_work(int64_t n, int64_t batch) { return 5 + batch * (n * n + device->batch_workspace); }

int cusolverDnXsyevBatched_bufferSize(
    void *, void *parameters, int, int, int64_t n, int, const void *, int64_t leading, int, const void *, int,
    size_t *on_device, size_t *on_host, int64_t batch) {
    BEGIN;
    if (!device->parameters.find(parameters)) return not_initialized;
    if (batch > largest_batch || leading < std::max<int64_t>(1, n)) return invalid_argument;
    *on_device = batch_work(n, batch);
    *on_host = 7;
    return success;
}

template <typename Real>
int decompose_batch(
    void *handle, int triangle, int n, Real *a, int64_t leading, Real *w, void *on_device, size_t device_bytes, int *info,
    int64_t batch) {
    size_t bytes = batch * n * leading * sizeof(Real);
    return begin(
        handle,
        {{(uint64_t)a, bytes}, {(uint64_t)w, batch * n * sizeof(Real)}, {(uint64_t)on_device, device_bytes},
         {(uint64_t)info, batch * sizeof(int)}},
        [=] {
            for (int64_t index = 0; index < batch; index++) {
                Matrix matrix = read(a + index * n * leading, n, n, leading), vectors(n, n);
                std::vector<double> values(n);
                info[index] = decompose(matrix, triangle, values, vectors) ? 0 : 1;
                write(vectors, a + index * n * leading, leading);
                for (int i = 0; i < n; i++) w[index * n + i] = (Real)values[i];
            }
            spoil((unsigned char *)on_device, device_bytes);
        });
}

int cusolverDnXsyevBatched(
    void *handle, void *parameters, int mode, int triangle, int64_t n, int type_a, void *a, int64_t leading, int type_w, void *w,
    int type, void *on_device, size_t device_bytes, void *on_host, size_t host_bytes, int *info, int64_t batch) {
    BEGIN;
    if (!device->parameters.find(parameters)) return not_initialized;
    if (mode != with_vectors || type_a != type || type_w != type || (type != 0 && type != 1) || batch < 1 || batch > largest_batch
        || leading < std::max<int64_t>(1, n) || device_bytes < batch_work(n, batch) || host_bytes < 7 || !on_host)
        return invalid_argument;
    if (type == 0) {
        return decompose_batch(handle, triangle, (int)n, (float *)a, leading, (float *)w, on_device, device_bytes, info, batch);
    }
    return decompose_batch(handle, triangle, (int)n, (double *)a, leading, (double *)w, on_device, device_bytes, info, batch);
}

}

#define SYMBOLS_OF(letter)                                                                                                     \
    SYMBOL(cusolverDn##letter##syevd_bufferSize), SYMBOL(cusolverDn##letter##syevd),                                           \
        SYMBOL(cusolverDn##letter##geqrf_bufferSize), SYMBOL(cusolverDn##letter##geqrf),                                       \
        SYMBOL(cusolverDn##letter##orgqr_bufferSize), SYMBOL(cusolverDn##letter##orgqr),                                       \
        SYMBOL(cusolverDn##letter##potrf_bufferSize), SYMBOL(cusolverDn##letter##potrf)

const std::vector<Symbol> decomposition_symbols = {
    SYMBOL(cusolverDnCreate), SYMBOL(cusolverDnDestroy), SYMBOL(cusolverDnSetStream), SYMBOL(cusolverDnCreateParams),
    SYMBOL(cusolverDnDestroyParams), SYMBOL(cusolverGetProperty), SYMBOL(cusolverDnXsyevBatched_bufferSize),
    SYMBOL(cusolverDnXsyevBatched), SYMBOLS_OF(S), SYMBOLS_OF(D),
};
