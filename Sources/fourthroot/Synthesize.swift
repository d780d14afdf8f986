import ArgumentParser
import Files
import Foundation
import HDF5Store
import MatrixCore
import MatrixStudy
import Spectra

/// A positive definite matrix with a controlled spectrum.
struct Synthesize: ParsableCommand {
    enum Shape: String, CaseIterable {
        case twoLevel = "two-level"
        case geometric, arithmetic
        case clustered
        case oneLarge = "one-large"
        case oneSmall = "one-small"
        case logUniform = "log-uniform"
        case powerLaw = "power-law"
        case exponential
        case file, like
    }

    enum Precision: String, ExpressibleByArgument, CaseIterable { case float32, float64 }

    static let configuration = CommandConfiguration(
        abstract: "Make a symmetric positive definite matrix Q·Diag(λ)·Qᵀ with a Haar-random Q.",
        discussion: """
            Spectra: two-level (--ratio, --fraction); with --condition: geometric, arithmetic, one-large (the rest \
            clustered at the small end; also called clustered), one-small, log-uniform (random between the extremes), \
            power-law (λₖ ∝ (k + s)^-a, --decay a; without --condition s = 0), exponential (α + β·e^(-rate·t), \
            --rate); file (--eigenvalues), like (--like, --matrix: the spectrum of a data set in a \
            new basis). A seed gives the same matrix on every machine.
            """)

    @Option(help: "Order of the matrix (taken from the eigenvalues for file and like).")
    var order: Int?

    @Option(help: "Spectrum: \(Shape.allCases.map(\.rawValue).joined(separator: ", ")).")
    var spectrum: String

    @Option(
        name: [.customLong("condition"), .customLong("condition-number")],
        help: "Condition number λmax/λmin (default 40000).")
    var condition: Double?

    @Option(help: "two-level: large eigenvalue over small (default 500).")
    var ratio: Double?

    @Option(help: "two-level: fraction of large eigenvalues (default 0.65).")
    var fraction: Double?

    @Option(help: "power-law: the exponent a (default 1).")
    var decay: Double?

    @Option(help: "exponential: the rate (default 2·ln of the condition number).")
    var rate: Double?

    @Option(help: "Largest eigenvalue (default 1, or as given by the eigenvalues).")
    var largest: Double?

    @Flag(help: "Eigenvalues in reverse order.")
    var reversed = false

    @Option(help: ArgumentHelp("file: one eigenvalue a line, or the first column under a header.", valueName: "file.csv"))
    var eigenvalues: String?

    @Option(help: ArgumentHelp("like: HDF5 file with the matrix whose spectrum to take.", valueName: "file.h5"))
    var like: String?

    @Option(help: "like: name of that matrix (default: the only one).")
    var matrix: String?

    @Option(help: "Seed of the basis and of random spectra.")
    var seed: UInt64 = 0

    @Option(help: "float64 (default) or float32.")
    var precision: Precision = .float64

    @Flag(
        help: ArgumentHelp(
            "Write the basis too, as eigenvectors beside the matrix, a column each: what study --decomposition file codes."))
    var keepFactors = false

    @Option(name: [.short, .customLong("output")], help: "Output file, HDF5.")
    var output: String

    @Flag(help: "Replace an existing output.")
    var force = false

    func run() throws {
        try OutputFile.requireWritable(output, overwrite: force)
        let interruption = Interruption { "nothing was written" }
        defer { withExtendedLifetime(interruption) {} }
        let (spectrum, order) = try chosenSpectrum()
        guard order <= InputMatrix.largestOrder else {
            throw StatusError.usage("--order \(order): the largest is \(InputMatrix.largestOrder)")
        }
        var generator = PhiloxGenerator(seed: seed)
        let values = try eigenvalues(of: spectrum, order: order, using: &generator)
        if precision == .float32, let extreme = values.first(where: { !Float($0).isNormal }) {
            throw StatusError.usage("--precision float32: it has no place for the eigenvalue \(extreme)")
        }
        var basis = haarOrthogonal(order: order, using: &generator)
        let matrix = positiveDefinite(eigenvalues: values, basis: basis)
        // The sign of a column plays no part in the matrix.
        basis.makeLargestEntriesPositive()
        try write(matrix, values, basis: keepFactors ? basis : nil)
    }

    /// An eigenvalue that is refused came from a file, all other refusals from an option.
    private func eigenvalues(
        of spectrum: Spectrum, order: Int, using generator: inout PhiloxGenerator
    ) throws -> [Double] {
        do {
            return try spectrum.eigenvalues(order: order, largest: largest, reversed: reversed, using: &generator)
        } catch {
            guard case .eigenvalue = error else { throw error }
            throw StatusError(status: .wrongData, description: "\(eigenvalues ?? like ?? ""): \(error)")
        }
    }

