import ArgumentParser
import CPUBackend
import CUDABackend
import Files
import Foundation
import LinearAlgebra

/// What the program computes on.
struct Devices: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List what the program can compute on.")

    func run() throws {
        try OutputFile.writeToStandardOutput(
            """
            cpu: \(ProcessInfo.processInfo.activeProcessorCount) cores, OpenBLAS core \(OpenBLAS.coreName), \
            block codec \(BlockCodec.available.map(\.instructionSet).joined(separator: ", "))
            \(CUDAInventory().lines.joined(separator: "\n"))

            """)
    }
}
