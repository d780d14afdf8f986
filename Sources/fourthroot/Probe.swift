import ArgumentParser
import Foundation
import HDF5Store
import MatrixSources

/// Opens a file of matrices; one of HDF5 after a child has read it.
///
/// - Throws: `SourceError`.
func openSource(_ path: String) throws -> any MatrixSource {
    do {
        return try SourceFormat.open(path, examiningHDF5: Probe.requireSound)
    } catch let error as SourceError where error.kind == .noSuchInput && error.entry == nil {
        throw SourceError(
            error.kind, file: error.file, error.problem, advice: (error.advice ?? "") + hint(absentFile: path))
    }
}

/// Reads a file in a process of its own.
///
/// The HDF5 library can crash on damaged files. A child takes that risk first, so that the program itself can say what is
/// wrong.
struct Probe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe-hdf5", abstract: "Read an HDF5 file to see whether it can be read.", shouldDisplay: false)

    @Argument var file: String

    func run() throws {
        do {
            _ = try HDF5Probe.examine(file, limiting: true)
        } catch is HDF5Error {
            // Surviving is what counts; the caller meets the error again and says it.
            throw ExitCode(ExitStatus.wrongData.rawValue)
        }
    }

    /// - Throws: `HDF5Error` where a child could not read the file.
    static func requireSound(_ path: String) throws {
        guard let executable = Bundle.main.executableURL else { return }
        // The child bounds its own time by the files' sizes; this ends the wait for a disk that does not answer.
        try HDF5Probe.examineInChild(path, executable: executable, arguments: ["probe-hdf5"], timeout: 3600)
    }
}
