/// Where functions are found by name: a shared library, or what stands in for one.
public protocol SymbolSource: Sendable {
    /// The library's file, for messages.
    var name: String { get }

    /// The symbol's address, nil where the library has none of the name.
    func address(of symbol: String) -> UnsafeRawPointer?
}

extension SymbolSource {
    /// The function of a name, resolved at this call: a library of another version serves all calls but those to what it
    /// lacks.
    ///
    /// - Parameter type: a `@convention(c)` type that the caller knows from the library's documentation.
    /// - Throws: `DeviceError.missingSymbol`.
    func function<Function>(_ symbol: String, as type: Function.Type) throws(DeviceError) -> Function {
        guard let address = address(of: symbol) else { throw .missingSymbol(symbol, library: name) }
        return unsafeBitCast(address, to: type)
    }
}
