import Compute
import MatrixCore
import Preconditioning
import Quantization

/// M-FAC: the inverse of the Fisher matrix of the last m gradients, F = λI + (1/m)·Σ gᵢgᵢᵀ, times the gradient.
///
/// The gᵢ are gradients of all parameters together, zero before there were so many. With K = (⟨gᵢ, gⱼ⟩) and k = (⟨gᵢ, g⟩),
/// F⁻¹g = (g − Σ yᵢgᵢ)/λ where (mλI + K)·y = k; a gradient takes the place of the oldest one before it is preconditioned. Of K one
/// row changes a step: every parameter keeps its own share of the products, and the shares are summed where all parameters
/// meet. The window can be coded; K is then of the gradients as they come back.
///
/// Source: Frantar, Kurtic and Alistarh, "M-FAC: Efficient matrix-free approximations of second-order information", NeurIPS 2021,
/// section 3.2 (the dynamic algorithm); m and λ of the defaults as Wang et al. 2024, table 11.
public enum MFACMethod: PreconditionerMethod {
    public static let name = "mfac"
    public static let keepsRoots = false
    /// The damping is λ.
    public static let defaults = PreconditionerDefaults(
        statisticsInterval: 1, rootInterval: 1, largestOrder: .max, decay: 0, damping: 0.1, exponent: 1,
        updateRectificationSteps: 0, rootRectificationSteps: 0, beginsAtZero: true, retainsDamping: false,
        own: MethodParameters(gradients: 32))

    /// Gradients are kept as they are, or every entry coded.
    public static func admits(_ statistic: StatisticKind) -> Bool { [.exact, .full].contains(statistic) }

    public static func adjust(_ values: inout FirstOrderHyperparameters) {
        (values.learningRate, values.weightDecay) = (1e-3, 5e-4)
    }

    /// The window, and the products in double.
    public static func buffers(
        of parameter: ParameterShape, _ scheme: PreconditionerScheme, _ settings: PreconditionerSettings
    ) -> (statistics: BufferBytes, roots: BufferBytes) {
        let (count, entries) = (settings.own.gradients ?? 0, parameter.rows * parameter.columns)
        let gradient = scheme.statistic.coding.map {
            BufferBytes(of: CodedForm(rows: entries, columns: 1, region: .columns, codings: .all($0)))
        }
        let window = (0..<count).reduce(BufferBytes()) { sum, _ in sum + (gradient ?? .entries(entries)) }
        return (window + .entries(2 * count * count), BufferBytes())
    }

    public static func preconditioned<Base: OptimizerRule>(
        _ base: Base, _ settings: PreconditionerSettings
    ) -> any OptimizerRule<Base.Backend> {
        Preconditioned(base: base, method: MFAC<Base.Backend>(settings))
    }
}

/// M-FAC with its settings.
public struct MFAC<Backend: MatrixBackend>: GradientPreconditioner {
    public struct State: Sendable {
        /// m gradients of one parameter; the oldest is at `next`.
        var window: [KeptTensor<Backend>]
        var next = 0
        /// The parameter's share of K, row after row.
        var products: [Double]
        /// Its share of k at the last step; not of the state, and nil until there is one.
        var share: [Double]?
    }

    public let settings: PreconditionerSettings

    public init(_ settings: PreconditionerSettings) { self.settings = settings }

    public init(from decoder: any Decoder) throws {
        settings = try PreconditionerSettings(from: decoder, method: MFACMethod.name)
    }

    public func encode(to encoder: any Encoder) throws { try settings.encode(to: encoder, method: MFACMethod.name) }

    public var schedule: PreconditionerSchedule { settings.schedule }
    private var count: Int { settings.own.gradients ?? MFACMethod.defaults.own.gradients ?? 1 }

    /// Parameters of one dimension have a share, too.
    public func initialState(
        for parameter: ParameterShape, named name: String?, using generator: inout some RandomNumberGenerator,
        _ backend: Backend
    ) throws -> State? {
        let zero = KeptTensor(zerosOf: parameter, coding: settings.scheme.statistic.coding, backend)
        return State(
            window: Array(repeating: zero, count: count), products: [Double](repeating: 0, count: count * count))
    }

