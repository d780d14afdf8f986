import Foundation
import GSLReference
import MatrixCore
import Spectra
import TestSupport
import Testing

#if arch(x86_64)
    /// ‖R^r·A' − I‖F/√n in 80-bit arithmetic, whose own error is 2048 times smaller than what it measures.
    private func measuredResidual(root: Matrix<Double>, power: Int, of a: [Float80]) -> Double {
        let order = root.order
        let factor = root.elements.map { Float80($0) }
        var product = a
        for _ in 0..<power { product = multiply(factor, product, order: order) }
        for index in 0..<order { product[index + index * order] -= 1 }
        return Double((product.reduce(0) { $0 + $1 * $1 } / Float80(order)).squareRoot())
    }

    private func multiply(_ a: [Float80], _ b: [Float80], order: Int) -> [Float80] {
        var result = [Float80](repeating: 0, count: order * order)
        for column in 0..<order {
            for k in 0..<order {
                let factor = b[k + column * order]
                for row in 0..<order { result[row + column * order] += a[row + k * order] * factor }
            }
        }
        return result
    }

    private let laws: [@Sendable (Double) -> Spectrum] = [
        { .geometric(conditionNumber: $0) }, { .arithmetic(conditionNumber: $0) }, { .oneLarge(conditionNumber: $0) },
        { .oneSmall(conditionNumber: $0) }, { .logUniform(conditionNumber: $0) },
        { .twoLevel(ratio: $0, fractionLarge: 0.1) },
    ]

    @Suite struct ResidualBoundTests {
        @Test(arguments: [1, 1e2, 4e4, 1e8, 1e12])
        func boundsWhatIsMeasured(condition: Double) throws {
            for law in laws {
                let known = try KnownMatrix(law(condition), order: 60)
                let judged = try known.judged()
                for power in [1, 2, 4] {
                    let exponent = 1 / Double(power)
                    let measured = measuredResidual(
                        root: try judged.inversePower(exponent: exponent, damping: 0), power: power,
                        of: known.matrix.elements.map { Float80($0) })
                    let bound = try judged.residualBound(exponent: exponent, damping: 0)
                    expectBound(measured, atMost: bound, "\(law(condition)), power \(power)")
                    expectBound(bound, atMost: 100 * measured, "\(law(condition)), power \(power): the bound")
                }
            }
        }

        /// With damping, A' = A + ε·‖A‖₂·I; max |λ| is 1 here, to within a rounding error that the bound dwarfs.
        @Test(arguments: [1e-10, 1e-6, 1e-2])
        func boundsWhatIsMeasuredWithDamping(damping: Double) throws {
            let known = try KnownMatrix(.geometric(conditionNumber: 1e10), order: 60)
            var damped = known.matrix.elements.map { Float80($0) }
            for index in 0..<60 { damped[index + index * 60] += Float80(damping) }
            let judged = try known.judged()
            let measured = measuredResidual(
                root: try judged.inversePower(exponent: 0.25, damping: damping), power: 4, of: damped)
            let bound = try judged.residualBound(exponent: 0.25, damping: damping)
            expectBound(measured, atMost: bound)
            expectBound(bound, atMost: 100 * measured, "the bound")
        }

        /// For an indefinite A the root belongs to |A|, and |A|² = A²: ‖(R⁴)²·A² − I‖ is at most twice ‖R⁴·|A| − I‖,
        /// amplified by the condition number of R⁴ for its place between the factors.
        @Test func boundsWhatIsMeasuredOfAnIndefiniteMatrix() throws {
            let known = try KnownMatrix(.arithmetic(conditionNumber: 20), order: 60, indefinite: true)
            let judged = try known.judged()
            #expect(judged.decomposition.eigenvalues.filter { $0 < 0 }.count == 20)
            let a = known.matrix.elements.map { Float80($0) }
            let measured = measuredResidual(
                root: try judged.inversePower(exponent: 0.25, damping: 0), power: 8, of: multiply(a, a, order: 60))
            let bound = try judged.residualBound(exponent: 0.25, damping: 0)
            expectBound(measured, atMost: (1 + 20) * bound)
            expectBound(bound, atMost: 100 * measured, "the bound")
        }

        /// The same with damping, where R⁴ = (|A| + ε·I)⁻¹ and |A| = Q|Λ|Qᵀ with the known Q and Λ, in 80 bits.
        @Test func boundsWhatIsMeasuredOfADampedIndefiniteMatrix() throws {
            let known = try KnownMatrix(.geometric(conditionNumber: 1e6), order: 60, indefinite: true)
            let basis = known.basis.elements.map { Float80($0) }
            var scaled = basis
            for index in scaled.indices { scaled[index] *= Float80(known.eigenvalues[index / 60].magnitude) }
            var damped = multiply(scaled, known.basis.transposed.elements.map { Float80($0) }, order: 60)
            for index in 0..<60 { damped[index + index * 60] += 1e-4 }
            let judged = try known.judged()
            let measured = measuredResidual(
                root: try judged.inversePower(exponent: 0.25, damping: 1e-4), power: 4, of: damped)
            let bound = try judged.residualBound(exponent: 0.25, damping: 1e-4)
            expectBound(measured, atMost: bound)
            expectBound(bound, atMost: 100 * measured, "the bound")
        }

        /// What is wrong by `error` is measured, and bounded, as about `error`.
        @Test(arguments: [0, 30, 59], [1e-9, 1e-5])
        func wrongDecompositionsAreFound(index: Int, error: Double) throws {
            let known = try KnownMatrix(.geometric(conditionNumber: 1e3), order: 60)
            let right = try GSLReference.decompose(known.matrix)
            var wrongValue = right
            wrongValue.eigenvalues[index] *= 1 + error
            // Turned towards another eigenvector: the basis stays orthonormal.
            var turned = right
            let other = index == 0 ? 59 : 0
            for row in 0..<60 {
                let (x, y) = (right.eigenvectors[row, index], right.eigenvectors[row, other])
                turned.eigenvectors[row, index] = cos(error) * x + sin(error) * y
                turned.eigenvectors[row, other] = cos(error) * y - sin(error) * x
            }
            var stretched = right
            for row in 0..<60 { stretched.eigenvectors[row, index] *= 1 + error }
            let a = known.matrix.elements.map { Float80($0) }
            for wrong in [wrongValue, turned, stretched] {
                let judged = ReferenceDecomposition(wrong, of: known.matrix)
                let measured = measuredResidual(
                    root: try judged.inversePower(exponent: 0.25, damping: 0), power: 4, of: a)
                let bound = try judged.residualBound(exponent: 0.25, damping: 0)
                expectBound(error / 60.0.squareRoot() / 2, atMost: measured)
                expectBound(measured, atMost: bound * (1 + 1e-3))
            }
        }

        @Test func exchangedEigenvectorsAreFound() throws {
            let known = try KnownMatrix(.geometric(conditionNumber: 1e3), order: 20)
            var wrong = try GSLReference.decompose(known.matrix)
            wrong.eigenvectors = wrong.eigenvectors.selectingColumns([1, 0] + Array(2..<20))
            let judged = ReferenceDecomposition(wrong, of: known.matrix)
            #expect(try judged.residualBound(exponent: 0.25, damping: 0) > 0.01)
            #expect(judged.decompositionResidual > 1e-5)
        }
    }
#endif
