/// Numbers with a shape, in the row-major order of the file: the last index runs fastest.
public struct NumericArray<Element: Sendable>: Sendable {
    public let shape: [Int]
    public let values: [Element]

    /// - Precondition: `values.count` is the product of `shape`.
    public init(shape: [Int], values: [Element]) {
        precondition(shape.allSatisfy { $0 >= 0 }, "the shape \(shape)")
        precondition(
            values.count == shape.reduce(1, *), "\(values.count) values for the shape \(shape)")
        self.shape = shape
        self.values = values
    }
}

extension NumericArray: Equatable where Element: Equatable {}
