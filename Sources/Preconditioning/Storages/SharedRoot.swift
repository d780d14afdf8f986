import Compute
import Quantization

/// No bytes: the root that the statistic keeps is the root in use, as fresh as the statistic.
struct SharedRoot: RootDefinition {
    static let traits = StorageTraits(isCoded: false, isShared: true)

    static func with(_ settings: StorageSettings) -> SharedRoot { SharedRoot() }

    var uncodedRoot: RootStorage { .shared }

    func buffers(order: Int) -> BufferBytes { BufferBytes() }

    func keep<Backend: MatrixBackend>(root: Backend.Tensor, _ backend: Backend) -> (any KeptRoot<Backend>)? { nil }
}

extension RootStorage {
    public static var shared: RootStorage { Storage(.shared, nil) }
}
