import Compute
import MatrixCore
import Quantization

/// Eigenvalues in float32, the eigenvector matrix as coded Householder reflectors and sign bits.
struct HouseholderStorage: CodedStatisticDefinition {
    static let traits = StorageTraits(isFactored: true, dependsOnRoot: true)
    let coding: BlockCoding

    var uncoded: any StatisticDefinition { BasisStorage(iteratesInDescendingOrder: true) }

    func buffers(order: Int, hasErrorFeedback: Bool) -> BufferBytes {
        .coded(.strictLower, coding, order: order, hasDiagonal: true, hasSigns: true)
    }

    func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        let eigenvalues = source.eigenvalues
        return try HouseholderStatistic(
            eigenvalues: eigenvalues, vectors: source.eigenvectors,
            permutation: reflectorPermutation(eigenvalues: eigenvalues, exponent: use.exponent, damping: use.damping),
            coding: coding, backend: backend)
    }
}

extension StatisticStorage {
    public static func householder(_ coding: BlockCoding) -> StatisticStorage { Storage(.householder, coding) }
}

/// A statistic kept by its eigenvalues in float32 and the coded Householder reflectors of its eigenvector matrix,
/// U = H₁H₂…Hₙ·Diag(±1).
///
/// vₖ has an implied 1 in place k and its coded tail below. Decoding takes τₖ = 2/(1 + ‖tail‖²), which makes every Hₖ
/// orthogonal whatever the codes, so the product needs no rectification. Column k of the product carries the errors of
/// k reflectors; the eigenvectors that matter most to A^(-p) therefore come first.
public struct HouseholderStatistic<Backend: MatrixBackend>: FactoredStatistic {
    public private(set) var eigenvalues: [Float]
    private var tails: Backend.CodedTensor
    /// Bit k % 8 of byte k / 8 is 1 where column k of the product is to be negated.
    private var negations: [UInt8]
    private let coding: BlockCoding

    public var areVectorsOrthonormal: Bool { true }
    public var iteratesInDescendingOrder: Bool { true }

    /// - Parameters:
    ///   - vectors: the orthonormal eigenvectors, a column each, belonging to `eigenvalues`.
    ///   - permutation: `reflectorPermutation` of the eigenvalues.
    /// - Throws: `QuantizationError.notFinite`.
    public init(
        eigenvalues: [Backend.Scalar], vectors: Backend.Tensor, permutation: [Int], coding: BlockCoding, backend: Backend
    ) throws(QuantizationError) {
        let (packed, scalars) = backend.householderQR(backend.selectColumns(vectors, permutation))
        let onHost = backend.values(of: [backend.diagonal(packed), scalars])
        // R is Diag(±1).
        try self.init(
            eigenvalues: permutation.map { eigenvalues[$0] }, reflectors: packed, scalars: onHost[1],
            negative: onHost[0].map { $0 < 0 }, coding: coding, backend: backend)
    }

    /// The eigenvectors H₁H₂…Hₙ·Diag(±1), − where `negative`, from reflectors in the order of the eigenvalues.
    ///
    /// - Parameters:
    ///   - reflectors: their tails below the diagonal, as `householderQR` leaves them; the rest is not read.
    ///   - scalars: τₖ.
    /// - Throws: `QuantizationError.notFinite`.
    init(
        eigenvalues: [Backend.Scalar], reflectors: Backend.Tensor, scalars: [Backend.Scalar], negative: [Bool],
        coding: BlockCoding, backend: Backend
    ) throws(QuantizationError) {
        self.coding = coding
        self.eigenvalues = try singlePrecision(eigenvalues)
        tails = try backend.encode(reflectors, region: .strictLower, coding: coding, keepingDiagonal: false)
        var negations = [UInt8](repeating: 0, count: (negative.count + 7) / 8)
        // Where LAPACK found a zero tail it left Hₖ = I, τ = 0, which decodes as the reflection of axis k.
        let lastIsIdentity = negative.count - 1
        for (index, isNegative) in negative.enumerated() {
            let reflectsAxis = scalars[index] == 0 && index != lastIsIdentity
            if isNegative != reflectsAxis { negations[index / 8] |= 1 << (index % 8) }
        }
        self.negations = negations
    }

