import Compute
import MatrixCore
import Quantization

/// Eigenvalues in float32, the eigenvector matrix as coded Householder reflectors and sign bits.
struct HouseholderStorage: StatisticDefinition {
    static let traits = StorageTraits(isFactored: true, dependsOnRoot: true, codesReflectors: true)
    let coding: BlockCoding
    let loop: ReflectorLoop

    static func with(_ settings: StorageSettings) -> HouseholderStorage {
        guard let coding = settings.coding, let loop = settings.reflectorLoop else {
            preconditionFailure("reflectors without a coding and a loop")
        }
        return HouseholderStorage(coding: coding, loop: loop)
    }

    var uncoded: any StatisticDefinition { BasisStorage(iteratesInDescendingOrder: true) }

    func form(order: Int) -> CodedForm { CodedForm(order: order, region: .strictLower, coding: coding) }

    func buffers(order: Int, hasErrorFeedback: Bool) -> BufferBytes {
        var bytes = BufferBytes(of: form(order: order), values: order)
        bytes.signs = (order + 7) / 8
        return bytes
    }

    func keep<Backend: MatrixBackend>(
        _ source: some StatisticSource<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws -> any KeptStatistic<Backend> {
        let eigenvalues = source.eigenvalues
        return try HouseholderStatistic(
            eigenvalues: eigenvalues, vectors: source.eigenvectors,
            permutation: reflectorPermutation(
                eigenvalues: backend.values(of: eigenvalues), exponent: use.exponent, damping: use.damping),
            coding: coding, loop: loop, backend: backend)
    }
}

extension StatisticStorage {
    public static func householder(_ coding: BlockCoding, loop: ReflectorLoop = .closed) -> StatisticStorage {
        Storage(.householder, StorageSettings(coding: coding, reflectorLoop: loop))
    }
}

/// A statistic kept by its eigenvalues in float32 and the coded Householder reflectors of its eigenvector matrix,
/// U = H₁H₂…Hₙ·Diag(±1).
///
/// vₖ has an implied 1 in place k and its coded tail below. Decoding takes τₖ = 2/(1 + ‖tail‖²), which makes every Hₖ
/// orthogonal whatever the codes, so the product needs no rectification. Column k of the product carries the errors of
/// k reflectors; the eigenvectors that matter most to A^(-p) therefore come first.
///
/// In a closed loop each reflector is computed from what the coded ones before it left over, and makes up for their errors: by 4
/// bits NRE of A^(-1/4) is up to 16 % less than with the reflectors of a QR factorization, at the same bytes and for the same
/// decoder.
public struct HouseholderStatistic<Backend: MatrixBackend>: FactoredStatistic {
    public let order: Int
    public private(set) var eigenvalues: Backend.Vector
    private var tails: Backend.CodedTensor
    /// −1 where a column of the product is to be negated, otherwise 1.
    private var signs: Backend.Vector
    private let storage: HouseholderStorage

    public var areVectorsOrthonormal: Bool { true }
    public var iteratesInDescendingOrder: Bool { true }

    /// - Parameters:
    ///   - vectors: the orthonormal eigenvectors, a column each, belonging to `eigenvalues`.
    ///   - permutation: `reflectorPermutation` of the eigenvalues.
    /// - Throws: `QuantizationError.notFinite`.
    public init(
        eigenvalues: Backend.Vector, vectors: Backend.Tensor, permutation: [Int], coding: BlockCoding,
        loop: ReflectorLoop = .closed, backend: Backend
    ) throws(QuantizationError) {
        let vectors = backend.selectColumns(vectors, permutation)
        let eigenvalues = backend.select(eigenvalues, permutation: permutation)
        let storage = HouseholderStorage(coding: coding, loop: loop)
        switch loop {
        case .closed:
            let (reflectors, negative) = closedLoop(vectors, coding, backend)
            try self.init(
                eigenvalues: eigenvalues, reflectors: reflectors, negative: negative, storage: storage, backend: backend)
        case .open:
            let (packed, scalars) = backend.householderQR(vectors)
            let onHost = backend.values(of: [backend.diagonal(packed), scalars])
            // R is Diag(±1).
            try self.init(
                eigenvalues: eigenvalues, reflectors: packed,
                negative: foundIdentities(onHost[0].map { $0 < 0 }, scalars: onHost[1]), storage: storage, backend: backend)
        }
    }

    /// The eigenvectors H₁H₂…Hₙ·Diag(±1), − where `negative`, from reflectors in the order of the eigenvalues.
    ///
    /// - Parameters:
    ///   - reflectors: their tails below the diagonal, before coding; the rest is not read.
    /// - Throws: `QuantizationError.notFinite`.
    private init(
        eigenvalues: Backend.Vector, reflectors: Backend.Tensor, negative: [Bool], storage: HouseholderStorage,
        backend: Backend
    ) throws(QuantizationError) {
        self.storage = storage
        order = negative.count
        self.eigenvalues = try backend.singlePrecision(eigenvalues)
        tails = try backend.encode(reflectors, as: storage.form(order: order))
        signs = backend.vector(negative.map { $0 ? -1 : 1 })
    }

