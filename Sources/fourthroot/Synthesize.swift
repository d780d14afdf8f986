import ArgumentParser
import Files
import Foundation
import HDF5Store
import MatrixCore
import MatrixStudy
import Spectra

/// A positive definite matrix with a controlled spectrum.
struct Synthesize: ParsableCommand {
    enum Shape: String, ExpressibleByArgument, CaseIterable {
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

    private static let defaultCondition = 40_000.0
    private static let defaultRatio = 500.0
    private static let defaultFraction = 0.65
    private static let defaultDecay = 1.0

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

    @Option(help: "Spectrum.")
    var spectrum: Shape

    @Option(
        name: [.customLong("condition"), .customLong("condition-number")],
        help: "Condition number λmax/λmin (default: \(Int(defaultCondition))).")
    var condition: Double?

    @Option(help: "two-level: large eigenvalue over small (default: \(Int(defaultRatio))).")
    var ratio: Double?

    @Option(help: "two-level: fraction of large eigenvalues (default: \(defaultFraction)).")
    var fraction: Double?

    @Option(help: "power-law: the exponent a (default: \(Int(defaultDecay))).")
    var decay: Double?

    @Option(help: "exponential: the rate (default: 2·ln of the condition number).")
    var rate: Double?

    @Option(help: "Largest eigenvalue (default: 1, or as given by the eigenvalues).")
    var largest: Double?

    @Flag(help: "Eigenvalues in reverse order.")
    var reversed = false

    @Option(
        help: ArgumentHelp("file: one eigenvalue a line, or the first column under a header.", valueName: "file.csv"),
        completion: .file())
    var eigenvalues: String?

    @Option(
        help: ArgumentHelp("like: file with the matrix whose spectrum to take, as study takes it.", valueName: "input"),
        completion: sourceCompletion)
    var like: String?

    @Option(help: "like: name of that matrix (default: the only one).")
    var matrix: String?

    @Option(help: "Seed of the basis and of random spectra.")
    var seed: UInt64 = 0

    @Option(help: "Of the entries.")
    var precision: Precision = .float64

    @Flag(
        help: ArgumentHelp(
            "Write the basis too, as eigenvectors beside the matrix, a column each: what study --decomposition file codes."))
    var keepFactors = false

    @Option(name: [.short, .customLong("output")], help: "Output file, HDF5.", completion: hdf5Completion)
    var output: String

    @Flag(help: "Replace an existing output.")
    var force = false

    func run() throws {
        try OutputFile.requireWritable(output, overwrite: force, sparing: [like, eigenvalues].compactMap(\.self))
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
        try requireOptionsApply()
        if spectrum == .file || spectrum == .like {
            let values = try spectrum == .file ? valuesOfFile() : valuesOfMatrix()
            return (.given(values), order ?? values.count)
        }
        guard let order else { throw StatusError.usage("--order is missing") }
        return (try parametricSpectrum(), order)
    }

    /// An option that the spectrum has no use for would be ignored without a word.
    private func requireOptionsApply() throws(StatusError) {
        func of(_ shapes: Shape..., option name: String, _ isGiven: Bool) -> OptionRule {
            OptionRule(
                name, isGiven, appliesIf: shapes.contains(spectrum),
                needs: "--spectrum \(shapes.map(\.rawValue).joined(separator: " or "))")
        }
        try [
            OptionRule(
                "condition", condition != nil, appliesIf: spectrum != .file && spectrum != .like,
                needs: "a spectrum that is neither of a file nor like another"),
            of(.twoLevel, option: "ratio", ratio != nil), of(.twoLevel, option: "fraction", fraction != nil),
            of(.powerLaw, option: "decay", decay != nil), of(.exponential, option: "rate", rate != nil),
            of(.file, option: "eigenvalues", eigenvalues != nil), of(.like, option: "like", like != nil),
            of(.like, option: "matrix", matrix != nil),
        ].check()
        if ratio != nil && condition != nil { throw .usage("--ratio and --condition say the same: give one of them") }
    }

    private func parametricSpectrum() throws -> Spectrum {
        let asked = condition ?? Synthesize.defaultCondition
        switch spectrum {
        case .twoLevel:
            return .twoLevel(
                ratio: ratio ?? condition ?? Synthesize.defaultRatio,
                fractionLarge: fraction ?? Synthesize.defaultFraction)
        case .geometric: return .geometric(conditionNumber: asked)
        case .arithmetic: return .arithmetic(conditionNumber: asked)
        case .clustered, .oneLarge: return .oneLarge(conditionNumber: asked)
        case .oneSmall: return .oneSmall(conditionNumber: asked)
        case .logUniform: return .logUniform(conditionNumber: asked)
        case .powerLaw:
            return .powerLaw(
                exponent: decay ?? Synthesize.defaultDecay, conditionNumber: decay == nil ? asked : condition)
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
            throw StatusError.usage("--spectrum like needs --like INPUT")
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
            try writer.setProvenance(seed: seed, configuration: configuration(order: matrix.order))
        }
    }

    /// What was asked for, for the file's `configuration` attribute, with the defaults in the place of what was not given.
    private func configuration(order: Int) -> [String: ConfigurationValue] {
        var result: [String: ConfigurationValue] = [
            "command": "synthesize", "spectrum": .text(spectrum.rawValue), "precision": .text(precision.rawValue),
            "order": .integer(order), "seed": ConfigurationValue(seed), "reversed": .boolean(reversed),
            "keep-factors": .boolean(keepFactors),
        ]
        result["ratio"] = (spectrum == .twoLevel ? ratio ?? Self.defaultRatio : nil).map { .number($0) }
        result["fraction"] = (spectrum == .twoLevel ? fraction ?? Self.defaultFraction : nil).map { .number($0) }
        result["decay"] = (spectrum == .powerLaw ? decay ?? Self.defaultDecay : nil).map { .number($0) }
        result["rate"] = rate.map { .number($0) }
        result["largest"] = largest.map { .number($0) }
        result["eigenvalues"] = eigenvalues.map { .text($0) }
        result["like"] = like.map { .text($0) }
        result["matrix"] = matrix.map { .text($0) }
        // A power law may do without one.
        let hasCondition = ![.twoLevel, .file, .like, .powerLaw].contains(spectrum)
        result["condition"] = (condition ?? (hasCondition ? Self.defaultCondition : nil)).map { .number($0) }
        return result
    }
}
