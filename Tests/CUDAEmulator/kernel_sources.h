// Every source of kernels, in a namespace of its own as it is a module of its own on a device. Included once a scalar.
namespace block_codec {
#include "../../Sources/CUDABackend/Kernels/block_codec.cu"
}
namespace elements {
#include "../../Sources/CUDABackend/Kernels/elements.cu"
}
namespace reductions {
#include "../../Sources/CUDABackend/Kernels/reductions.cu"
}
namespace vectors {
#include "../../Sources/CUDABackend/Kernels/vectors.cu"
}