    public func update(
        _ state: inout State, with gradient: ParameterGradient<Backend>, step: OptimizerStep, _ backend: Backend
    ) {
        if schedule.takesStatistics(at: step) {
            let place = state.next
            state.window[place].keep(gradient.tensor, backend)
            let products = dots(state, state.window[place].decoded(backend), backend)
            for index in 0..<count {
                state.products[place * count + index] = products[index]
                state.products[index * count + place] = products[index]
            }
            state.next = (place + 1) % count
            if !state.window[place].isCoded {
                // The gradient itself is in the window.
                state.share = products
                return
            }
        }
        state.share = dots(state, gradient.tensor, backend)
    }

    /// ⟨gᵢ, a⟩ for every gradient of the window: columns by the backend, their sum in double.
    private func dots(_ state: State, _ a: Backend.Tensor, _ backend: Backend) -> [Double] {
        backend.values(of: state.window.map { backend.columnProducts($0.decoded(backend), a) }).map {
            $0.reduce(0.0) { $0 + Double($1) }
        }
    }

    public func direction(of gradient: Backend.Tensor, _ state: State, _ backend: Backend) -> Backend.Tensor { gradient }

    public func complete(
        _ directions: inout [Backend.Tensor], of gradients: [ParameterGradient<Backend>], _ states: [State],
        learningRate: Double, _ backend: Backend
    ) throws(GradientError) {
        let damping = settings.scheme.damping
        var matrix = sum(states.map(\.products), count: count * count)
        for index in 0..<count { matrix[index * count + index] += Double(count) * damping }
        let shares = solvePositiveDefinite(matrix, sum(states.compactMap(\.share), count: count))
        for (index, state) in states.enumerated() {
            for (weight, gradient) in zip(shares, state.window) where weight != 0 {
                backend.combine(1, into: &directions[index], Backend.Scalar(-weight), gradient.decoded(backend))
            }
        }
        let whole = directions
        backend.combine(Backend.Scalar(1 / damping), intoEach: &directions, 0, whole)
        _ = try finiteNorms(of: directions, backend)
    }

    private func sum(_ lists: [[Double]], count: Int) -> [Double] {
        lists.reduce(into: [Double](repeating: 0, count: count)) { sum, list in
            for index in list.indices { sum[index] += list[index] }
        }
    }

    public func sides(of state: State) -> [PreconditionerSide<Backend>] { [] }

    public func byteCount(_ state: State, _ backend: Backend) -> Int {
        state.window.reduce(8 * state.products.count) { $0 + $1.byteCount(backend) }
    }

    /// `window/0`, `window/1`, … and `products`, together `byteCount` bytes, and `next`.
    public func archive(_ state: State, _ backend: Backend) -> StateArchive {
        var archive = StateArchive()
        for (index, gradient) in state.window.enumerated() { gradient.add(to: &archive, as: "window/\(index)", backend) }
        archive.add("products", .doubles(state.products))
        archive.add("next", .integers([UInt64(state.next)]))
        return archive
    }

    public func read(
        _ state: inout State, from archive: StateArchive, _ backend: Backend
    ) throws(StateArchiveError) {
        for index in state.window.indices { try state.window[index].read("window/\(index)", from: archive, backend) }
        state.products = try archive.doubles("products", count: count * count)
        let next = try archive.integers("next", count: 1)[0]
        guard next < count else { throw archive.error("next", .invalid("\(next) is no place in a window of \(count)")) }
        state.next = Int(next)
    }
}

/// x of A·x = b for a symmetric positive definite A of rows one after another, by its factors L·D·Lᵀ.
func solvePositiveDefinite(_ a: [Double], _ b: [Double]) -> [Double] {
    let order = b.count
    var factor = a
    var solution = b
    for column in 0..<order {
        for row in column + 1..<max(order, column + 1) {
            let ratio = factor[row * order + column] / factor[column * order + column]
            if ratio == 0 { continue }
            for other in column + 1..<order { factor[row * order + other] -= ratio * factor[column * order + other] }
            solution[row] -= ratio * solution[column]
        }
    }
    for row in (0..<order).reversed() {
        for column in row + 1..<max(order, row + 1) { solution[row] -= factor[row * order + column] * solution[column] }
        solution[row] /= factor[row * order + row]
    }
    return solution
}
