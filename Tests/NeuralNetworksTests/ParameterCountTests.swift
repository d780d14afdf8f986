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

    private let imageNet = ImageShape(channels: 3, height: 224, width: 224)

    /// torchvision's `resnet34` and `resnet50` of 1000 classes; for CIFAR-100 a stem of 3·3 in the place of 7·7, 100 classes.
    @Test func residualNetworksOfImageNet() throws {
        #expect(try ResidualNetwork<Processor>.resnet34(image: imageNet, classes: 1000, width: 64).parameterCount == 21_797_672)
        #expect(try ResidualNetwork<Processor>.resnet50(image: imageNet, classes: 1000, width: 64).parameterCount == 25_557_032)
        let small = try ResidualNetwork<Processor>.resnet50(image: cifar, classes: 100, width: 64)
        #expect(small.parameterCount == 25_557_032 - 64 * 3 * 40 - 900 * 2049)
    }

    /// torchvision's `vgg19_bn`; for CIFAR its three linear maps, 25088·4096, 4096² and 4096·1000 with biases, give way to one.
    @Test func vgg19() throws {
        let large = try PlainConvolutionalNetwork<Processor>.vgg19(image: imageNet, classes: 1000, width: 64)
        #expect(large.parameterCount == 143_678_248)
        let small = try PlainConvolutionalNetwork<Processor>.vgg19(image: cifar, classes: 100, width: 64)
        #expect(small.parameterCount == 143_678_248 - 25089 * 4096 - 4097 * 4096 - 4097 * 1000 + 51300)
        #expect(small.parameterCount == 20_086_692)
    }

    /// torchvision's `densenet121`; for CIFAR-100 a stem of 3·3 without normalization, and 100 classes.
    @Test func densenet121() throws {
        #expect(try count("densenet121", imageNet, classes: 1000) == 7_978_856)
        #expect(try count("densenet121", cifar, classes: 100) == 7_978_856 - 64 * 3 * 40 - 128 - 900 * 1025)
        #expect(try count("densenet121", cifar, classes: 100) == 7_048_548)
    }

    /// timm's `vit_small_patch16_224` has 22,050,664.
    @Test func vitSmall() throws {
        let network = try VisionTransformer<Processor>(
            image: imageNet, classes: 1000, patch: 16, layers: 12, width: 384,
            heads: 6, hidden: nil, dropout: 0, stochasticDepth: 0)
        #expect(network.parameterCount == 22_050_664)
    }

    private func count(_ name: String, _ image: ImageShape, classes: Int) throws -> Int {
        let data = DataDescription.images(channels: 3, height: image.height, width: image.width, classes: classes)
        return try Model(named: name).network(for: data, on: Processor()).parameterCount
    }

    /// timm's `vit_base_patch32_224`, torchvision's `vit_b_32`.
    @Test func vitBase32() throws {
        #expect(try count("vit-base32", imageNet, classes: 1000) == 88_224_232)
    }

    /// timm's `swin_tiny_patch4_window7_224`, torchvision's `swin_t`; on CIFAR-100 patches of 2 in the place of 4, tables of 7² in
    /// the place of 13² for the 90 heads of three stages, of 3² for the 48 of the last, and 100 classes.
    @Test func swinTiny() throws {
        #expect(try count("swin-tiny", imageNet, classes: 1000) == 28_288_354)
        #expect(
            try count("swin-tiny", cifar, classes: 100)
                == 28_288_354 - 96 * 3 * 12 - 120 * (2 * 3 + 2 * 6 + 6 * 12) - 160 * 48 - 900 * 769)
    }

    /// The sizes of 130 and 350 million as the configurations of GaLore (Zhao et al., arXiv 2403.03507) give them: two tables,
    /// four maps of attention, three of SwiGLU and two gains a layer, one at the end.
    @Test(arguments: [(12, 768, 12, 2048, 134_105_856), (24, 1024, 16, 2736, 367_969_280)])
    func llama(layers: Int, width: Int, heads: Int, hidden: Int, count: Int) throws {
        let network = try Model(named: "llama").network(
            ModelOptions(layers: layers, width: width, heads: heads), for: .tokens(vocabulary: 32000, context: 256),
            on: Processor())
        #expect(network.parameterCount == count)
        let layer = 4 * width * width + 3 * width * hidden + 2 * width
        #expect(count == 2 * 32000 * width + layers * layer + width)
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
