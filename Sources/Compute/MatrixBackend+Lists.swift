import MatrixCore

/// Passes over the tensors of a list, one tensor after the other: what a device with one launch for all of them replaces.
///
/// Each is changed as the primitive of a single tensor changes it. Tensors of a list may share their memory with one another and
/// with those that are read; the list must hold a tensor alone for it to be changed in place.
extension MatrixBackend {
    public func combine(_ alphas: [Scalar], intoEach list: inout [Tensor], _ beta: Scalar, _ b: [Tensor]) {
        requireEqualCounts(list, b)
        precondition(alphas.count == list.count, "\(alphas.count) factors for \(list.count) tensors")
        for index in list.indices { combine(alphas[index], into: &list[index], beta, b[index]) }
    }

    public func combineSquares(_ alpha: Scalar, intoEach list: inout [Tensor], _ beta: Scalar, _ b: [Tensor]) {
        requireEqualCounts(list, b)
        for index in list.indices { combineSquares(alpha, into: &list[index], beta, b[index]) }
    }

    public func addQuotient(
        _ alpha: Scalar, intoEach list: inout [Tensor], _ b: [Tensor], rootOf c: [Tensor], scale: Scalar, offset: Scalar
    ) {
        requireEqualCounts(list, b)
        requireEqualCounts(list, c)
        for index in list.indices {
            addQuotient(alpha, into: &list[index], b[index], rootOf: c[index], scale: scale, offset: offset)
        }
    }

    /// Aₖ ← α·Aₖ + β·Bₖ for every tensor of a list.
    public func combine(_ alpha: Scalar, intoEach list: inout [Tensor], _ beta: Scalar, _ b: [Tensor]) {
        combine(Array(repeating: alpha, count: list.count), intoEach: &list, beta, b)
    }

    private func requireEqualCounts(_ list: [Tensor], _ other: [Tensor]) {
        precondition(list.count == other.count, "\(list.count) and \(other.count) tensors")
    }
}
