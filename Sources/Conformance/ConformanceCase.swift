import Compute
import MatrixCore

/// One primitive on one set of inputs, held to its plain definition.
///
/// The cases are a library: the tests run them on the processor and on emulated devices, `fourthroot selftest` on the device
/// that is there. Definitions are loops over entries in double precision; a result is compared exactly where every entry is
/// one operation or none, else within the bound that the case derives.
public struct ConformanceCase<Backend: MatrixBackend>: Sendable, CustomStringConvertible {
    public let description: String
    private let body: @Sendable (inout Judge<Backend>) throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (inout Judge<Backend>) throws -> Void) {
        self.description = description
        self.body = body
    }

    /// Where the backend and the definition part first, nil where they do not.
    ///
    /// - Throws: what the device failed with.
    public func difference(of backend: Backend) throws -> String? {
        var judge = Judge(backend)
        try body(&judge)
        try backend.synchronize()
        return judge.difference
    }
}

/// The cases of the matrix primitives, in the order of the protocol.
public func matrixCases<Backend: MatrixBackend>() -> [ConformanceCase<Backend>] {
    movementCases() + entryCases() + listCases() + productCases() + vectorCases() + normCases() + decompositionCases()
        + sideBySideCases()
}

/// The cases of the primitives of networks, in the order of the protocol.
public func neuralCases<Backend: NeuralBackend>() -> [ConformanceCase<Backend>] {
    selectionCases() + activationCases() + normalizationCases() + convolutionCases() + poolingCases()
        + attentionCases() + crossEntropyCases()
}
