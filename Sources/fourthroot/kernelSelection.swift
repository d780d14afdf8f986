import CPUBackend
import Foundation
import LinearAlgebra

/// Starts the program again with a fitting OpenBLAS kernel where the library does not know the processor.
///
/// A release of OpenBLAS that is older than the processor falls back on a kernel of 2004, four times slower. The kernel
/// can be named by OPENBLAS_CORETYPE, which is read when the library is loaded, hence the new start. A value that
/// the user has set is left alone.
func selectKernel() {
    let outdated = ["Prescott", "Core2", "Penryn", "Dunnington", "Atom", "Nehalem", "Generic", "generic"]
    guard getenv("OPENBLAS_CORETYPE") == nil, outdated.contains(OpenBLAS.coreName) else { return }
    let sets = BlockCodec.available.map(\.instructionSet)
    guard let kernel = sets.contains("AVX-512") ? "SkylakeX" : sets.contains("AVX2") ? "Haswell" : nil else { return }
    setenv("OPENBLAS_CORETYPE", kernel, 1)
    let arguments = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", arguments)
    // Only a failed start comes here: the slow kernel still computes.
    for argument in arguments { free(argument) }
}
