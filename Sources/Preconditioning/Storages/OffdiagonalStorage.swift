import Quantization

/// The diagonal in float32, the rest coded along rows with a zero in the diagonal's place.
///
/// Source: the naive scheme of the reference code of Wang et al. 2024.
struct OffdiagonalStorage: EntryStorage, CodedStatisticDefinition {
    static let traits = StorageTraits()
    let coding: BlockCoding

    var layout: EntryLayout? {
        EntryLayout(region: .columns, coding: coding, keepsDiagonal: true, isMirrored: false)
    }
}

extension StatisticStorage {
    public static func offdiagonal(_ coding: BlockCoding) -> StatisticStorage { Storage(.offdiagonal, coding) }
}

extension RootStorage {
    public static func offdiagonal(_ coding: BlockCoding) -> RootStorage { Storage(.offdiagonal, coding) }
}
