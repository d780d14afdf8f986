/// What `deflated` is to reach: an error, or a number of bytes.
public struct DeflationGoal: Sendable, Hashable {
    public enum Target: Sendable, Hashable {
        /// ‖X − R‖F/‖R‖F of the root, about.
        case error(Double)
        /// At most so many bits an n² entry, everything counted.
        case bitsPerEntry(Double)
    }

    public let target: Target
    /// How much finer what inflates small eigenvalues of A is coded, in units of the error; 0 for one matrix alone.
    public let leak: Double

    /// An error of 0.01, where nothing else is asked for.
    public static let standard = DeflationGoal(standardError)
    public static let standardError = 0.01
    /// Of a statistic that is coded anew at every update.
    public static let trainingLeak = 0.25

    private init(_ error: Double) {
        target = .error(error)
        leak = 0
    }

    /// - Throws: `DeflationError.invalidGoal`.
    public init(_ target: Target, leak: Double = 0) throws(DeflationError) {
        switch target {
        case .error(let error):
            guard error >= 1e-6 && error <= 0.5 else { throw .invalidGoal("nre \(error): give 1e-6 to 0.5") }
        case .bitsPerEntry(let bits):
            guard bits >= 0.05 && bits <= 16 else { throw .invalidGoal("bits-per-entry \(bits): give 0.05 to 16") }
        }
        guard leak >= 0 && leak <= 1000 else { throw .invalidGoal("leak \(leak): give 0 to 1000") }
        self.target = target
        self.leak = leak
    }
}

/// `nre` or `bits-per-entry`, and `leak`.
extension DeflationGoal: Codable {
    private enum Key: String, CodingKey {
        case error = "nre"
        case bitsPerEntry = "bits-per-entry"
        case leak
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let target: Target =
            if let error = try values.decodeIfPresent(Double.self, forKey: .error) { .error(error) } else {
                .bitsPerEntry(try values.decode(Double.self, forKey: .bitsPerEntry))
            }
        try self.init(target, leak: values.decode(Double.self, forKey: .leak))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        switch target {
        case .error(let error): try values.encode(error, forKey: .error)
        case .bitsPerEntry(let bits): try values.encode(bits, forKey: .bitsPerEntry)
        }
        try values.encode(leak, forKey: .leak)
    }
}

/// Why a matrix is not kept in the form of `deflated`.
public enum DeflationError: Error, Sendable, Equatable, CustomStringConvertible {
    case invalidGoal(String)
    /// A root has an eigenvalue that is not positive.
    case notPositive(smallestEigenvalue: Double)
    /// Steps or values leave the range of the format.
    case outOfRange(String)
    /// No error up to 0.5 takes so few bits.
    case budgetTooSmall(bitsPerEntry: Double)
    /// Bytes that are none of the format.
    case damaged(String)

    public var description: String {
        switch self {
        case .invalidGoal(let reason): reason
        case .notPositive(let value):
            "the eigenvalue \(value) of the root is not positive: deflated keeps positive definite roots"
        case .outOfRange(let reason): "the form of deflated has no place for it: \(reason)"
        case .budgetTooSmall(let bits): "\(bits) bits an entry are too few for this matrix, whatever the error; give more"
        case .damaged(let reason): "the bytes are damaged: \(reason)"
        }
    }
}
