/// A library of CUDA's, as its files are called.
struct LibraryName: Sendable {
    /// What messages call it.
    let title: String
    /// "cuda" of libcuda.so.1.
    let stem: String
    /// Newest first: installations for running alone have no file without a version.
    let versions: [String]
    /// Files of the same version and folder that must be open before.
    let companion: String?
    /// Where it comes from.
    let advice: String

    static let driver = LibraryName(
        title: "NVIDIA's driver", stem: "cuda", versions: ["1"], companion: nil,
        advice: "install the driver of the card")
    /// NVRTC opens its builtins by their bare name, and only in the system's folders.
    static let compiler = LibraryName(
        title: "NVRTC", stem: "nvrtc", versions: ["13", "12"], companion: "nvrtc-builtins",
        advice: "install the CUDA toolkit, or nvidia-cuda-nvrtc by pip")
    static let products = LibraryName(
        title: "cuBLAS", stem: "cublas", versions: ["13", "12"], companion: nil,
        advice: "install the CUDA toolkit, or nvidia-cublas by pip")
    static let decompositions = LibraryName(
        title: "cuSOLVER", stem: "cusolver", versions: ["12", "11"], companion: nil,
        advice: "install the CUDA toolkit, or nvidia-cusolver by pip")
    static let convolutions = LibraryName(
        title: "cuDNN", stem: "cudnn", versions: ["9"], companion: nil,
        advice: "install nvidia-cudnn-cu13 by pip; without it convolutions are products of patches")
}
