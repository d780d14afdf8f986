import CHDF5
import Foundation

/// The global heap of an open file, where strings of variable length lie, read without the library.
///
/// HDF5 1.10.8 trusts this structure: a reference to a missing object is followed through a null pointer and a
/// zeroed object loops for ever (H5HG_read, H5HG__cache_heap_deserialize). Of thousands of files damaged at random,
/// every crash left was of this kind, so the few bytes are parsed here, with every claim checked.
///
/// Source: HDF5 File Format Specification 3.0, section III.E; references: section IV.B, vlen.
struct GlobalHeap: ~Copyable {
    /// Four bytes of length, an address, four bytes of index.
    let referenceBytes: Int
    private let addressBytes: Int
    private let lengthBytes: Int
    private let base: Int
    private let descriptor: Int32
    private let file: Identifier

    private init(file: consuming Identifier, descriptor: Int32, base: Int, addressBytes: Int, lengthBytes: Int) {
        self.file = file
        self.descriptor = descriptor
        self.base = base
        self.addressBytes = addressBytes
        self.lengthBytes = lengthBytes
        referenceBytes = 8 + addressBytes
    }

    /// The heap of the file in which an open object lies.
    static func open(of object: hid_t, _ place: ObjectPlace) throws -> GlobalHeap {
        let problem = "its file's properties cannot be read"
        let file = try place.take(H5Iget_file_id(object), problem, kind: .corrupt)
        let creation = try place.take(H5Fget_create_plist(file.raw), problem, kind: .corrupt)
        var (addressBytes, lengthBytes, base) = (0, 0, hsize_t(0))
        try place.check(H5Pget_sizes(creation.raw, &addressBytes, &lengthBytes), problem, kind: .corrupt)
        try place.check(H5Pget_userblock(creation.raw, &base), problem, kind: .corrupt)
        guard (2...8).contains(addressBytes), (2...8).contains(lengthBytes),
            let descriptor = fileDescriptor(of: file.raw)
        else { throw place.error(.corrupt, problem) }
        return GlobalHeap(
            file: file, descriptor: descriptor, base: Int(clamping: base), addressBytes: addressBytes,
            lengthBytes: lengthBytes)
    }

    /// The bytes to which a reference leads; nil where it or the heap is damaged.
    func object(_ reference: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let length = number(reference.prefix(4))
        let address = number(reference.dropFirst(4).prefix(addressBytes))
        let index = number(reference.suffix(4))
        guard let length, let address, let index else { return nil }
        guard length > 0, address > 0 else { return [] }
        guard let collection = collection(at: address) else { return nil }
        guard let object = object(index, in: collection), object.count >= length else { return nil }
        return object.prefix(length)
    }

    /// Signature, version, three reserved bytes, size; the size counts this header.
    private func collection(at address: Int) -> [UInt8]? {
        let (position, overflow) = address.addingReportingOverflow(base)
        let headerBytes = 8 + lengthBytes
        guard !overflow, let header = read(headerBytes, at: position), header.starts(with: Array("GCOL".utf8)),
            header[4] == 1, let size = number(header[8...]), size >= headerBytes
        else { return nil }
        return read(size, at: position)
    }

    /// Objects follow one another: index (2), references (2), reserved (4), size, data padded to a multiple of 8.
    /// Index 0 is the free space at the end.
    private func object(_ wanted: Int, in collection: [UInt8]) -> ArraySlice<UInt8>? {
        var position = 8 + lengthBytes
        while wanted > 0, position + 8 + lengthBytes <= collection.count {
            guard let index = number(collection[position..<position + 2]), index > 0,
                let size = number(collection[position + 8..<position + 8 + lengthBytes])
            else { return nil }
            let start = position + 8 + lengthBytes
            guard size <= collection.count - start else { return nil }
            if index == wanted { return collection[start..<start + size] }
            position = start + (size + 7) / 8 * 8
        }
        return nil
    }

    /// A little-endian number, nil where it is beyond `Int`.
    private func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        Int(exactly: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private func read(_ count: Int, at position: Int) -> [UInt8]? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, position >= 0, count <= Int(status.st_size) - position else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        return pread(descriptor, &bytes, count, off_t(position)) == count ? bytes : nil
    }
}

/// The strings of variable length of an open attribute.
func readVariableStrings(_ attribute: hid_t, count: Int, _ place: ObjectPlace, _ problem: String) throws -> [String] {
    let heap = try GlobalHeap.open(of: attribute, place)
    let type = try place.take(H5Tcreate(H5T_OPAQUE, heap.referenceBytes), problem, kind: .corrupt)
    var references = [UInt8](repeating: 0, count: max(count * heap.referenceBytes, 1))
    try place.check(H5Aread(attribute, type.raw, &references), problem, kind: .corrupt)
    return try (0..<count).map { index in
        let start = index * heap.referenceBytes
        guard let text = heap.object(references[start..<start + heap.referenceBytes]) else {
            throw place.error(.corrupt, "\(problem): its text is missing or damaged")
        }
        return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }
}
