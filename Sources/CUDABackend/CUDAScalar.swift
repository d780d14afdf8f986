import MatrixCore

/// A scalar in which kernels are compiled and libraries compute.
public protocol CUDAScalar: MatrixScalar {
    /// The scalar's name in CUDA C++, of which kernels are compiled: REAL.
    static var kernelName: String { get }
    /// The scalar's number among the types of cuBLAS and cuSOLVER: cudaDataType.
    static var dataType: Int32 { get }
}

extension Float: CUDAScalar {
    public static var kernelName: String { "float" }
    /// CUDA_R_32F.
    public static var dataType: Int32 { 0 }
}

extension Double: CUDAScalar {
    public static var kernelName: String { "double" }
    /// CUDA_R_64F.
    public static var dataType: Int32 { 1 }
}

/// How products of float32 matrices are computed. Sums are of float32 in each of them, and products of doubles are of doubles.
public enum ProductPrecision: String, Sendable, CaseIterable {
    /// Factors as they are: 24 bits.
    case float32
    /// Factors rounded to 11 bits with the exponents of float32.
    case tf32
    /// Factors rounded to 8 bits with the exponents of float32; those of cuDNN's convolutions, which do not know that, to 11.
    case bfloat16
}