    public mutating func replace(
        by factors: NewFactors<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws(QuantizationError) {
        let permutation = reflectorPermutation(
            eigenvalues: factors.eigenvalues, exponent: use.exponent, damping: use.damping)
        guard let reflectors = factors.reflectors, permutation == Array(0..<order) else {
            self = try HouseholderStatistic(
                eigenvalues: factors.eigenvalues, vectors: factors.vectors, permutation: permutation, coding: coding,
                backend: backend)
            return
        }
        // The step's own reflectors: its order is the one to store in, and another factorization is saved.
        self = try HouseholderStatistic(
            eigenvalues: factors.eigenvalues, reflectors: reflectors.packed, scalars: reflectors.scalars,
            negative: [Bool](repeating: false, count: order), coding: coding, backend: backend)
    }

    public func vectors(rectificationSteps steps: Int, _ backend: Backend) -> Backend.Tensor { vectors(backend) }

    /// The eigenvectors, orthonormal to the rounding of the backend's scalar.
    public func vectors(_ backend: Backend) -> Backend.Tensor {
        let reflectors = backend.decode(tails)
        // The last reflector has no tail: it is the identity, as LAPACK leaves it.
        let scalars = backend.map(
            backend.squaredColumnNorms(reflectors), .reflectorScalars(count: eigenvalues.count - 1))
        let signs = eigenvalues.indices.map { index -> Backend.Scalar in
            negations[index / 8] >> (index % 8) & 1 == 1 ? -1 : 1
        }
        return backend.scaleColumns(
            backend.orthogonalFactor(reflectors: reflectors, scalars: scalars), by: backend.vector(signs))
    }

    public func byteCount(_ backend: Backend) -> Int {
        4 * eigenvalues.count + negations.count + backend.byteCount(tails)
    }

    /// `eigenvalues`, `negations`, and the reflectors' codes and block maxima.
    public func archive(_ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        archive.add("eigenvalues", .floats(eigenvalues))
        archive.add("negations", .bytes(negations))
        archive.add("reflectors", backend.parts(of: tails).archive)
        return archive
    }

    public mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        eigenvalues = try archive.floats("eigenvalues", count: eigenvalues.count)
        negations = try archive.bytes("negations", count: negations.count)
        let usedBits = eigenvalues.count % 8
        if usedBits > 0, let last = negations.last, last >> usedBits != 0 {
            throw archive.error("negations", .invalid("bits behind the last sign are set"))
        }
        tails = try backend.codedTensor(like: tails, from: archive.part("reflectors"))
    }
}

/// Which eigenvectors become the first, the second … reflector: by |w − median w| for the weights w = (|λ| + ε·max|λ|)^(-p),
/// farthest first, equal ones as they come. Of an even number of weights the lower of the two middle ones is the median: the
/// two are equally far from their mean, and rounding would choose between them.
///
/// A cluster of equal weights does not mind how it is rotated within itself, so what is near the median can bear the
/// accumulated errors of the last columns.
public func reflectorPermutation<Scalar: MatrixScalar>(
    eigenvalues: [Scalar], exponent: Double, damping: Double
) -> [Int] {
    guard !eigenvalues.isEmpty else { return [] }
    let weights = inversePower(of: eigenvalues.map(\.magnitude), exponent: exponent, damping: damping)
    let median = weights.sorted()[(weights.count - 1) / 2]
    let distances = weights.map { weight in
        // An infinite weight (λ = 0 without damping) is the farthest of all, not a NaN.
        weight.isFinite ? (weight - median).magnitude : .infinity
    }
    return weights.indices.sorted {
        distances[$0] != distances[$1] ? distances[$0] > distances[$1] : $0 < $1
    }
}
