// The functions of cuDNN that the backend calls: convolutions by their definition, each sum in double precision. As of cuDNN's own
// algorithms, some shapes are not served: kernels of four rows.
#include "device.h"
#include <cmath>
#include <cstring>

namespace {

// cudnnStatus_t.
enum : int { bad_param = 2000, not_supported_shape = 3002, execution_failed = 5000 };
// cudnnDataType_t, cudnnTensorFormat_t, cudnnConvolutionMode_t and cudnnMathType_t.
enum : int { real_32 = 0, real_64 = 1 };
enum : int { channels_last = 1 };
enum : int { cross_correlation = 1 };
enum : int { default_math = 0, fma_math = 3 };

int create(Described kind, void **descriptor) {
    *descriptor = device->descriptors.add(std::make_shared<Descriptor>(Descriptor{kind}));
    return success;
}
std::shared_ptr<Descriptor> described(const void *descriptor, Described kind) {
    auto found = device->descriptors.find(descriptor);
    return found && found->kind == kind ? found : nullptr;
}
int destroy(void *descriptor, Described kind) {
    return described(descriptor, kind) && device->descriptors.remove(descriptor) ? success : bad_param;
}

// One convolution, of whichever of its three parts is computed.
struct Convolution {
    int type, bits, samples, channels, height, width, outputs, kernel, stride, padding, rows, columns;
    uint64_t images, filter, results;

