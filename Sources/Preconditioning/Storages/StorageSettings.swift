import Quantization

/// What a storage is told beside its name.
public struct StorageSettings: Sendable, Equatable {
    public var coding: BlockCoding?
    /// Of a storage that codes reflectors one after another.
    public var reflectorLoop: ReflectorLoop?

    public init(coding: BlockCoding? = nil, reflectorLoop: ReflectorLoop? = nil) {
        self.coding = coding
        self.reflectorLoop = reflectorLoop
    }
}
