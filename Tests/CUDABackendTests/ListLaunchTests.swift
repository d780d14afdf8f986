import CPUBackend
import CUDAEmulator
import Compute
import Foundation
import MatrixCore
import Optimizers
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// A first-order rule launches as often for many parameters as for one, and changes in place what is its own.
    @Suite struct ListLaunchTests {
        private struct Counts: Equatable {
            var launches: Int32
            var allocations: Int32
        }

        /// A launch for each of the formula's assignments. Nesterov's numerator is another tensor than the moment.
        @Test(arguments: [1, 2, 64]) func aStepIsAFewLaunches(_ count: Int) throws {
            #expect(try counts(SGDM(weightDecay: 0.1), parameters: count) == Counts(launches: 3, allocations: 0))
            #expect(try counts(Adagrad(weightDecay: 0.1), parameters: count) == Counts(launches: 3, allocations: 0))
            #expect(try counts(AdamW(weightDecay: 0.1), parameters: count) == Counts(launches: 4, allocations: 0))
            #expect(
                try counts(AdamW(weightDecay: 0.1, usesNesterov: true), parameters: count)
                    == Counts(launches: 5, allocations: Int32(count)))
        }

        /// The parameters of a launch hold 64 tensors.
        @Test func moreThanALaunchHoldsAreTwo() throws {
            #expect(try counts(AdamW(), parameters: 65) == Counts(launches: 6, allocations: 0))
            #expect(try counts(AdamW(), parameters: 148) == Counts(launches: 9, allocations: 0))
        }

        /// With some parameters that do not decay, each group is a list, and the numbers are the processor's.
        @Test func groupsAreLists() throws {
            let decays = (0..<8).map { $0 % 3 != 0 }
            let shape = ParameterShape([3, 2])
            func numbers<Backend: MatrixBackend>(_ rule: some OptimizerRule<Backend>, _ backend: Backend) throws -> [[Double]] {
                var generator = PhiloxGenerator(seed: 1)
                func tensor(_ seed: Int) -> Backend.Tensor {
                    backend.tensor(
                        Matrix(rows: 3, columns: 2, elements: (0..<6).map { Backend.Scalar(sin(Double(7 * seed + $0))) }))
                }
                var states = try decays.map { _ in try rule.initialState(for: shape, using: &generator, backend) }
                var parameters = decays.indices.map { tensor($0) }
                for step in 1...3 {
                    rule.move(
                        &parameters, along: decays.indices.map { tensor(10 * step + $0) }, states: &states, decays: decays,
                        step: OptimizerStep(step), backend)
                }
                try backend.synchronize()
                return parameters.map { backend.matrix($0).elements.map { Double($0) } }
            }
            let processor = CPUBackend<Double>()
            let device = try EmulatedLibrary.backend(Double.self)
            for (ours, theirs) in try zip(
                numbers(AdamW(learningRate: 0.1, weightDecay: 0.5), device) + numbers(SGDM(weightDecay: 0.5), device),
                numbers(AdamW(learningRate: 0.1, weightDecay: 0.5), processor) + numbers(SGDM(weightDecay: 0.5), processor))
            {
                for (a, b) in zip(ours, theirs) { #expect(abs(a - b) <= 16 * 0x1p-53 * max(1, abs(b))) }
            }
        }

        /// What a move asks the device for.
        private func counts<Rule: OptimizerRule>(
            _ rule: Rule, parameters count: Int
        ) throws -> Counts where Rule.Backend == CUDABackend<Float> {
            let backend = try EmulatedLibrary.backend(Float.self)
            var generator = PhiloxGenerator(seed: 1)
            var parameters = (0..<count).map { _ in backend.identity(5) }
            var states = try (0..<count).map { _ in
                try rule.initialState(for: ParameterShape([5, 5]), using: &generator, backend)
            }
            let gradients = (0..<count).map { _ in backend.identity(5) }
            let (launches, allocations) = (calls("cuLaunchKernel"), calls("cuMemAllocAsync"))
            rule.move(&parameters, along: consume gradients, states: &states, step: OptimizerStep(1), backend)
            let counts = Counts(
                launches: calls("cuLaunchKernel") - launches, allocations: calls("cuMemAllocAsync") - allocations)
            try backend.synchronize()
            return counts
        }

        private func calls(_ name: String) -> Int32 { fr_emulator_calls_of(name) }
    }
}
