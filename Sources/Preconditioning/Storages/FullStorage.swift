import Quantization

/// Every entry coded, blocks along rows.
struct FullStorage: EntryStorage, CodedStatisticDefinition {
    static let traits = StorageTraits()
    let coding: BlockCoding

    var layout: EntryLayout? {
        EntryLayout(region: .columns, coding: coding, keepsDiagonal: false, isMirrored: false)
    }
}

extension StatisticStorage {
    public static func full(_ coding: BlockCoding) -> StatisticStorage { Storage(.full, coding) }
}

extension RootStorage {
    public static func full(_ coding: BlockCoding) -> RootStorage { Storage(.full, coding) }
}
