import ArgumentParser
import CPUBackend
import CUDABackend
import Files
import Foundation
import LinearAlgebra

/// What the program computes on.
struct Devices: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List what the program can compute on.")

    /// Where decompositions and compiled kernels are kept, or why they are not.
    private var cacheLine: String {
        guard let folder = CacheFolder.standard() else {
            return "cache: none, for want of HOME; kernels are compiled at every start"
        }
        let problem = folder.problem.map { ": \($0); kernels are compiled at every start" }
        return "cache: \(folder.path)\(problem ?? "")"
    }

    func run() throws {
        try OutputFile.writeToStandardOutput(
            """
            cpu: \(ProcessInfo.processInfo.activeProcessorCount) cores, OpenBLAS core \(OpenBLAS.coreName), \
            block codec \(BlockCodec.available.map(\.instructionSet).joined(separator: ", "))
            \(CUDAInventory().lines.joined(separator: "\n"))
            \(cacheLine)

            """)
    }
}
