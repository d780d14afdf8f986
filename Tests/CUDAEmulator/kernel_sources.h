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
namespace activations {
#include "../../Sources/CUDABackend/Kernels/activations.cu"
}
namespace selection {
#include "../../Sources/CUDABackend/Kernels/selection.cu"
}
namespace rows {
#include "../../Sources/CUDABackend/Kernels/rows.cu"
}
namespace layer_normalization {
#include "../../Sources/CUDABackend/Kernels/layer_normalization.cu"
}
namespace cross_entropy {
#include "../../Sources/CUDABackend/Kernels/cross_entropy.cu"
}
namespace attention {
#include "../../Sources/CUDABackend/Kernels/attention.cu"
}
namespace convolution {
#include "../../Sources/CUDABackend/Kernels/convolution.cu"
}
