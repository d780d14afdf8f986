import MatrixCore
import Testing

@testable import NeuralNetworks

@Suite struct ModelTests {
    private let images = DataDescription.images(channels: 3, height: 32, width: 32, classes: 10)
    private let text = DataDescription.tokens(vocabulary: 65, context: 64)

    private func error(_ name: String, _ data: DataDescription) -> ModelError? { error(name, ModelOptions(), data) }

    private func error(_ name: String, _ options: ModelOptions, _ data: DataDescription) -> ModelError? {
        do throws(ModelError) {
            _ = try Model(named: name).network(options, for: data, on: Processor())
            return nil
        } catch {
            return error
        }
    }

    @Test func everyModelIsMade() throws {
        for name in ["mlp", "resnet20", "resnet34", "vit-small"] {
            #expect(error(name, images) == nil)
            #expect(try Model(named: name).network(for: images, on: Processor()).outputs == 10)
        }
        #expect(try Model(named: "gpt").network(for: text, on: Processor()).outputs == 65)
        #expect(Model.allCases.map(\.rawValue) == ["mlp", "resnet20", "resnet34", "vit-small", "gpt"])
    }

    /// Those that only the memory command knows are none here.
    @Test(arguments: ["resnet", "vgg19", "swin-tiny", "llama", "", "GPT"]) func unknownNamesComeWithTheList(name: String) {
        let description = error(name, images)?.description ?? ""
        #expect(description.hasPrefix("the model '\(name)' is unknown"))
        #expect(description.hasSuffix("hoose from mlp, resnet20, resnet34, vit-small, gpt"))
    }

    @Test func inapplicableOptionsAreRefused() {
        let cases: [(String, ModelOptions, String, DataDescription)] = [
            ("mlp", ModelOptions(width: 3), "width", images), ("mlp", ModelOptions(heads: 3), "heads", images),
            ("resnet20", ModelOptions(layers: 3), "layers", images),
            ("resnet34", ModelOptions(dropout: 0.1), "dropout", images),
            ("vit-small", ModelOptions(context: 3), "context", images),
            ("vit-small", ModelOptions(tiesHead: true), "tied head", images),
            ("gpt", ModelOptions(patch: 3), "patch", text),
            ("gpt", ModelOptions(stochasticDepth: 0.1), "stochastic depth", text),
        ]
        for (name, options, option, data) in cases {
            guard case .optionDoesNotApply(model: name, option: option, _) = error(name, options, data) else {
                Issue.record("\(name) with \(option)")
                continue
            }
        }
    }

    @Test func dataOfAnotherKindIsRefused() {
        #expect(error("gpt", images) == .wrongData(model: "gpt", reads: "tokens", given: "images"))
        for name in ["mlp", "resnet20", "resnet34", "vit-small"] {
            #expect(error(name, text) == .wrongData(model: name, reads: "images", given: "tokens"))
        }
    }

    @Test func contradictorySizesAreNamed() {
        let heads = ModelError.NamedSize("number of heads", 6)
        #expect(
            error("vit-small", ModelOptions(width: 100), images)
                == .notDivisible(model: "vit-small", .init("width", 100), by: heads))
        #expect(
            error("vit-small", ModelOptions(patch: 5), images)
                == .notDivisible(model: "vit-small", .init("image height", 32), by: .init("patch side", 5)))
        #expect(
            error("gpt", ModelOptions(context: 63), text)
                == .exceeds(model: "gpt", .init("length of samples", 64), limit: .init("context", 63)))
        #expect(
            error("gpt", ModelOptions(width: 130), text)?.description
                == "gpt cannot have a width of 130 with a number of heads of 4, which does not divide it")
    }

    /// Whatever number is given, an error is thrown and no arithmetic overflows.
    @Test(arguments: [0, -1, Int.min, Int.max, 1 << 40]) func sizesOutOfRangeAreRefused(size: Int) {
        for options in [
            ModelOptions(layers: size), ModelOptions(width: size), ModelOptions(heads: size), ModelOptions(hidden: size),
            ModelOptions(context: size),
        ] { #expect(error("gpt", options, text) != nil) }
        for options in [
            ModelOptions(layers: size), ModelOptions(width: size), ModelOptions(heads: size), ModelOptions(hidden: size),
            ModelOptions(patch: size),
        ] { #expect(error("vit-small", options, images) != nil) }
        for name in ["resnet20", "resnet34"] { #expect(error(name, ModelOptions(width: size), images) != nil) }
        for options in [ModelOptions(layers: size), ModelOptions(hidden: size)] {
            #expect(error("mlp", options, images) != nil)
        }
        for name in ["mlp", "resnet20", "resnet34", "vit-small"] {
            #expect(error(name, .images(channels: size, height: 32, width: 32, classes: 10)) != nil)
            #expect(error(name, .images(channels: 3, height: size, width: 32, classes: 10)) != nil)
            #expect(error(name, .images(channels: 3, height: 32, width: size, classes: 10)) != nil)
            #expect(error(name, .images(channels: 3, height: 32, width: 32, classes: size)) != nil)
        }
        #expect(error("gpt", .tokens(vocabulary: size, context: 64)) != nil)
        #expect(error("gpt", .tokens(vocabulary: 65, context: size)) != nil)
    }

    /// The largest sizes that are allowed: counting their parameters overflows nothing.
    @Test func parametersOfTheLargestSizesCanBeCounted() throws {
        let largest = SizeRequirements.largestSize
        let network = try Model(named: "gpt").network(
            ModelOptions(layers: 2, width: largest, heads: 1, hidden: largest),
            for: .tokens(vocabulary: largest, context: largest), on: Processor())
        #expect(network.parameterCount / 2 < Int.max / SizeRequirements.largestLayerCount)
    }

    @Test(arguments: [-0.1, 1, .nan, .infinity]) func ratesOutOfRangeAreRefused(rate: Double) {
        #expect(error("gpt", ModelOptions(dropout: rate), text) != nil)
        #expect(error("vit-small", ModelOptions(dropout: rate), images) != nil)
        #expect(error("vit-small", ModelOptions(stochasticDepth: rate), images) != nil)
    }
}
