import Quantization

/// The diagonal in float32 and the strict lower triangle coded, each row its own blocks, mirrored on decoding.
struct SymmetricStorage: EntryStorage, CodedStatisticDefinition {
    static let traits = StorageTraits()
    let coding: BlockCoding

    var layout: EntryLayout? {
        EntryLayout(region: .strictUpper, coding: coding, keepsDiagonal: true, isMirrored: true)
    }
}

extension StatisticStorage {
    public static func symmetric(_ coding: BlockCoding) -> StatisticStorage { Storage(.symmetric, coding) }
}

extension RootStorage {
    public static func symmetric(_ coding: BlockCoding) -> RootStorage { Storage(.symmetric, coding) }
}
