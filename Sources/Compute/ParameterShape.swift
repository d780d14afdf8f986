/// The dimensions of a parameter and the matrix that stands for it.
///
/// Dimensions of size 1 are dropped; what then has two or more is the matrix of the first by the product of the rest,
/// entry (i, j) being element i·columns + j in row-major order. What has one is a single column, without
/// preconditioners.
public struct ParameterShape: Sendable, Equatable, Codable {
    public let dimensions: [Int]

    /// - Precondition: no dimension is negative.
    public init(_ dimensions: [Int]) {
        precondition(dimensions.allSatisfy { $0 >= 0 }, "dimensions \(dimensions)")
        self.dimensions = dimensions
    }

    private var proper: [Int] { dimensions.filter { $0 != 1 } }

    public var rows: Int { proper.first ?? 1 }
    public var columns: Int { proper.dropFirst().reduce(1, *) }
    /// Whether the parameter has the two sides that preconditioners need.
    public var isMatrix: Bool { proper.count >= 2 && !proper.contains(0) }
}
