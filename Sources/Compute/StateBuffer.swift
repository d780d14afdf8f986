import MatrixCore

/// The values of one buffer of a state, in the form in which it is kept.
public enum StateBuffer: Sendable {
    case floats([Float])
    case doubles([Double])
    /// Packed codes, sign bits, text.
    case bytes([UInt8])
    /// Counts and generator positions.
    case integers([UInt64])

    /// Values of a backend's scalar: `floats` or `doubles`.
    public init<Scalar: MatrixScalar>(_ values: [Scalar]) {
        if Scalar.self == Float.self, let floats = values as? [Float] {
            self = .floats(floats)
        } else if let doubles = values as? [Double] {
            self = .doubles(doubles)
        } else {
            self = .doubles(values.map { Double($0) })
        }
    }

    /// Values of a backend's scalar, nil where the buffer is of another kind.
    public func scalars<Scalar: MatrixScalar>() -> [Scalar]? {
        switch self {
        case .floats(let values): Scalar.self == Float.self ? values as? [Scalar] : nil
        case .doubles(let values):
            Scalar.self == Float.self ? nil : values as? [Scalar] ?? values.map { Scalar($0) }
        case .bytes, .integers: nil
        }
    }

    public var kind: String {
        switch self {
        case .floats: "floats"
        case .doubles: "doubles"
        case .bytes: "bytes"
        case .integers: "integers"
        }
    }

    public var byteCount: Int {
        switch self {
        case .floats(let values): 4 * values.count
        case .doubles(let values): 8 * values.count
        case .bytes(let values): values.count
        case .integers(let values): 8 * values.count
        }
    }
}

/// Equal kinds and bits: a NaN equals itself, and the two zeros differ.
extension StateBuffer: Equatable {
    public static func == (a: StateBuffer, b: StateBuffer) -> Bool {
        switch (a, b) {
        case (.floats(let x), .floats(let y)): x.elementsEqual(y) { $0.bitPattern == $1.bitPattern }
        case (.doubles(let x), .doubles(let y)): x.elementsEqual(y) { $0.bitPattern == $1.bitPattern }
        case (.bytes(let x), .bytes(let y)): x == y
        case (.integers(let x), .integers(let y)): x == y
        case (.floats, _), (.doubles, _), (.bytes, _), (.integers, _): false
        }
    }
}
