import Foundation
import Testing

@testable import Training

/// The published experiments against the papers' words, entered here a second time.
@Suite struct RecipeTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/Training/Recipes")

    private static let recipes: [Recipe] = RecipeTable.names.compactMap { try? Recipe(published: $0) }

    @Test func everyFileHasItsLine() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(files) == Set(RecipeTable.names.map { "\($0).yaml" }))
        #expect(RecipeTable.names == RecipeTable.names.sorted() && Self.recipes.count == files.count)
        for recipe in Self.recipes {
            let file = Self.folder.appendingPathComponent("\(recipe.name).yaml")
            #expect(try recipe.text == String(contentsOf: file, encoding: .utf8))
            #expect(!recipe.summary.isEmpty && recipe.summary.count <= 90, "\(recipe.name)")
            #expect(!recipe.source.isEmpty && !recipe.result.isEmpty, "\(recipe.name)")
        }
        #expect(Set(Self.recipes.map(\.summary)).count == files.count)
    }

    @Test func whatARecipeIsNotSaysWhy() throws {
        let nearest = #expect(throws: RecipeError.self) { try Recipe(published: "swin-tiny-cifar100-adam") }
        #expect(nearest?.kind == .unknownName && nearest?.description.contains("'swin-tiny-cifar100-adamw'") == true)
        let twice = #expect(throws: RecipeError.self) { try Recipe("mine", yaml: "bits: 4\nbits: 5\n") }
        #expect(twice?.kind == .wrongData && twice?.description.hasPrefix("mine: ") == true)
        let recipe = try Recipe("mine", yaml: "summary: s\nbits: 4\nlearning-rate: 1e-3\nour-choice: [bits]\n")
        #expect(recipe.options.map(\.name) == ["bits", "learning-rate"] && recipe["learning-rate"] == "1e-3")
        #expect(recipe.ownChoices == ["bits"] && recipe.summary == "s" && recipe["block"] == nil)
    }

    /// Source: Wang et al. 2024, appendix G, and the review's answers; epochs without and with a second-order method.
    private static let schedules:
        [(prefix: String, batch: Int, decay: String, epochs: (first: Int, second: Int), rule: String)] = [
            ("vgg19-cifar100-", 128, "5e-4", (300, 200), "sgdm"), ("vgg19-tiny-imagenet-", 128, "5e-4", (150, 100), "sgdm"),
            ("resnet34-cifar100-sgdm", 128, "5e-4", (300, 200), "sgdm"),
            ("resnet34-tiny-imagenet-", 128, "5e-4", (150, 100), "sgdm"),
            ("vit-small-cifar100-", 128, "0.05", (150, 100), "adamw"),
            ("vit-small-tiny-imagenet-", 128, "0.05", (150, 100), "adamw"),
            ("swin-tiny-cifar100-adamw", 128, "0.05", (150, 100), "adamw"),
            ("swin-tiny-cifar100-adagrad", 128, "0.0005", (150, 100), "adagrad"),
            ("swin-tiny-tiny-imagenet-", 128, "0.05", (150, 100), "adamw"),
            ("resnet50-imagenet-", 256, "1e-4", (120, 100), "sgdm"), ("vit-base32-imagenet-", 512, "0.05", (150, 120), "adamw"),
        ]

    @Test func schedulesAreThePapers() throws {
        var checked = 0
        for recipe in Self.recipes where recipe["model"] != "gpt" && recipe["model"] != "llama" {
            // Table 8 has its own epochs, and a schedule-free rule its own course.
            let schedule = Self.schedules.first { recipe.name.hasPrefix($0.prefix) }
            guard let schedule, !recipe.name.contains("-cosine") else { continue }
            let isSecondOrder = recipe["preconditioner"] != nil
            #expect(recipe["batch-size"] == "\(schedule.batch)", "\(recipe.name)")
            #expect(Double(recipe["weight-decay"] ?? "") == Double(schedule.decay), "\(recipe.name)")
            #expect(recipe["epochs"] == "\(isSecondOrder ? schedule.epochs.second : schedule.epochs.first)", "\(recipe.name)")
            #expect(recipe["optimizer"] == schedule.rule, "\(recipe.name)")
            let isConvolutional = schedule.rule == "sgdm"
            #expect(recipe["schedule"] == (isConvolutional ? "step" : "cosine"), "\(recipe.name)")
            if isConvolutional {
                #expect(recipe["warm-up-epochs"] == "5" && recipe["learning-rate"] == "0.1", "\(recipe.name)")
            }
            checked += 1
        }
        #expect(checked > 50)
        let languages: [(String, epochs: String, batch: String, decay: Double)] = [
            ("gpt2-124m-", "60000", "480", 0.1), ("llama-130m-", "20000", "512", 0), ("llama-350m-", "60000", "512", 0),
        ]
        for (prefix, steps, batch, decay) in languages {
            let recipes = Self.recipes.filter { $0.name.hasPrefix(prefix) }
            #expect(recipes.count >= 4)
            for recipe in recipes {
                #expect(recipe["steps"] == steps && recipe["batch-size"] == batch, "\(recipe.name)")
                #expect(Double(recipe["weight-decay"] ?? "") == decay, "\(recipe.name)")
                // A tenth of the steps.
                #expect(Int(recipe["warm-up"] ?? "").map { $0 * 10 } == Int(steps), "\(recipe.name)")
            }
        }
    }

    /// Source: Wang et al. 2024, section 5 and appendix G; K-FAC's and AdaBK's from appendix A.
    @Test func intervalsAreThePapers() {
        for recipe in Self.recipes {
            guard let method = recipe["preconditioner"] else { continue }
            let intervals = [recipe["statistics-interval"], recipe["root-interval"]]
            let expected: [String?]? =
                switch (method, recipe["model"], recipe["dataset"]) {
                case ("kfac", _, _), ("adabk", _, _): ["200", "2000"]
                case ("mfac", _, _), ("eva", _, _): nil
                case (_, "gpt", _), (_, "llama", _): ["200", "200"]
                case (_, _, "images"): ["200", "1000"]
                default: ["100", "500"]
                }
            if let expected { #expect(intervals == expected, "\(recipe.name)") }
            let order = recipe["max-order"]
            switch method {
            case "kfac", "adabk":
                #expect(order == nil && recipe["damping"] == (method == "kfac" ? "0.1" : "0.001"), "\(recipe.name)")
            case "mfac": #expect(recipe["gradients"] == "32" && recipe["damping"] == "0.1")
            case "eva": break
            default:
                #expect(order == (recipe.name.hasPrefix("llama-130m-") ? "10000" : "1200"), "\(recipe.name)")
                #expect(Double(recipe["damping"] ?? "") == 1e-6 && recipe["decay"] == "0.95", "\(recipe.name)")
            }
        }
    }

    private static let storageOptions: Set<String> = [
        "statistic", "root", "codebook", "bits", "block", "rectify-update", "rectify-root", "solver", "error-feedback-decay",
        "shift",
        "retain-damping", "reflector-loop", "update-decomposition", "subspace-steps",
    ]

    /// What is compared in the tables differs in the storages alone, and a name says how many bits.
    @Test func comparedRunsDifferInStoragesAlone() throws {
        var compared = 0
        for recipe in Self.recipes where recipe.name.contains("bit") {
            let bits = try #require(recipe.name.firstMatch(of: /-(\d+)bit/)?.1)
            #expect(bits == "32" ? recipe["bits"] == nil : recipe["bits"] == String(bits), "\(recipe.name)")
            // Variants of the storages have words of their own behind the bits.
            let exact = recipe.name.replacing(
                /-[34]bit(-naive|-unrectified|-dynamic-tree|-cholesky|-feedback)*/, with: "-32bit")
            guard exact != recipe.name, let reference = Self.recipes.first(where: { $0.name == exact }) else { continue }
            func others(_ recipe: Recipe) -> [String: String] {
                Dictionary(uniqueKeysWithValues: recipe.options.map { ($0.name, $0.value) })
                    .filter { !Self.storageOptions.contains($0.key) }
            }
            #expect(others(recipe) == others(reference), "\(recipe.name)")
            compared += 1
        }
        #expect(compared > 30)
    }
}
