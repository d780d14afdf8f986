import CHDF5
import Foundation
import MatrixCore

extension HDF5File {
    /// All attributes of an object; the root is "" or "/".
    ///
    /// - Throws: `HDF5Error` of kind `noSuchObject` or `corrupt`. An attribute of a type that is not read is `.other`.
    public func attributes(of name: String = "") throws -> Attributes {
        try HDF5Library.locked {
            let location = try locate(name)
            let object = try location.open(place(name))
            return try AttributeReader(location.file, place(name)).attributes(of: object.raw)
        }
    }

    /// One attribute of an object, nil where it has none of that name.
    public func attribute(_ attribute: String, of name: String = "") throws -> AttributeValue? {
        try HDF5Library.locked {
            let location = try locate(name)
            let place = place(name)
            let object = try location.open(place)
            let exists = try place.check(
                H5Aexists(object.raw, attribute), "its attributes cannot be read", kind: .corrupt)
            guard exists > 0 else { return nil }
            var reader = AttributeReader(location.file, place)
            return try reader.attribute(attribute, of: object.raw)
        }
    }
}

/// Reads attributes of open objects. Lives inside `HDF5Library.locked`.
///
/// Attributes are not compressed, so those of an object together are no longer than the file: a small file whose
/// references lead to one long text again and again is damaged, and not read until the memory ends.
struct AttributeReader {
    private let file: HDF5File
    private let place: ObjectPlace
    private var bytesLeft: Int

    /// - Parameter file: in which the objects lie, which need not be the one of `place`.
    init(_ file: HDF5File, _ place: ObjectPlace) {
        self.file = file
        self.place = place
        bytesLeft = file.fileBytes
    }

    func attributes(of object: hid_t) throws -> Attributes {
        var reader = self
        var attributes: Attributes = [:]
        for name in try names(of: object) {
            try name.withUnsafeBufferPointer { name in
                guard let start = name.baseAddress else { return }
                attributes[String(cString: start)] = try reader.attribute(start, of: object)
            }
        }
        return attributes
    }

    private func names(of object: hid_t) throws -> [[CChar]] {
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
        return names
    }

    mutating func attribute(_ name: UnsafePointer<CChar>, of object: hid_t) throws -> AttributeValue {
        let problem = "its attribute \(printable(name)) cannot be read"
        let attribute = try place.take(H5Aopen(object, name, fourthroot_h5_default()), problem, kind: .corrupt)
        let type = try place.take(H5Aget_type(attribute.raw), problem, kind: .corrupt)
        let space = try place.take(H5Aget_space(attribute.raw), problem, kind: .corrupt)
        guard let shape = try extents(ofSpace: space.raw, place) else { return .other("empty") }
        let bytes = Int(clamping: H5Tget_size(type.raw))
        guard let count = product(shape), let total = product([count, bytes]) else {
            throw place.error(.corrupt, "\(problem): its shape is \(shape)")
        }
        try take(total, problem)
        let element = StoredElement(type: type.raw)
        if element.type == .string {
            return try strings(attribute.raw, type.raw, count: count, bytes: bytes, problem)
                .inShape(shape, one: AttributeValue.string, many: AttributeValue.strings)
        }
        let underlying = H5Tget_class(type.raw) == H5T_ENUM ? H5Tget_super(type.raw) : -1
        if underlying >= 0 {
            let base = Identifier(owning: underlying)
            return try numbers(attribute.raw, type.raw, StoredElement(type: base.raw), shape, count: count, problem)
        }
        return try numbers(attribute.raw, type.raw, element, shape, count: count, problem)
    }

    private mutating func take(_ bytes: Int, _ problem: String) throws {
        guard bytes <= bytesLeft else {
            throw place.error(.corrupt, "\(problem): the attributes claim more bytes than the file has")
        }
        bytesLeft -= bytes
    }

    private func numbers(
        _ attribute: hid_t, _ type: hid_t, _ element: StoredElement, _ shape: [Int], count: Int, _ problem: String
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

    private mutating func strings(
        _ attribute: hid_t, _ type: hid_t, count: Int, bytes: Int, _ problem: String
    ) throws -> [String] {
        if try place.check(H5Tis_variable_str(type), problem, kind: .corrupt) > 0 {
            return try variableStrings(attribute, count: count, problem)
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

    private mutating func variableStrings(_ attribute: hid_t, count: Int, _ problem: String) throws -> [String] {
        let heap = try file.globalHeap(place)
        let type = try place.take(H5Tcreate(H5T_OPAQUE, heap.referenceBytes), problem, kind: .corrupt)
        var references = [UInt8](repeating: 0, count: max(count * heap.referenceBytes, 1))
        try place.check(H5Aread(attribute, type.raw, &references), problem, kind: .corrupt)
        var strings: [String] = []
        for index in 0..<count {
            let start = index * heap.referenceBytes
            guard let text = heap.object(references[start..<start + heap.referenceBytes]) else {
                throw place.error(.corrupt, "\(problem): its text is missing or damaged")
            }
            try take(text.count, problem)
            strings.append(String(decoding: text.prefix { $0 != 0 }, as: UTF8.self))
        }
        return strings
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
