import Compute
import MatrixCore

/// The passes of first-order optimizers: one launch for the tensors of a list.
extension CUDABackend {
    public func combine(_ alphas: [Scalar], intoEach list: inout [Tensor], _ beta: Scalar, _ b: [Tensor]) {
        precondition(alphas.count == list.count, "\(alphas.count) factors for \(list.count) tensors")
        change(&list, b, alphas: alphas) { launch("combine_each", $0, beta) }
    }

    public func combineSquares(_ alpha: Scalar, intoEach list: inout [Tensor], _ beta: Scalar, _ b: [Tensor]) {
        change(&list, b, alphas: Array(repeating: alpha, count: list.count)) { launch("combine_squares_each", $0, beta) }
    }

    public func addQuotient(
        _ alpha: Scalar, intoEach list: inout [Tensor], _ b: [Tensor], rootOf c: [Tensor], scale: Scalar, offset: Scalar
    ) {
        change(&list, b, c, alphas: Array(repeating: alpha, count: list.count)) {
            launch("add_quotient_each", $0, scale, offset)
        }
    }

    public func combine(_ alpha: Scalar, into a: inout Tensor, _ beta: Scalar, _ b: Tensor) {
        changeAlone(&a) { combine([alpha], intoEach: &$0, beta, [b]) }
    }

    public func combineSquares(_ alpha: Scalar, into a: inout Tensor, _ beta: Scalar, _ b: Tensor) {
        changeAlone(&a) { combineSquares(alpha, intoEach: &$0, beta, [b]) }
    }

    public func addQuotient(
        _ alpha: Scalar, into a: inout Tensor, _ b: Tensor, rootOf c: Tensor, scale: Scalar, offset: Scalar
    ) {
        changeAlone(&a) { addQuotient(alpha, intoEach: &$0, [b], rootOf: [c], scale: scale, offset: offset) }
    }

    /// A list of one, which alone holds the tensor meanwhile.
    private func changeAlone(_ a: inout Tensor, _ body: (inout [Tensor]) -> Void) {
        var list = [consume a]
        body(&list)
        a = list[0]
    }

    /// Gives every tensor of a list new entries: in its own memory where nobody else holds it, else in new one.
    ///
    /// What is read stays as it was until all have been launched: a tensor that occurs twice, or among those that are read, has
    /// another holder, and so its entries are written elsewhere.
    ///
    /// - Parameters:
    ///   - alphas: a factor of every tensor.
    ///   - launch: launches what writes all entries of the tensors, some at a time.
    private func change(
        _ list: inout [Tensor], _ b: [Tensor], _ c: [Tensor]? = nil, alphas: [Scalar],
        by launch: (TensorList<Scalar>) -> Void
    ) {
        precondition(list.count == b.count && c?.count ?? b.count == b.count, "\(list.count) tensors and \(b.count) others")
        // What is kept for the next product would have to be left as it is.
        stream.keep([])
        // Of tensors that are shared, what they were: nobody may give it back, or be told to hold it alone, before the launch.
        var shared: [Tensor] = []
        var launches = TensorList<Scalar>()
        for index in list.indices {
            let source = list[index].address
            requireEqualShapes(list[index], b[index])
            if let c { requireEqualShapes(list[index], c[index]) }
            if !isKnownUniquelyReferenced(&list[index].memory) {
                let result = makeTensor(rows: list[index].rows, columns: list[index].columns)
                shared.append(list[index])
                list[index] = result
            }
            if list[index].count == 0 { continue }
            if launches.isFull {
                launch(launches)
                launches = TensorList()
            }
            launches.append(
                list[index], source: source, b[index].address, c?[index].address ?? 0, alpha: alphas[index])
        }
        launch(launches)
        withExtendedLifetime(shared) {}
    }

    private func launch<each Argument: BitwiseCopyable>(
        _ kernel: String, _ list: TensorList<Scalar>, _ arguments: repeat each Argument
    ) {
        launch(
            .elements, kernel, blocks: list.blockCount, threads: TensorList<Scalar>.threadsOfBlock, list, repeat each arguments)
    }
}

/// The parameter `List` of the kernels, field by field. It goes with the launch, whose parameters may take 4 KB: no memory of the
/// device, and no copy to it.
private struct TensorList<Scalar: CUDAScalar>: BitwiseCopyable {
    static var threadsOfBlock: Int { 256 }
    /// Entries that a block of threads changes.
    private static var lengthOfPart: Int { 1 << 14 }

    private struct Item: BitwiseCopyable {
        var target: Driver.Address = 0
        var a: Driver.Address = 0
        var b: Driver.Address = 0
        var c: Driver.Address = 0
        var count: Int64 = 0
        /// The number of blocks of threads that this tensor and those before it have.
        var end: UInt32 = 0
        var alpha: Scalar = 0
    }

    private var count: Int64 = 0
    private var items = InlineArray<64, Item>(repeating: Item())

    var isFull: Bool { count == items.count }
    var blockCount: Int { count == 0 ? 0 : Int(items[Int(count) - 1].end) }

    mutating func append(
        _ tensor: CUDATensor<Scalar>, source: Driver.Address, _ b: Driver.Address, _ c: Driver.Address, alpha: Scalar
    ) {
        let end = blockCount + (tensor.count - 1) / Self.lengthOfPart + 1
        items[Int(count)] = Item(
            target: tensor.address, a: source, b: b, c: c, count: Int64(tensor.count), end: UInt32(end), alpha: alpha)
        count += 1
    }
}
