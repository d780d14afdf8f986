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

    private static let names = [
        "mlp", "resnet20", "resnet34", "resnet50", "vgg19", "densenet121", "vit-small", "vit-base32", "swin-tiny",
        "gpt", "llama",
    ]
    private var imageModels: [String] { Model.allCases.filter { !$0.readsTokens }.map(\.rawValue) }

    @Test func everyModelIsMade() throws {
        for name in imageModels {
            #expect(error(name, images) == nil)
            #expect(try Model(named: name).network(for: images, on: Processor()).outputs == 10)
        }
        for name in Model.allCases.filter(\.readsTokens).map(\.rawValue) {
            #expect(try Model(named: name).network(for: text, on: Processor()).outputs == 65)
        }
        #expect(Model.allCases.map(\.rawValue) == Self.names)
    }

    /// Those that only the memory command knows are none here.
    @Test(arguments: ["resnet", "vgg", "llama-130m", "", "GPT"]) func unknownNamesComeWithTheList(name: String) {
        let description = error(name, images)?.description ?? ""
        #expect(description.hasPrefix("the model '\(name)' is unknown"))
        #expect(description.hasSuffix("hoose from \(Self.names.joined(separator: ", "))"))
    }

    @Test func inapplicableOptionsAreRefused() {
        let cases: [(String, ModelOptions, String, DataDescription)] = [
            ("mlp", ModelOptions(width: 3), "width", images), ("mlp", ModelOptions(heads: 3), "heads", images),
            ("resnet20", ModelOptions(layers: 3), "layers", images),
            ("resnet34", ModelOptions(dropout: 0.1), "dropout", images), ("vgg19", ModelOptions(hidden: 8), "hidden", images),
            ("resnet50", ModelOptions(patch: 2), "patch", images), ("densenet121", ModelOptions(layers: 3), "layers", images),
            ("vit-small", ModelOptions(context: 3), "context", images),
            ("vit-small", ModelOptions(tiesHead: true), "tied head", images),
            ("swin-tiny", ModelOptions(heads: 2), "heads", images), ("llama", ModelOptions(dropout: 0.1), "dropout", text),
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
        for name in imageModels {
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
            error("vgg19", .images(channels: 3, height: 16, width: 40, classes: 10))
                == .outOfRange(model: "vgg19", .init("image height", 16), 32...1 << 20))
        #expect(
            error("vgg19", .images(channels: 3, height: 224, width: 256, classes: 10))
                == .outOfRange(model: "vgg19", .init("image width", 256), 224...255))
        #expect(
            error("swin-tiny", .images(channels: 3, height: 40, width: 40, classes: 10))
                == .notDivisible(
                    model: "swin-tiny", .init("image height", 40), by: .init("number of patches a side", 16)))
        #expect(
            error("llama", ModelOptions(width: 12, heads: 4), text)
                == .notDivisible(model: "llama", .init("width of a head", 3), by: .init("pair of features", 2)))
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
        ] {
            for name in ["gpt", "llama"] { #expect(error(name, options, text) != nil) }
        }
        for options in [
            ModelOptions(layers: size), ModelOptions(width: size), ModelOptions(heads: size), ModelOptions(hidden: size),
            ModelOptions(patch: size),
        ] { #expect(error("vit-small", options, images) != nil) }
        for name in imageModels where name != "mlp" { #expect(error(name, ModelOptions(width: size), images) != nil) }
        for options in [ModelOptions(layers: size), ModelOptions(hidden: size)] {
            #expect(error("mlp", options, images) != nil)
        }
        for name in imageModels {
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

    /// Two thirds of four times the width for three maps in the place of two, in multiples of 16: 344 would be none.
    @Test func hiddenWidthsFollowFromTheWidth() throws {
        for (name, width, hidden) in [("llama", 768, 2048), ("llama", 1024, 2736), ("llama", 128, 352), ("gpt", 128, 512)] {
            #expect(try Model(named: name).completed(ModelOptions(width: width), context: 8).hidden == hidden)
        }
    }

    @Test(arguments: [-0.1, 1, .nan, .infinity]) func ratesOutOfRangeAreRefused(rate: Double) {
        #expect(error("gpt", ModelOptions(dropout: rate), text) != nil)
        #expect(error("vit-small", ModelOptions(dropout: rate), images) != nil)
        #expect(error("vit-small", ModelOptions(stochasticDepth: rate), images) != nil)
    }
}
