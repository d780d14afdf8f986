// swift-tools-version: 6.0

import PackageDescription

// Every C library has exactly one importer; the table of permitted arrows is scripts/module-arrows.txt.
let package = Package(
    name: "FourthRoot",
    products: [
        .executable(name: "fourthroot", targets: ["fourthroot"]),
        .library(
            name: "FourthRoot",
            targets: [
                "MatrixCore", "Quantization", "Compute", "CPUBackend", "Preconditioning", "Optimizers", "NeuralNetworks",
                "Training", "MatrixStudy",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // No pkgConfig: gsl.pc would add -lgslcblas to every product; the module map links what is used.
        .systemLibrary(name: "CGSL", providers: [.apt(["libgsl-dev"])]),
        // The serial build by name: plain "hdf5" may resolve to an MPI build.
        .systemLibrary(name: "CHDF5", pkgConfig: "hdf5-serial", providers: [.apt(["libhdf5-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CIndependentProduct"),
        // Our own calls of libjpeg-turbo and libpng, which leave an error by a jump that may not pass through Swift.
        .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
        .target(name: "CKernels"),
        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png16")]),

        .target(name: "Files", dependencies: ["CXXHash", "CZlib", "MatrixCore"]),
        .target(name: "ImageFiles", dependencies: ["CJPEG", "CPNG"]),
        .target(name: "MatrixCore"),
        .target(name: "LinearAlgebra", dependencies: ["COpenBLAS", "MatrixCore"]),
        .target(name: "IndependentProduct", dependencies: ["CIndependentProduct", "MatrixCore"]),
        .target(name: "GSLReference", dependencies: ["CGSL", "IndependentProduct", "MatrixCore"]),
        .target(name: "Spectra", dependencies: ["IndependentProduct", "MatrixCore"]),
        .target(name: "Quantization"),
        .target(name: "Compute", dependencies: ["MatrixCore", "Quantization"]),
        .target(
            name: "CPUBackend",
            dependencies: ["CKernels", "Compute", "LinearAlgebra", "MatrixCore", "Quantization"]),
        // Nothing of CUDA's is linked: its libraries are opened while the program runs.
        .target(
            name: "CUDABackend", dependencies: ["Compute", "Files", "MatrixCore", "Quantization"],
            resources: [
                .embedInCode("Kernels/prelude.cuh"), .embedInCode("Kernels/block_codec.cu"),
                .embedInCode("Kernels/elements.cu"), .embedInCode("Kernels/reductions.cu"),
                .embedInCode("Kernels/vectors.cu"), .embedInCode("Kernels/activations.cu"),
                .embedInCode("Kernels/attention.cu"), .embedInCode("Kernels/convolution.cu"),
                .embedInCode("Kernels/cross_entropy.cu"), .embedInCode("Kernels/layer_normalization.cu"),
                .embedInCode("Kernels/rows.cu"), .embedInCode("Kernels/selection.cu"),
            ]),
        // The cases that every backend is held to, for the tests and for `fourthroot selftest`.
        .target(name: "Conformance", dependencies: ["Compute", "MatrixCore", "NeuralNetworks", "Quantization"]),
        .target(name: "EntropyCoding"),
        .target(name: "Preconditioning", dependencies: ["Compute", "EntropyCoding", "MatrixCore", "Quantization"]),
        .target(name: "Optimizers", dependencies: ["Compute", "MatrixCore", "Preconditioning", "Quantization"]),
        .target(name: "NeuralNetworks", dependencies: ["Compute", "MatrixCore"]),
        .target(name: "HDF5Store", dependencies: ["CHDF5", "Files", "MatrixCore"]),
        .target(name: "YAMLFiles", dependencies: ["Yams"]),
        .target(name: "MatrixSources", dependencies: ["Files", "HDF5Store", "MatrixCore"]),
        .target(
            name: "Training",
            dependencies: [
                "Compute", "Files", "HDF5Store", "ImageFiles", "MatrixCore", "NeuralNetworks", "Optimizers", "Preconditioning",
                "Quantization", "YAMLFiles",
            ],
            resources: [.embedInCode("Recipes")]),
        .target(
            name: "MatrixStudy",
            dependencies: [
                "CPUBackend", "Compute", "Files", "GSLReference", "HDF5Store", "IndependentProduct", "LinearAlgebra",
                "MatrixCore", "MatrixSources", "Preconditioning", "Quantization", "YAMLFiles", "Yams",
            ]),
        .executableTarget(
            name: "fourthroot",
            dependencies: [
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                "CPUBackend", "CUDABackend", "Compute", "Conformance", "Files", "GSLReference", "HDF5Store",
                "ImageFiles", "LinearAlgebra", "MatrixCore", "MatrixSources",
                "MatrixStudy", "NeuralNetworks", "Optimizers", "Preconditioning", "Quantization", "Spectra", "Training",
            ],
            resources: [
                .embedInCode("Report/Page/report.html"), .embedInCode("Report/Page/report.css"),
                .embedInCode("Report/Page/elements.js"), .embedInCode("Report/Page/tables.js"),
                .embedInCode("Report/Page/cases.js"), .embedInCode("Report/Page/charts.js"),
                .embedInCode("Report/Page/sections.js"), .embedInCode("Report/Page/page.js"),
            ]),

        .target(name: "TestSupport", dependencies: ["MatrixCore", "Quantization"], path: "Tests/TestSupport"),
        .target(name: "CUDAEmulator", path: "Tests/CUDAEmulator"),
        .testTarget(name: "EntropyCodingTests", dependencies: ["EntropyCoding"]),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "ImageFilesTests", dependencies: ["ImageFiles", "MatrixCore", "TestSupport"]),
        .testTarget(name: "MatrixCoreTests", dependencies: ["MatrixCore", "TestSupport"]),
        .testTarget(name: "QuantizationTests", dependencies: ["MatrixCore", "Quantization", "TestSupport"]),
        .testTarget(
            name: "CPUBackendTests",
            dependencies: [
                "CPUBackend", "Compute", "Conformance", "LinearAlgebra", "MatrixCore", "Quantization", "TestSupport",
            ]),
        .testTarget(
            name: "CUDABackendTests",
            dependencies: [
                "CPUBackend", "CUDABackend", "CUDAEmulator", "Compute", "Conformance", "Files", "MatrixCore", "Optimizers",
                "Quantization", "TestSupport",
            ]),
        .testTarget(
            name: "LinearAlgebraTests",
            dependencies: ["IndependentProduct", "LinearAlgebra", "MatrixCore", "Spectra", "TestSupport"]),
        .testTarget(
            name: "PreconditioningTests",
            dependencies: [
                "CPUBackend", "Compute", "EntropyCoding", "IndependentProduct", "LinearAlgebra", "MatrixCore",
                "Preconditioning", "Quantization", "Spectra", "TestSupport",
            ]),
        .testTarget(
            name: "OptimizersTests",
            dependencies: [
                "CPUBackend", "Compute", "HDF5Store", "MatrixCore", "Optimizers", "Preconditioning", "Quantization",
                "Spectra", "TestSupport",
            ]),
        .testTarget(
            name: "GSLReferenceTests",
            dependencies: ["GSLReference", "IndependentProduct", "LinearAlgebra", "MatrixCore", "Spectra", "TestSupport"]),
        .testTarget(name: "SpectraTests", dependencies: ["GSLReference", "MatrixCore", "Spectra", "TestSupport"]),
        .testTarget(
            name: "NeuralNetworksTests",
            dependencies: ["CPUBackend", "Compute", "Conformance", "MatrixCore", "NeuralNetworks", "TestSupport"]),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "CPUBackend", "Compute", "Files", "HDF5Store", "ImageFiles", "MatrixCore", "NeuralNetworks", "Optimizers",
                "Preconditioning", "Quantization", "TestSupport", "Training",
            ]),
        .testTarget(name: "HDF5StoreTests", dependencies: ["HDF5Store", "MatrixCore", "TestSupport"]),
        .testTarget(
            name: "MatrixSourcesTests", dependencies: ["Files", "HDF5Store", "MatrixCore", "MatrixSources", "TestSupport"]),
        .testTarget(
            name: "MatrixStudyTests",
            dependencies: [
                "CPUBackend", "Files", "GSLReference", "HDF5Store", "LinearAlgebra", "MatrixCore", "MatrixSources",
                "MatrixStudy", "Preconditioning", "Quantization", "Spectra", "TestSupport",
            ]),
        .testTarget(name: "CommandTests", dependencies: ["HDF5Store", "MatrixCore", "Spectra", "TestSupport"]),
    ]
)

// Tests are not optimized: they spend their time in the modules that they test, and optimizing them would take a third of the build.
// Those of the reference multiply long matrices by themselves.
//
// Nor is the program optimized where scripts/test asks for it: it is compiled last and by one processor, and what it runs is in the
// modules.
let isPlainProgram = Context.environment["FOURTHROOT_PLAIN_PROGRAM"] != nil
for target in package.targets {
    let isPlainTest = target.type == .test && target.name != "GSLReferenceTests"
    if isPlainTest || (isPlainProgram && target.name == "fourthroot") {
        // Their interfaces come out of the same compilation: one of their own would check all types a second time.
        target.swiftSettings = [.unsafeFlags(["-Onone", "-no-emit-module-separately-wmo"])]
    }
}
