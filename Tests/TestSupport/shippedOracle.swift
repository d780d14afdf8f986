import Foundation

/// Numbers that the package carries with it, from a program that shares no code with it (scripts/make-oracles).
public func shippedOracle<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(contentsOf: tests.appending(path: "Oracles/\(name).json")))
}
