import ArgumentParser
import CUDABackend
import Files
import Foundation
import HDF5Store
import MatrixSources
import MatrixStudy
import NeuralNetworks
import Quantization
import Spectra
import Training

/// Exit statuses, after sysexits.h.
enum ExitStatus: Int32 {
    case usage = 64
    case wrongData = 65
    case noInput = 66
    case unavailable = 69
    case internalFault = 70
    case cannotCreate = 73
    case inputOutput = 74
    case interrupted = 75

    /// The status that an error ends the program with.
    init(_ error: any Error) {
        switch error {
        case let error as HDF5Error:
            switch error.kind {
            case .notFound, .unreadable, .noSuchObject: self = .noInput
            case .notHDF5, .corrupt, .newerFormat, .unwritten, .wrongType, .wrongShape, .missingFilter, .tooLarge:
                self = .wrongData
            case .cannotCreate: self = .cannotCreate
            case .writeFailed: self = .inputOutput
            }
        case let error as SourceError:
            switch error.kind {
            case .noSuchInput: self = .noInput
            case .wrongData: self = .wrongData
            case .readFailed: self = .inputOutput
            }
        case let error as OutputError:
            self = error.kind == .cannotCreate ? .cannotCreate : .inputOutput
        case let error as DataError:
            switch error.kind {
            case .unknownName, .wrongOption: self = .usage
            case .notFound, .unreadable: self = .noInput
            case .damaged, .tooShort, .tooLarge: self = .wrongData
            case .readFailed: self = .inputOutput
            }
        case let error as TextFileError:
            self = error.isMissing ? .noInput : .wrongData
        case let error as CheckpointError:
            switch error.kind {
            case .wrongData: self = .wrongData
            case .otherSettings: self = .usage
            case .noFolder: self = .cannotCreate
            }
        case is DumpError: self = .cannotCreate
        case is DivergenceError: self = .wrongData
        case is DeviceError, is ParquetError: self = .unavailable
        case let error as LogError: self = error.kind == .wrongData ? .wrongData : .inputOutput
        case is PartialFileError, is MergeError, is RecommendationError, is CSVError, is QuantizationError: self = .wrongData
        case is PlanError, is SpectrumError, is ModelError: self = .usage
        case let error as RecipeError: self = error.kind == .unknownName ? .usage : .wrongData
        case let error as StatusError: self = error.status
        default: self = .internalFault
        }
    }
}

/// An error whose status the place that throws it knows.
struct StatusError: Error, CustomStringConvertible {
    let status: ExitStatus
    let description: String
    /// The option, without its dashes, that was refused because nothing takes it up.
    var inapplicableOption: String?

    static func usage(_ description: String) -> StatusError { StatusError(status: .usage, description: description) }
}

/// Renders an error once and ends the program with its status.
///
/// At once: work that still runs has lost its purpose, and the exit handlers of libraries would wait for it.
///
/// - Parameter line: what the parser has read.
func finish(with error: any Error, _ line: RecipeArguments) -> Never {
    var failure = error
    if let problem = wrongUsage(error, line.arguments) {
        failure = StatusError.usage(problem)
    } else if FourthRoot.exitCode(for: error) == .success {
        // Help, version and completions: what was asked for, like any other output.
        do throws(OutputError) {
            try OutputFile.writeToStandardOutput(FourthRoot.fullMessage(for: error) + "\n")
            _exit(0)
        } catch {
            failure = error
        }
    } else if error is ExitCode {
        FourthRoot.exit(withError: error)
    }
    Terminal.report("error", line.use?.placing("\(failure)") ?? "\(failure)")
    TemporaryFile.removeUnfinished()
    _exit(ExitStatus(failure).rawValue)
}

/// What the parser has refused, in words; nil for an error that is none of the parser's.
private func wrongUsage(_ error: any Error, _ arguments: [String]) -> String? {
    if let error = error as? ValidationError { return error.message }
    switch FourthRoot.exitCode(for: error) {
    case .success:
        // To the parser `help` with a name that is none asks for help.
        return arguments.first == "help" ? mistake(in: arguments)?.unknownCommand : nil
    case .validationFailure:
        // The parser's own errors are not public types.
        let refusal = FourthRoot.message(for: error)
        return mistake(in: arguments)?.message(refusal) ?? refusal
    default: return nil
    }
}

private func mistake(in arguments: [String]) -> CommandLineMistake? {
    (try? CommandDescription(programFor: arguments)).map { CommandLineMistake(arguments, of: $0) }
}
