import CPUBackend
import IndependentProduct
import LinearAlgebra
import MatrixCore
import Preconditioning
import Quantization
import TestSupport
import Testing

private let backend = CPUBackend<Double>()

@Suite struct CholeskyStatisticTests {
    /// |D(L)D(L)ᵀ − LLᵀ| ≤ ‖eᵢ‖‖lⱼ‖ + ‖lᵢ‖‖eⱼ‖ + ‖eᵢ‖‖eⱼ‖ entry by entry, with lᵢ the rows of L and eᵢ their coding errors.
    @Test(arguments: CodebookName.allCases)
    func decodedWithinTheCodebooksBound(name: CodebookName) throws {
        let n = 65
        let known = try KnownStatistic(.geometric(conditionNumber: 1e3), order: n)
        let upper = try choleskyFactor(known.matrix)
        for bits in name.supportedBits {
            let coding = try blockCoding(name, bits: bits, block: 16)
            let decoded = try CholeskyStatistic(known.matrix, shift: 0, coding: coding, backend: backend).decoded(backend)
            #expect(decoded == decoded.transposed)
            let rows = (0..<n).map { Array(upper.column($0)) }
            let lengths = rows.map { sumOfProducts($0, $0).squareRoot() }
            let errors = rows.enumerated().map { index, row in
                // The diagonal is rounded to float32.
                codingErrorBound(Array(row[..<index]), coding) + row[index] * 0x1p-24
            }
            for i in 0..<n {
                for j in 0...i {
                    let bound = errors[i] * lengths[j] + lengths[i] * errors[j] + errors[i] * errors[j]
                    // The residuals of the factorization and the product are far smaller.
                    let rounding = Double(4 * n) * 0x1p-53 * lengths[i] * lengths[j]
                    if !((decoded[i, j] - known.matrix[i, j]).magnitude <= bound + rounding) {
                        Issue.record("entry (\(i), \(j)) at \(bits) bits")
                    }
                }
            }
        }
    }

    /// No eigenvalue falls below −n·u·λmax, whatever the codes.
    @Test(arguments: 2...8)
    func decodedIsPositiveSemidefinite(bits: Int) throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 1e10), order: 50)
        let coding = try blockCoding(.dynamicTree, bits: bits)
        let values = try symmetricEigen(
            CholeskyStatistic(known.matrix, shift: 0, coding: coding, backend: backend).decoded(backend)
        ).values
        #expect(values[0] >= -5 * 50 * 0x1p-53 * values[49])
    }

    /// With L diagonal nothing is coded: A + δI comes back to within the rounding of √(a + δ) to float32.
    @Test(arguments: [0, 1e-3, 0.5])
    func dampingIsAddedOnce(shift: Double) throws {
        let diagonal = [4, 1e-4, 0.3, 77]
        let coding = try blockCoding(.linear2, bits: 4)
        let decoded = try CholeskyStatistic(
            Matrix(diagonal: diagonal), shift: shift, coding: coding, backend: backend
        ).decoded(backend)
        #expect(decoded == Matrix(diagonal: decoded.diagonal))
        for (found, value) in zip(decoded.diagonal, diagonal) {
            // A square doubles the relative error 2^-24 of its root.
            expectBound((found / (value + shift) - 1).magnitude, atMost: 2 * 0x1p-24 * (1 + 0x1p-20))
        }
    }

    /// min(i, j) = L·Lᵀ with ones in L, and 1 is a code.
    @Test func exactCodesComeBackExactly() throws {
        var a = Matrix<Double>(rows: 9, columns: 9)
        for column in 0..<9 {
            for row in 0..<9 { a[row, column] = Double(min(row, column) + 1) }
        }
        let coding = try blockCoding(.dynamicTree, bits: 4, block: 4)
        #expect(try CholeskyStatistic(a, shift: 0, coding: coding, backend: backend).decoded(backend) == a)
    }

    @Test func indefiniteStatisticsThrow() throws {
        let coding = try blockCoding(.linear2, bits: 4)
        let a = Matrix<Double>(diagonal: [1, 1, -0.5])
        #expect(throws: DecompositionError.notPositiveDefinite(leadingMinor: 3)) {
            try CholeskyStatistic(a, shift: 0.25, coding: coding, backend: backend)
        }
        _ = try CholeskyStatistic(a, shift: 0.75, coding: coding, backend: backend)
        #expect(throws: QuantizationError.notFinite(row: 0, column: 0, value: .infinity)) {
            try CholeskyStatistic(Matrix(diagonal: [1e80]), shift: 0, coding: coding, backend: backend)
        }
    }
}