    public mutating func replace(
        by factors: NewFactors<Backend>, for use: StatisticUse, _ backend: Backend
    ) throws(QuantizationError) {
        let onHost = backend.values(of: [factors.eigenvalues] + (factors.reflectors.map { [$0.scalars] } ?? []))
        let permutation = reflectorPermutation(eigenvalues: onHost[0], exponent: use.exponent, damping: use.damping)
        guard let reflectors = factors.reflectors, storage.loop == .open, permutation == Array(0..<order) else {
            self = try HouseholderStatistic(
                eigenvalues: factors.eigenvalues, vectors: factors.vectors, permutation: permutation,
                coding: storage.coding, loop: storage.loop, backend: backend)
            return
        }
        // The step's own reflectors: its order is the one to store in, and another factorization is saved.
        self = try HouseholderStatistic(
            eigenvalues: factors.eigenvalues, reflectors: reflectors.packed,
            negative: foundIdentities([Bool](repeating: false, count: order), scalars: onHost[1]), storage: storage,
            backend: backend)
    }

    public func vectors(rectificationSteps steps: Int, _ backend: Backend) -> Backend.Tensor { vectors(backend) }

    /// The eigenvectors, orthonormal to the rounding of the backend's scalar.
    public func vectors(_ backend: Backend) -> Backend.Tensor {
        let reflectors = backend.decode(tails)
        // The last reflector has no tail: it is the identity, as LAPACK leaves it.
        let scalars = backend.map(backend.squaredColumnNorms(reflectors), .reflectorScalars(count: order - 1))
        return backend.scaleColumns(backend.orthogonalFactor(reflectors: reflectors, scalars: scalars), by: signs)
    }

    public mutating func replace(eigenvalues: Backend.Vector, _ backend: Backend) throws(QuantizationError) {
        self.eigenvalues = try backend.singlePrecision(eigenvalues)
    }

    public func byteCount(_ backend: Backend) -> Int { 4 * order + signByteCount + backend.byteCount(tails) }

    private var signByteCount: Int { (order + 7) / 8 }

    /// `eigenvalues`, `negations`, and the reflectors' codes and block maxima. Bit k % 8 of byte k / 8 of the negations is 1
    /// where column k is to be negated.
    public func archive(_ backend: Backend) -> StateArchive {
        let onHost = backend.values(of: [eigenvalues, signs])
        var negations = [UInt8](repeating: 0, count: signByteCount)
        for (index, sign) in onHost[1].enumerated() where sign < 0 { negations[index / 8] |= 1 << (index % 8) }
        var archive = StateArchive()
        archive.add("eigenvalues", .floats(onHost[0].map { Float($0) }))
        archive.add("negations", .bytes(negations))
        archive.add("reflectors", backend.codedMatrix(tails).archive)
        return archive
    }

    public mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        eigenvalues = backend.vector(try archive.floats("eigenvalues", count: order).map { Backend.Scalar($0) })
        let negations = try archive.bytes("negations", count: signByteCount)
        let usedBits = order % 8
        if usedBits > 0, let last = negations.last, last >> usedBits != 0 {
            throw archive.error("negations", .invalid("bits behind the last sign are set"))
        }
        signs = backend.vector(
            (0..<order).map { (index: Int) -> Backend.Scalar in
                let byte = negations[index / 8] >> (index % 8)
                return byte & 1 == 1 ? -1 : 1
            })
        tails = try backend.codedTensor(like: tails, from: archive.part("reflectors"))
    }
}

/// The tails of reflectors in a closed loop, before they are coded: the code of each is that of the backend, to the bit.
private func closedLoop<Backend: MatrixBackend>(
    _ vectors: Backend.Tensor, _ coding: BlockCoding, _ backend: Backend
) -> (reflectors: Backend.Tensor, negative: [Bool]) {
    var left = vectors
    let count = backend.shape(of: vectors).columns
    let found = reflectInClosedLoop(&left, count: count, appliesToAll: false, backend) { index, tail in
        // What the backend will be given.
        let single = tail.map { Float(Backend.Scalar($0)) }
        // Entries that are not finite have no code; the backend says where they are.
        guard single.allSatisfy(\.isFinite) else { return tail }
        return backend.throughCodes(single, row: index + 1, column: index, coding: coding).map { Double($0) }
    }
    return (backend.tensor(inScalar(found.tails)), found.isNegative)
}

/// Where LAPACK found a zero tail it left Hₖ = I, τ = 0, which decodes as the reflection of axis k; but for the last, which
/// decodes as it was.
private func foundIdentities<Scalar: MatrixScalar>(_ negative: [Bool], scalars: [Scalar]) -> [Bool] {
    negative.enumerated().map { index, isNegative in
        isNegative != (scalars[index] == 0 && index != negative.count - 1)
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
    let weights = VectorOperation.inversePower(exponent: exponent, damping: damping).applied(
        to: eigenvalues.map(\.magnitude))
    let median = weights.sorted()[(weights.count - 1) / 2]
    let distances = weights.map { weight in
        // An infinite weight (λ = 0 without damping) is the farthest of all, not a NaN.
        weight.isFinite ? (weight - median).magnitude : .infinity
    }
    return weights.indices.sorted {
        distances[$0] != distances[$1] ? distances[$0] > distances[$1] : $0 < $1
    }
}
