import Quantization

/// What a storage is told beside its name.
public struct StorageSettings: Sendable, Equatable {
    public var coding: BlockCoding?
    /// Of a storage that codes reflectors one after another.
    public var reflectorLoop: ReflectorLoop?

    /// Of a storage that is told how accurate or how small to be.
    public var deflation: DeflationGoal?

    public init(coding: BlockCoding? = nil, reflectorLoop: ReflectorLoop? = nil, deflation: DeflationGoal? = nil) {
        self.coding = coding
        self.reflectorLoop = reflectorLoop
        self.deflation = deflation
    }
}
