import Compute
import MatrixCore

/// How the reflectors of an orthonormal matrix are computed when they are coded.
public enum ReflectorLoop: String, Sendable, Codable, CaseIterable {
    /// Each from what the coded ones before it left over of its column, so that it makes up for their errors as well.
    case closed
    /// Each from what exact ones would have left over, as a QR factorization does.
    case open
}

/// Householder reflectors that were coded in a closed loop.
struct CodedReflectors {
    /// Column k has the tail of reflector k below its diagonal, as it was before it was coded and as it came back.
    let tails: Matrix<Double>
    let decoded: Matrix<Double>
    /// Whether Hₖ…H₁ maps column k to −eₖ and not to eₖ, but for the errors of the codes. A reflector without a tail is −1
    /// itself.
    let isNegative: [Bool]
}

/// Replaces X by Hₖ…H₂H₁·X and gives the reflectors, each computed from its column of what the coded ones before it left:
/// x = that column from its place on, normalized, tail = sign(x₀)·x[1…]/(1 + |x₀|), v = (1, the tail as it comes back) and
/// H = I − τvvᵀ with τ = 2/‖v‖².
///
/// Panels of 32 columns are reflected on the host in double precision, and the rest of X by two products a panel,
/// Hₖ…H₁ = I − V·Tᵀ·Vᵀ.
///
/// Source of the products: Schreiber and Van Loan, SIAM J. Sci. Stat. Comput. 10 (1989).
///
/// - Parameters:
///   - count: of reflectors, at most the columns of X.
///   - appliesToAll: whether columns of earlier panels are reflected, too; those after the panel always are.
///   - code: the tail of a reflector as it comes back.
func reflectInClosedLoop<Backend: MatrixBackend>(
    _ x: inout Backend.Tensor, count: Int, appliesToAll: Bool, _ backend: Backend,
    code: (_ index: Int, _ tail: [Double]) -> [Double]
) -> CodedReflectors {
    let (rows, columns) = backend.shape(of: x)
    let width = ReflectorPanel.width
    var tails = Matrix<Double>(rows: rows, columns: count)
    var decoded = tails
    var isNegative: [Bool] = []
    for first in stride(from: 0, to: count, by: width) {
        let last = min(first + width, count)
        var panel = ReflectorPanel(
            inDouble(backend.matrix(backend.block(x, rows: first..<rows, columns: first..<last))))
        for index in first..<last {
            let (tail, negative) = panel.nextTail()
            let back = code(index, tail)
            panel.reflect(by: back)
            for row in index + 1..<max(rows, index + 1) {
                tails[row, index] = tail[row - index - 1]
                decoded[row, index] = back[row - index - 1]
            }
            isNegative.append(negative)
        }
        let changed = appliesToAll ? 0..<columns : last..<columns
        if changed.isEmpty { continue }
        let part = backend.block(x, rows: first..<rows, columns: changed)
        let products = backend.multiply(backend.tensor(inScalar(panel.vectors)), transposed: true, part)
        let change = backend.multiply(backend.tensor(inScalar(panel.blockFactor)), products)
        backend.setBlock(&x, rows: first..<rows, columns: changed, to: backend.combine(1, part, -1, change))
    }
    return CodedReflectors(tails: tails, decoded: decoded, isNegative: isNegative)
}

/// The side from which a matrix is multiplied.
enum ReflectedSide { case left, right }

/// Q·M from the left or M·Qᵀ from the right, Q = H₁H₂…Hₖ of reflectors with these decoded tails (see `CodedReflectors`).
func reflecting<Backend: MatrixBackend>(
    _ matrix: Backend.Tensor, by tails: Matrix<Double>, _ side: ReflectedSide, _ backend: Backend
) -> Backend.Tensor {
    let (rows, columns) = backend.shape(of: matrix)
    var result = matrix
    for first in stride(from: 0, to: tails.columns, by: ReflectorPanel.width).reversed() {
        let last = min(first + ReflectorPanel.width, tails.columns)
        let panel = ReflectorPanel(tails: tails, columns: first..<last)
        let vectors = backend.tensor(inScalar(panel.vectors) as Matrix<Backend.Scalar>)
        let factor = backend.tensor(inScalar(panel.blockFactor) as Matrix<Backend.Scalar>)
        // The panel's H…H = I − V·T·Vᵀ, of which the factor is V·Tᵀ.
        let changed = side == .left ? (first..<rows, 0..<columns) : (0..<rows, first..<columns)
        let part = backend.block(result, rows: changed.0, columns: changed.1)
        let change =
            switch side {
            case .left: backend.multiply(vectors, backend.multiply(factor, transposed: true, part))
            case .right:
                backend.multiply(
                    backend.multiply(part, factor), transposed: false, vectors, transposed: true, alpha: 1)
            }
        backend.setBlock(&result, rows: changed.0, columns: changed.1, to: backend.combine(1, part, -1, change))
    }
    return result
}

