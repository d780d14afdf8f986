import ArgumentParser
import MatrixStudy
import Optimizers

/// A storage for each parameter in place of one for all.
struct StoragePlanOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Storages by parameters, as recommend writes them: the first entry whose name or glob matches holds, alone; parameters "
                + "that none matches have --statistic and --root.", valueName: "plan.yaml"),
        completion: .file(extensions: ["yaml", "yml"]))
    var storagePlan: String?

    var isGiven: Bool { storagePlan != nil }

    /// The choice with a storage for each parameter that the plan names; as it is without a plan.
    ///
    /// - Parameters:
    ///   - parameters: the names of those that have preconditioners.
    ///   - adjust: as for `PreconditionerOptions.choice`.
    /// - Throws: `TextFileError`; `StatusError` that names file and line.
    func applied(
        to choice: PreconditionerOptions.Choice?, _ options: PreconditionerOptions, parameters: [String],
        keepsUncodedStatistics: Bool = false, _ adjust: (inout PreconditionerDefaults) throws -> Void = { _ in }
    ) throws -> PreconditionerOptions.Choice? {
        guard let path = storagePlan else { return choice }
        guard let choice else {
            let methods = PreconditionerName.allCases.map(\.rawValue).joined(separator: " or ")
            throw StatusError.usage("--storage-plan does not apply: it needs --preconditioner \(methods)")
        }
        do {
            return try options.applying(
                StoragePlan(yaml: readText(path)), to: choice, parameters: parameters,
                keepsUncodedStatistics: keepsUncodedStatistics, adjust)
        } catch let error as PlanError {
            throw StatusError(status: .wrongData, description: "\(path): \(error)")
        } catch let error as StatusError where error.status == .wrongData {
            throw StatusError(status: .wrongData, description: "\(path): \(error)")
        }
    }
}
