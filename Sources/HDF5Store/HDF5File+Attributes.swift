import CHDF5
import Foundation

extension HDF5File {
    /// All attributes of an object; the root is "" or "/".
    ///
    /// - Throws: `HDF5Error` of kind `noSuchObject` or `corrupt`. An attribute of a type that is not read is `.other`.
    public func attributes(of name: String = "") throws -> [String: AttributeValue] {
        try HDF5Library.locked {
            let object = try openObject(name)
            return try readAttributes(of: object.raw, place(name))
        }
    }

    /// One attribute of an object, nil where it has none of that name.
    public func attribute(_ attribute: String, of name: String = "") throws -> AttributeValue? {
        try HDF5Library.locked {
            let object = try openObject(name)
            let place = place(name)
            let exists = try place.check(
                H5Aexists(object.raw, attribute), "its attributes cannot be read", kind: .corrupt)
            return exists > 0 ? try readAttribute(attribute, of: object.raw, place) : nil
        }
    }
}

/// The attributes of an open object.
func readAttributes(of object: hid_t, _ place: ObjectPlace) throws -> [String: AttributeValue] {
    var names: [[CChar]] = []
    // Looking for a name decodes every attribute and fails properly where one is damaged; listing them, HDF5 1.10
    // then frees a table that it has filled in part (H5A__attr_release_table).
    try place.check(H5Aexists(object, "\u{1}"), "its attributes are damaged", kind: .corrupt)
    let status = withUnsafeMutablePointer(to: &names) { target in
        H5Aiterate2(
            object, H5_INDEX_NAME, H5_ITER_NATIVE, nil,
            { _, name, _, context in
                guard let name, let context else { return -1 }
                let bytes = [CChar](UnsafeBufferPointer(start: name, count: strlen(name) + 1))
                context.assumingMemoryBound(to: [[CChar]].self).pointee.append(bytes)
                return 0
            }, target)
    }
    try place.check(status, "its attributes cannot be listed", kind: .corrupt)
    var attributes: [String: AttributeValue] = [:]
    for name in names {
        attributes[name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }] = try name.withUnsafeBufferPointer {
            try readAttribute($0.baseAddress!, of: object, place)
        }
    }
    return attributes
}

/// More than any attribute that is meant as one; a forged shape could claim anything.
private let largestAttributeBytes = 1 << 26

private func readAttribute(_ name: UnsafePointer<CChar>, of object: hid_t, _ place: ObjectPlace) throws -> AttributeValue {
    let problem = "its attribute \(printable(name)) cannot be read"
    let attribute = try place.take(H5Aopen(object, name, fourthroot_h5_default()), problem, kind: .corrupt)
    let type = try place.take(H5Aget_type(attribute.raw), problem, kind: .corrupt)
    let space = try place.take(H5Aget_space(attribute.raw), problem, kind: .corrupt)
    guard let shape = try extents(ofSpace: space.raw, place) else { return .other("empty") }
    let bytes = Int(clamping: H5Tget_size(type.raw))
    guard let count = product(shape), let total = product([count, bytes]), total <= largestAttributeBytes else {
        throw place.error(.corrupt, "\(problem): its shape is \(shape)")
    }
    let element = StoredElement(type: type.raw)
    if element.type == .string {
        return try readStrings(attribute.raw, type.raw, count: count, bytes: bytes, place, problem)
            .inShape(shape, one: AttributeValue.string, many: AttributeValue.strings)
    }
    let underlying = H5Tget_class(type.raw) == H5T_ENUM ? H5Tget_super(type.raw) : -1
    if underlying >= 0 {
        let base = Identifier(owning: underlying)
        return try readNumbers(
            attribute.raw, type.raw, StoredElement(type: base.raw), shape: shape, count: count, place, problem)
    }
    return try readNumbers(attribute.raw, type.raw, element, shape: shape, count: count, place, problem)
}

private func readNumbers(
    _ attribute: hid_t, _ type: hid_t, _ element: StoredElement, shape: [Int], count: Int, _ place: ObjectPlace,
    _ problem: String
) throws -> AttributeValue {
    switch element.type {
    case .otherFloat, .other, .string: return .other(element.type.description)
    case .integer, .float16, .bfloat16, .float32, .float64: break
    }
    var raw = [UInt8](repeating: 0, count: max(count * element.bytes, 1))
    try place.check(H5Aread(attribute, type, &raw), problem, kind: .corrupt)
    return raw.withUnsafeBytes { buffer in
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[0..<count * element.bytes])
        if case .integer(_, let signed) = element.type {
            guard let values = element.decodeIntegers(bytes, signed: signed) else { return .other("beyond int64") }
            return values.inShape(shape, one: AttributeValue.integer, many: AttributeValue.integers)
        }
        return element.decode(bytes, as: Double.self)
            .inShape(shape, one: AttributeValue.number, many: AttributeValue.numbers)
    }
}

private func readStrings(
    _ attribute: hid_t, _ type: hid_t, count: Int, bytes: Int, _ place: ObjectPlace, _ problem: String
) throws -> [String] {
    if try place.check(H5Tis_variable_str(type), problem, kind: .corrupt) > 0 {
        return try readVariableStrings(attribute, count: count, place, problem)
    }
    var raw = [UInt8](repeating: 0, count: max(count * bytes, 1))
    try place.check(H5Aread(attribute, type, &raw), problem, kind: .corrupt)
    let spacePadded = H5Tget_strpad(type) == H5T_STR_SPACEPAD
    return (0..<count).map { index in
        var text = raw[index * bytes..<(index + 1) * bytes]
        if let end = text.firstIndex(of: 0) { text = text[..<end] }
        while spacePadded, text.last == UInt8(ascii: " ") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Array {
    /// A single value of a scalar data space, else the values row-major, whatever the number of dimensions.
    fileprivate func inShape<Value>(_ shape: [Int], one: (Element) -> Value, many: ([Element]) -> Value) -> Value {
        if shape.isEmpty, let value = first { one(value) } else { many(self) }
    }
}

/// The product of extents, nil where it is beyond `Int`.
func product(_ extents: [Int]) -> Int? {
    var result = 1
    for extent in extents {
        let (value, overflow) = result.multipliedReportingOverflow(by: extent)
        if overflow { return nil }
        result = value
    }
    return result
}
