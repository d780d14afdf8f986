import Preconditioning

/// The hyperparameters of a method: when statistics and roots are taken, how a parameter is cut, how preconditioners are kept,
/// and what the method has of its own.
public struct PreconditionerSettings: Sendable, Equatable {
    public let schedule: PreconditionerSchedule
    /// Dimensions longer than this are cut.
    public let largestOrder: Int
    public let scheme: PreconditionerScheme
    /// Those of parameters that have another one, by their names.
    public let schemes: [String: PreconditionerScheme]
    public let own: MethodParameters

    /// - Parameter rootInterval: without a meaning where the root is `shared`.
    /// - Throws: `HyperparameterError`.
    public init(
        _ scheme: PreconditionerScheme, statisticsInterval: Int = PreconditionerDefaults.shampoo.statisticsInterval,
        rootInterval: Int? = PreconditionerDefaults.shampoo.rootInterval,
        largestOrder: Int = PreconditionerDefaults.shampoo.largestOrder, own: MethodParameters = MethodParameters()
    ) throws(HyperparameterError) {
        try own.validate()
        try HyperparameterError.require(largestOrder >= 1, "largest order", largestOrder, "at least 1")
        schedule = try PreconditionerSchedule(
            statisticsInterval: statisticsInterval, rootInterval: scheme.root.traits.isShared ? nil : rootInterval)
        self.largestOrder = largestOrder
        self.scheme = scheme
        self.own = own
        schemes = [:]
    }

    private init(
        _ settings: PreconditionerSettings, _ schemes: [String: PreconditionerScheme], rootInterval: Int?
    ) throws(HyperparameterError) {
        schedule = try PreconditionerSchedule(
            statisticsInterval: settings.schedule.statisticsInterval, rootInterval: rootInterval)
        largestOrder = settings.largestOrder
        scheme = settings.scheme
        own = settings.own
        self.schemes = schemes
    }

    /// How the preconditioners of a parameter are kept.
    public func scheme(of parameter: String) -> PreconditionerScheme { schemes[parameter] ?? scheme }

    /// The same with schemes of their own for some parameters.
    ///
    /// - Parameters:
    ///   - parameters: all that have preconditioners.
    ///   - rootInterval: of roots that are not `shared`, where these settings have none.
    /// - Throws: `HyperparameterError`.
    public func with(
        _ schemes: [String: PreconditionerScheme], of parameters: [String], rootInterval: Int?
    ) throws(HyperparameterError) -> PreconditionerSettings {
        let sharesAll = parameters.allSatisfy { (schemes[$0] ?? scheme).root.traits.isShared }
        return try PreconditionerSettings(
            self, schemes, rootInterval: sharesAll ? nil : schedule.rootInterval ?? rootInterval)
    }
}

/// `schedule`, in which `combination` is the name of the method, and `scheme`: as configurations were written when there were
/// only ways of combining two roots.
extension PreconditionerSettings {
    private enum CodingKeys: CodingKey { case schedule, scheme, schemes, own }
    private enum ScheduleKeys: CodingKey { case statisticsInterval, rootInterval, largestOrder, combination }

    /// - Throws: `DecodingError` where these are the settings of another method.
    init(from decoder: any Decoder, method: String) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let schedule = try values.nestedContainer(keyedBy: ScheduleKeys.self, forKey: .schedule)
        let found = try schedule.decode(String.self, forKey: .combination)
        guard found == method else {
            throw DecodingError.dataCorruptedError(
                forKey: .combination, in: schedule, debugDescription: "settings of \(found) for \(method)")
        }
        let rootInterval = try schedule.decodeIfPresent(Int.self, forKey: .rootInterval)
        let settings = try PreconditionerSettings(
            values.decode(PreconditionerScheme.self, forKey: .scheme),
            statisticsInterval: schedule.decode(Int.self, forKey: .statisticsInterval), rootInterval: rootInterval,
            largestOrder: schedule.decode(Int.self, forKey: .largestOrder),
            own: values.decodeIfPresent(MethodParameters.self, forKey: .own) ?? MethodParameters())
        let schemes = try values.decodeIfPresent([String: PreconditionerScheme].self, forKey: .schemes)
        try self.init(settings, schemes ?? [:], rootInterval: schemes == nil ? settings.schedule.rootInterval : rootInterval)
    }

    func encode(to encoder: any Encoder, method: String) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        var schedule = values.nestedContainer(keyedBy: ScheduleKeys.self, forKey: .schedule)
        try schedule.encode(self.schedule.statisticsInterval, forKey: .statisticsInterval)
        try schedule.encodeIfPresent(self.schedule.rootInterval, forKey: .rootInterval)
        try schedule.encode(largestOrder, forKey: .largestOrder)
        try schedule.encode(method, forKey: .combination)
        try values.encode(scheme, forKey: .scheme)
        if own != MethodParameters() { try values.encode(own, forKey: .own) }
        if !schemes.isEmpty { try values.encode(schemes, forKey: .schemes) }
    }
}
