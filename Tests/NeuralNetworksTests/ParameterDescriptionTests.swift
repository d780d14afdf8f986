import Compute
import Testing

@testable import NeuralNetworks

@Suite struct ParameterDescriptionTests {
    @Test func convolutionWeightIsOutputsByTheRest() {
        let parameter = ParameterDescription("stem.weight", [16, 3, 3, 3], .constant(1))
        #expect(parameter.shape.rows == 16)
        #expect(parameter.shape.columns == 27)
    }
}