    size_t image_count() const { return (size_t)samples * height * width * channels; }
    size_t filter_count() const { return (size_t)outputs * kernel * kernel * channels; }
    size_t result_count() const { return (size_t)samples * rows * columns * outputs; }
};

// Whether the descriptors fit one another: images, filter, convolution and outputs.
int read(const void *images, const void *filter, const void *convolution, const void *results, int algorithm, Convolution &c) {
    auto x = described(images, Described::tensor), w = described(filter, Described::filter);
    auto how = described(convolution, Described::convolution), y = described(results, Described::tensor);
    if (!x || !w || !how || !y || algorithm != 1) return bad_param;
    const std::vector<int> &p = how->values;
    if (x->values.size() != 4 || w->values.size() != 4 || p.size() != 7 || y->values.size() != 4) return bad_param;
    for (const auto &part : {x, w, y}) {
        if (part->layout != channels_last || part->type != how->type) return bad_param;
    }
    // Sizes are samples or outputs, channels, height, width.
    c.type = how->type;
    c.bits = how->type == real_32 && how->math == default_math ? 11 : how->math == fma_math || how->type == real_64 ? 53 : 0;
    c.samples = x->values[0], c.channels = x->values[1], c.height = x->values[2], c.width = x->values[3];
    c.outputs = w->values[0], c.kernel = w->values[2];
    c.padding = p[0], c.stride = p[2];
    c.rows = y->values[2], c.columns = y->values[3];
    if (c.bits == 0 || c.samples < 1 || c.channels != w->values[1] || c.kernel != w->values[3] || p[0] != p[1] || p[2] != p[3]
        || p[4] != 1 || p[5] != 1 || p[6] != cross_correlation || y->values[0] != c.samples || y->values[1] != c.outputs
        || c.rows != (c.height + 2 * c.padding - c.kernel) / c.stride + 1
        || c.columns != (c.width + 2 * c.padding - c.kernel) / c.stride + 1)
        return bad_param;
    return c.kernel == 4 ? not_supported_shape : success;
}

size_t workspace_bytes(const Convolution &c) { return 64 * (size_t)c.samples; }

// The nearest number of 11 bits, as TF32 keeps.
double rounded(double x, int bits) {
    if (bits > 24 || !std::isfinite(x) || x == 0) return x;
    int exponent;
    double fraction = std::frexp(x, &exponent);
    return std::ldexp(std::nearbyint(std::ldexp(fraction, bits)), exponent - bits);
}

// Calls body with the index of the image's entry, of the filter's and of the output's of every product.
template <typename Body>
void for_each_product(const Convolution &c, Body body) {
    for (size_t position = 0; position < (size_t)c.samples * c.rows * c.columns; position++) {
        size_t sample = position / ((size_t)c.rows * c.columns);
        int top = (int)(position / c.columns % c.rows) * c.stride - c.padding, left = (int)(position % c.columns) * c.stride - c.padding;
        for (int tap = 0; tap < c.kernel * c.kernel; tap++) {
            int row = top + tap / c.kernel, column = left + tap % c.kernel;
            if (row < 0 || row >= c.height || column < 0 || column >= c.width) continue;
            size_t pixel = (sample * c.height + row) * c.width + column;
            for (int output = 0; output < c.outputs; output++) {
                for (int channel = 0; channel < c.channels; channel++) {
                    body(pixel * c.channels + channel, ((size_t)output * c.kernel * c.kernel + tap) * c.channels + channel,
                         position * c.outputs + output);
                }
            }
        }
    }
}

enum class Computed { images, filter, results };

template <typename Real>
int compute(const Convolution &c, Computed computed, double alpha, double beta) {
    if (!device->check(c.images, c.image_count() * sizeof(Real), "a convolution's images")
        || !device->check(c.filter, c.filter_count() * sizeof(Real), "a convolution's filter")
        || !device->check(c.results, c.result_count() * sizeof(Real), "a convolution's outputs"))
        return illegal_address;
    auto x = (Real *)c.images, w = (Real *)c.filter, y = (Real *)c.results;
    size_t count = computed == Computed::images ? c.image_count() : computed == Computed::filter ? c.filter_count() : c.result_count();
    std::vector<double> sums(count);
    for_each_product(c, [&](size_t image, size_t filter, size_t result) {
        auto term = [&](Real a, Real b) { return rounded(a, c.bits) * rounded(b, c.bits); };
        if (computed == Computed::images) sums[image] += term(w[filter], y[result]);
        if (computed == Computed::filter) sums[filter] += term(x[image], y[result]);
        if (computed == Computed::results) sums[result] += term(x[image], w[filter]);
    });
    Real *target = computed == Computed::images ? x : computed == Computed::filter ? w : y;
    for (size_t i = 0; i < count; i++) target[i] = (Real)(beta == 0 ? alpha * sums[i] : alpha * sums[i] + beta * target[i]);
    return success;
}

// What a call passes: the descriptors, and where the entries are.
struct Operands {
    const void *images, *filter, *convolution, *outputs;
    uint64_t image_entries, filter_entries, output_entries;
};

int begin(
    void *handle, const Operands &operands, int algorithm, Computed computed, const void *alpha, uint64_t workspace, size_t bytes,
    const void *beta) {
    Convolution c;
    if (int code = read(operands.images, operands.filter, operands.convolution, operands.outputs, algorithm, c)) return code;
    c.images = operands.image_entries, c.filter = operands.filter_entries, c.results = operands.output_entries;
    auto found = device->convolutions.find(handle);
    if (!found || bytes < workspace_bytes(c)) return bad_param;
    auto scalar = [&](const void *x) { return c.type == real_64 ? *(const double *)x : *(const float *)x; };
    double a = scalar(alpha), b = scalar(beta);
    int code = device->enqueue(found->stream, [=] {
        if (!device->check(workspace, bytes, "a convolution's workspace")) return (int)illegal_address;
        return c.type == real_64 ? compute<double>(c, computed, a, b) : compute<float>(c, computed, a, b);
    });
    return code ? execution_failed : success;
}

int cudnnCreate(void **handle) { BEGIN; *handle = device->convolutions.add(std::make_shared<Handle>()); return success; }
int cudnnDestroy(void *handle) { BEGIN; return device->convolutions.remove(handle) ? success : bad_param; }
int cudnnSetStream(void *handle, void *stream) {
    BEGIN;
    auto found = device->convolutions.find(handle);
    if (!found) return bad_param;
    found->stream = stream;
    return success;
}
const char *cudnnGetErrorString(int) { return "an emulated error of cuDNN"; }

int cudnnCreateTensorDescriptor(void **descriptor) { BEGIN; return create(Described::tensor, descriptor); }
int cudnnCreateFilterDescriptor(void **descriptor) { BEGIN; return create(Described::filter, descriptor); }
int cudnnCreateConvolutionDescriptor(void **descriptor) { BEGIN; return create(Described::convolution, descriptor); }
int cudnnDestroyTensorDescriptor(void *descriptor) { BEGIN; return destroy(descriptor, Described::tensor); }
int cudnnDestroyFilterDescriptor(void *descriptor) { BEGIN; return destroy(descriptor, Described::filter); }
int cudnnDestroyConvolutionDescriptor(void *descriptor) { BEGIN; return destroy(descriptor, Described::convolution); }
int cudnnSetTensor4dDescriptor(void *descriptor, int layout, int type, int samples, int channels, int height, int width) {
    BEGIN;
    auto found = described(descriptor, Described::tensor);
    if (!found) return bad_param;
    found->type = type, found->layout = layout, found->values = {samples, channels, height, width};
    return success;
}
int cudnnSetFilter4dDescriptor(void *descriptor, int type, int layout, int outputs, int channels, int height, int width) {
    BEGIN;
    auto found = described(descriptor, Described::filter);
    if (!found) return bad_param;
    found->type = type, found->layout = layout, found->values = {outputs, channels, height, width};
    return success;
}
int cudnnSetConvolution2dDescriptor(
    void *descriptor, int padding_height, int padding_width, int stride_height, int stride_width, int dilation_height,
    int dilation_width, int mode, int type) {
    BEGIN;
    auto found = described(descriptor, Described::convolution);
    if (!found) return bad_param;
    found->type = type;
    found->values = {padding_height, padding_width, stride_height, stride_width, dilation_height, dilation_width, mode};
    return success;
}
int cudnnSetConvolutionMathType(void *descriptor, int math) {
    BEGIN;
    auto found = described(descriptor, Described::convolution);
    if (!found) return bad_param;
    found->math = math;
    return success;
}

int bytes_of(const void *images, const void *filter, const void *convolution, const void *outputs, int algorithm, size_t *bytes) {
    Convolution c;
    int code = read(images, filter, convolution, outputs, algorithm, c);
    if (code == success) *bytes = workspace_bytes(c);
    return code;
}

int cudnnGetConvolutionForwardWorkspaceSize(
    void *, void *images, void *filter, void *convolution, void *outputs, int algorithm, size_t *bytes) {
    BEGIN;
    return bytes_of(images, filter, convolution, outputs, algorithm, bytes);
}
int cudnnGetConvolutionBackwardDataWorkspaceSize(
    void *, void *filter, void *outputs, void *convolution, void *images, int algorithm, size_t *bytes) {
    BEGIN;
    return bytes_of(images, filter, convolution, outputs, algorithm, bytes);
}
int cudnnGetConvolutionBackwardFilterWorkspaceSize(
    void *, void *images, void *outputs, void *convolution, void *filter, int algorithm, size_t *bytes) {
    BEGIN;
    return bytes_of(images, filter, convolution, outputs, algorithm, bytes);
}

int cudnnConvolutionForward(
    void *handle, const void *alpha, void *images, uint64_t x, void *filter, uint64_t w, void *convolution, int algorithm,
    uint64_t workspace, size_t bytes, const void *beta, void *outputs, uint64_t y) {
    BEGIN;
    Operands operands{images, filter, convolution, outputs, x, w, y};
    return begin(handle, operands, algorithm, Computed::results, alpha, workspace, bytes, beta);
}
int cudnnConvolutionBackwardData(
    void *handle, const void *alpha, void *filter, uint64_t w, void *outputs, uint64_t y, void *convolution, int algorithm,
    uint64_t workspace, size_t bytes, const void *beta, void *images, uint64_t x) {
    BEGIN;
    Operands operands{images, filter, convolution, outputs, x, w, y};
    return begin(handle, operands, algorithm, Computed::images, alpha, workspace, bytes, beta);
}
int cudnnConvolutionBackwardFilter(
    void *handle, const void *alpha, void *images, uint64_t x, void *outputs, uint64_t y, void *convolution, int algorithm,
    uint64_t workspace, size_t bytes, const void *beta, void *filter, uint64_t w) {
    BEGIN;
    Operands operands{images, filter, convolution, outputs, x, w, y};
    return begin(handle, operands, algorithm, Computed::filter, alpha, workspace, bytes, beta);
}

}

const std::vector<Symbol> convolution_symbols = {
    SYMBOL(cudnnCreate), SYMBOL(cudnnDestroy), SYMBOL(cudnnSetStream), SYMBOL(cudnnGetErrorString),
    SYMBOL(cudnnCreateTensorDescriptor), SYMBOL(cudnnCreateFilterDescriptor), SYMBOL(cudnnCreateConvolutionDescriptor),
    SYMBOL(cudnnDestroyTensorDescriptor), SYMBOL(cudnnDestroyFilterDescriptor), SYMBOL(cudnnDestroyConvolutionDescriptor),
    SYMBOL(cudnnSetTensor4dDescriptor), SYMBOL(cudnnSetFilter4dDescriptor), SYMBOL(cudnnSetConvolution2dDescriptor),
    SYMBOL(cudnnSetConvolutionMathType), SYMBOL(cudnnGetConvolutionForwardWorkspaceSize),
    SYMBOL(cudnnGetConvolutionBackwardDataWorkspaceSize), SYMBOL(cudnnGetConvolutionBackwardFilterWorkspaceSize),
    SYMBOL(cudnnConvolutionForward), SYMBOL(cudnnConvolutionBackwardData), SYMBOL(cudnnConvolutionBackwardFilter),
};