/// Consecutive columns while they are reflected, one after another.
private struct ReflectorPanel {
    static let width = 32
    /// What is left of the columns.
    private var columns: Matrix<Double>
    /// Column j: zeros above place j, 1, and the tail.
    private(set) var vectors: Matrix<Double>
    private var scalars: [Double] = []

    init(_ columns: Matrix<Double>) {
        self.columns = columns
        vectors = Matrix(rows: columns.rows, columns: columns.columns)
    }

    /// Finished reflectors: some columns of a matrix of tails, from the row of the first on.
    init(tails: Matrix<Double>, columns range: Range<Int>) {
        self.init(Matrix(rows: tails.rows - range.lowerBound, columns: range.count))
        for index in range { keep(Array(tails.column(index)[(index + 1 + index * tails.rows)...])) }
    }

    private mutating func keep(_ tail: [Double]) {
        let index = scalars.count
        vectors[index, index] = 1
        for (offset, value) in tail.enumerated() { vectors[index + 1 + offset, index] = value }
        let norm = dot(vectors, index, vectors, index, from: index)
        // The last row alone has no tail: there is nothing left to reflect.
        scalars.append(tail.isEmpty ? 0 : 2 / norm)
    }

    /// Of the next column: its tail, and whether the reflector maps it to −e.
    func nextTail() -> (tail: [Double], isNegative: Bool) {
        let index = scalars.count
        let x = columns.column(index).dropFirst(index)
        let norm = dot(columns, index, columns, index, from: index).squareRoot()
        guard let head = x.first, norm > 0 else { return ([Double](repeating: 0, count: max(x.count - 1, 0)), true) }
        // The reflector maps x to −sign(x₀)·e; without a tail it is the identity.
        let isPositive = head >= 0
        let scale = (isPositive ? 1 : -1) / (norm + head.magnitude)
        return (x.dropFirst().map { $0 * scale }, x.count == 1 ? !isPositive : isPositive)
    }

    /// Reflects what is left by the next reflector.
    mutating func reflect(by tail: [Double]) {
        let index = scalars.count
        keep(tail)
        for column in index + 1..<max(columns.columns, index + 1) {
            let factor = scalars[index] * dot(vectors, index, columns, column, from: index)
            let (start, target) = (index * vectors.rows, column * columns.rows)
            vectors.elements.withUnsafeBufferPointer { v in
                columns.elements.withUnsafeMutableBufferPointer { x in
                    for row in index..<columns.rows { x[target + row] -= factor * v[start + row] }
                }
            }
        }
    }

    /// V·Tᵀ, T upper triangular with H₁H₂…H_b = I − V·T·Vᵀ.
    var blockFactor: Matrix<Double> {
        let count = scalars.count
        var t = Matrix<Double>(rows: count, columns: count)
        for j in 0..<count {
            t[j, j] = scalars[j]
            let products = (0..<j).map { dot(vectors, $0, vectors, j, from: j) }
            for i in 0..<j { t[i, j] = -scalars[j] * (i..<j).reduce(0) { $0 + t[i, $1] * products[$1] } }
        }
        var result = Matrix<Double>(rows: vectors.rows, columns: count)
        result.elements.withUnsafeMutableBufferPointer { target in
            vectors.elements.withUnsafeBufferPointer { v in
                for j in 0..<count {
                    for i in j..<count {
                        let factor = t[j, i]
                        for row in i..<vectors.rows {
                            target[j * vectors.rows + row] += factor * v[i * vectors.rows + row]
                        }
                    }
                }
            }
        }
        return result
    }
}

/// The product of two columns from a row on, in eight partial sums.
private func dot(_ a: Matrix<Double>, _ i: Int, _ b: Matrix<Double>, _ j: Int, from first: Int) -> Double {
    let rows = a.rows
    return a.elements.withUnsafeBufferPointer { a in
        b.elements.withUnsafeBufferPointer { b in
            var sums = SIMD8<Double>()
            let whole = first + (rows - first) / 8 * 8
            for row in stride(from: first, to: whole, by: 8) {
                for lane in 0..<8 { sums[lane] += a[i * rows + row + lane] * b[j * rows + row + lane] }
            }
            var sum = sums.sum()
            for row in whole..<rows { sum += a[i * rows + row] * b[j * rows + row] }
            return sum
        }
    }
}

/// A matrix in double precision, for work on the host.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func inDouble<Scalar: MatrixScalar>(_ matrix: Matrix<Scalar>) -> Matrix<Double> { Matrix<Double>(matrix) }

/// The matrix in a backend's scalar, each entry rounded.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func inScalar<Scalar: MatrixScalar>(_ matrix: Matrix<Double>) -> Matrix<Scalar> { Matrix<Scalar>(matrix) }
