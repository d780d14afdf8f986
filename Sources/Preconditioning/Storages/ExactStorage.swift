import Quantization

/// The matrix itself, in the backend's own precision.
struct ExactStorage: EntryStorage {
    static let traits = StorageTraits(isCoded: false)

    static func with(_ settings: StorageSettings) -> ExactStorage { ExactStorage() }

    var layout: EntryLayout? { nil }
}

extension StatisticStorage {
    public static var exact: StatisticStorage { Storage(.exact, nil) }
}

extension RootStorage {
    public static var exact: RootStorage { Storage(.exact, nil) }
}