    private func chosenSpectrum() throws -> (Spectrum, order: Int) {
        let shape: Shape = try word(spectrum, option: "--spectrum")
        try requireOptionsApply(to: shape)
        if shape == .file || shape == .like {
            let values = try shape == .file ? valuesOfFile() : valuesOfMatrix()
            return (.given(values), order ?? values.count)
        }
        guard let order else { throw StatusError.usage("--order is missing") }
        return (try parametricSpectrum(shape), order)
    }

    /// An option that the spectrum has no use for would be ignored without a word.
    private func requireOptionsApply(to shape: Shape) throws(StatusError) {
        let laws = Shape.allCases.filter { $0 != .file && $0 != .like }
        let options: [(name: String, isGiven: Bool, shapes: [Shape])] = [
            ("condition", condition != nil, laws), ("ratio", ratio != nil, [.twoLevel]),
            ("fraction", fraction != nil, [.twoLevel]), ("decay", decay != nil, [.powerLaw]),
            ("rate", rate != nil, [.exponential]), ("eigenvalues", eigenvalues != nil, [.file]),
            ("like", like != nil, [.like]), ("matrix", matrix != nil, [.like]),
        ]
        if let option = options.first(where: { $0.isGiven && !$0.shapes.contains(shape) }) {
            throw .usage("--\(option.name) does not apply to --spectrum \(shape.rawValue); leave it out")
        }
        if ratio != nil && condition != nil { throw .usage("--ratio and --condition say the same: give one of them") }
    }

    private func parametricSpectrum(_ shape: Shape) throws -> Spectrum {
        let asked = condition ?? 40_000
        switch shape {
        case .twoLevel: return .twoLevel(ratio: ratio ?? condition ?? 500, fractionLarge: fraction ?? 0.65)
        case .geometric: return .geometric(conditionNumber: asked)
        case .arithmetic: return .arithmetic(conditionNumber: asked)
        case .clustered, .oneLarge: return .oneLarge(conditionNumber: asked)
        case .oneSmall: return .oneSmall(conditionNumber: asked)
        case .logUniform: return .logUniform(conditionNumber: asked)
        case .powerLaw: return .powerLaw(exponent: decay ?? 1, conditionNumber: decay == nil ? asked : condition)
        case .exponential:
            return .exponentialDecay(rate: rate ?? max(2 * log(asked), 1), conditionNumber: asked)
        case .file, .like: preconditionFailure("a spectrum that is read")
        }
    }

    private func valuesOfFile() throws -> [Double] {
        guard let eigenvalues else {
            throw StatusError.usage("--spectrum file needs --eigenvalues FILE.csv")
        }
        let text = try readText(eigenvalues)
        do {
            return try eigenvalueList(text)
        } catch {
            throw StatusError(status: .wrongData, description: "\(eigenvalues): \(error)")
        }
    }

    private func valuesOfMatrix() throws -> [Double] {
        guard let like else {
            throw StatusError.usage("--spectrum like needs --like FILE.h5")
        }
        let source = try StudyInput([openSource(like)], selecting: matrix.map { [$0] } ?? [])
        source.report()
        guard source.matrices.count == 1 else {
            throw StatusError.usage("\(like) holds \(source.matrices.count) matrices; choose one with --matrix")
        }
        return try source.eigenvalues(of: source.matrices[0])
    }

    private func write(_ matrix: Matrix<Double>, _ values: [Double], basis: Matrix<Double>?) throws {
        try HDF5File.create(at: output, overwriting: force) { writer in
            switch precision {
            case .float64: try writer.write(matrix, to: "matrix", storage: .compressed)
            case .float32: try writer.write(Matrix<Float>(matrix), to: "matrix", storage: .compressed)
            }
            try writer.write(NumericArray(shape: [values.count], values: values), to: "eigenvalues")
            if let basis { try writer.write(basis, to: "eigenvectors", storage: .compressed) }
            try writer.setProvenance(seed: seed, configuration: configuration)
        }
    }

    /// What was asked for, for the file's `configuration` attribute.
    private var configuration: [String: String] {
        var result = ["command": "synthesize", "spectrum": spectrum, "precision": precision.rawValue]
        result["order"] = order.map { "\($0)" }
        result["condition"] = condition.map { "\($0)" }
        result["ratio"] = ratio.map { "\($0)" }
        result["fraction"] = fraction.map { "\($0)" }
        result["decay"] = decay.map { "\($0)" }
        result["rate"] = rate.map { "\($0)" }
        result["largest"] = largest.map { "\($0)" }
        result["reversed"] = reversed ? "true" : nil
        result["keep-factors"] = keepFactors ? "true" : nil
        return result
    }
}
