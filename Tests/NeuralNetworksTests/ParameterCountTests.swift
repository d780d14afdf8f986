import MatrixCore
import Testing

@testable import NeuralNetworks

/// Sizes of published models; nothing is allocated.
@Suite struct ParameterCountTests {
    private let cifar = ImageShape(channels: 3, height: 32, width: 32)

    /// He et al., arXiv 1512.03385, table 6, gives 0.27 M. By hand, a convolution of 3 × 3 from a to b channels having 9ab:
    /// stem 432 + 32; stage 1: 6·2304 + 6·32; stage 2: 4608 + 5·9216 + 6·64; stage 3: 18432 + 5·36864 + 6·128; head 640 + 10.
    @Test func resnet20() throws {
        let network = try ResidualNetwork<Processor>.resnet20(image: cifar, classes: 10, width: 16)
        #expect(network.parameterCount == 464 + 14016 + 51072 + 203_520 + 650)
        #expect(network.parameterCount == 269_722)
    }

    /// Option B adds 16·32 + 64 and 32·64 + 128.
    @Test func resnet20WithProjections() throws {
        let network = try ResidualNetwork<Processor>(
            image: cifar, classes: 10, width: 16, stages: [3, 3, 3], shortcut: .projection)
        #expect(network.parameterCount == 269_722 + 576 + 2176)
    }

    /// 21.33 M as weiaicunzai/pytorch-cifar100 states for this form. By hand: stem 1856; stages 221,952, 1,116,416, 6,822,400
    /// and 13,114,368; head 51,300.
    @Test func resnet34() throws {
        let network = try ResidualNetwork<Processor>.resnet34(image: cifar, classes: 100, width: 64)
        #expect(network.parameterCount == 21_328_292)
    }

    /// timm's `vit_small_patch16_224` has 22,050,664.
    @Test func vitSmall() throws {
        let network = try VisionTransformer<Processor>(
            image: ImageShape(channels: 3, height: 224, width: 224), classes: 1000, patch: 16, layers: 12, width: 384,
            heads: 6, hidden: nil, dropout: 0, stochasticDepth: 0)
        #expect(network.parameterCount == 22_050_664)
    }

    /// timm 1.0, `vision_transformer.py`: positions and maps of deviation 0.02, a class token of 1e-6, biases 0, the patches'
    /// map as PyTorch begins a convolution.
    @Test func vitSmallBeginsAsInTimm() throws {
        let images = DataDescription.images(channels: 3, height: 32, width: 32, classes: 100)
        let network = try Model(named: "vit-small").network(for: images, on: Processor())
        for parameter in network.parameters {
            switch parameter.name {
            case "patches.weight", "patches.bias": #expect(parameter.initialization == .uniform(bound: 1 / 48.0.squareRoot()))
            case "classToken": #expect(parameter.initialization == .normal(deviation: 1e-6))
            case let name where name.hasSuffix(".gain"): #expect(parameter.initialization == .constant(1))
            case let name where name.hasSuffix(".bias"): #expect(parameter.initialization == .constant(0))
            case let name: #expect(parameter.initialization == .normal(deviation: 0.02), "\(name)")
            }
        }
        #expect(network.parameters.count == 4 + 12 * 12 + 4)
    }

    /// GPT-2's smallest model as Hugging Face counts it, 124,439,808; untied, the head is another 50257·768.
    @Test(arguments: [true, false]) func gpt2(tiesHead: Bool) throws {
        let network = try GenerativeTransformer<Processor>(
            vocabulary: 50257, context: 1024, layers: 12, width: 768, heads: 12, hidden: nil, dropout: 0,
            tiesHead: tiesHead)
        #expect(network.parameterCount == 124_439_808 + (tiesHead ? 0 : 50257 * 768))
    }

    @Test func perceptron() throws {
        let network = try MultilayerPerceptron<Processor>(
            image: ImageShape(channels: 1, height: 28, width: 28), classes: 10, hidden: 300, layers: 1)
        #expect(network.parameterCount == 784 * 300 + 300 + 3000 + 10)
    }

    @Test func namesAreOnceEach() throws {
        let images = DataDescription.images(channels: 3, height: 32, width: 32, classes: 10)
        for model in Model.allCases {
            let data = model.readsTokens ? .tokens(vocabulary: 65, context: 64) : images
            let network = try model.network(for: data, on: Processor())
            let names = (network.parameters + network.runningStatistics).map(\.name)
            #expect(Set(names).count == names.count, "\(model.rawValue)")
        }
    }

    @Test func transformerNames() throws {
        let network = try Model(named: "gpt").network(
            ModelOptions(layers: 1, width: 8, heads: 2), for: .tokens(vocabulary: 65, context: 64), on: Processor())
        let shapes = Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, $0.shape.dimensions) })
        #expect(shapes["blocks.0.attention.projections.weight"] == [24, 8])
        #expect(shapes["blocks.0.attention.projections.bias"] == [24])
        #expect(shapes["blocks.0.feedForward.expansion.weight"] == [32, 8])
        #expect(shapes["blocks.0.feedForward.normalization.gain"] == [8])
        #expect(shapes["tokens.weight"] == [65, 8])
        #expect(shapes["head.weight"] == [65, 8])
    }
}
