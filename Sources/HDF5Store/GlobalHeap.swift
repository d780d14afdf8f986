import CHDF5
import Foundation

/// The global heap of an open file, where strings of variable length lie, read without the library.
///
/// HDF5 1.10.8 trusts this structure: a reference to a missing object is followed through a null pointer and a
/// zeroed object loops for ever (H5HG_read, H5HG__cache_heap_deserialize). Of thousands of files damaged at random,
/// every crash left was of this kind, so the few bytes are parsed here, with every claim checked.
///
/// A collection is read once and kept. Collections do not overlap, so together they are no longer than the file; a
/// file that claims more is damaged.
///
/// Source: HDF5 File Format Specification 3.0, section III.E; references: section IV.B, vlen.
final class GlobalHeap {
    /// Its bytes, and where in them each object lies.
    private struct Collection {
        let bytes: [UInt8]
        let objects: [Int: Range<Int>]
    }

    /// Four bytes of length, an address, four bytes of index.
    let referenceBytes: Int
    private let addressBytes: Int
    private let lengthBytes: Int
    private let base: Int
    private let descriptor: Int32
    private let fileBytes: Int
    private var collections: [Int: Collection] = [:]
    private var bytesLeft: Int

    /// - Parameter file: open for as long as the heap is used.
    init(file: hid_t, bytes fileBytes: Int, _ place: ObjectPlace) throws {
        let problem = "its file's properties cannot be read"
        let creation = try place.take(H5Fget_create_plist(file), problem, kind: .corrupt)
        var (addressBytes, lengthBytes, base) = (0, 0, hsize_t(0))
        try place.check(H5Pget_sizes(creation.raw, &addressBytes, &lengthBytes), problem, kind: .corrupt)
        try place.check(H5Pget_userblock(creation.raw, &base), problem, kind: .corrupt)
        guard (2...8).contains(addressBytes), (2...8).contains(lengthBytes), let descriptor = fileDescriptor(of: file)
        else { throw place.error(.corrupt, problem) }
        self.addressBytes = addressBytes
        self.lengthBytes = lengthBytes
        self.base = Int(clamping: base)
        self.descriptor = descriptor
        self.fileBytes = fileBytes
        bytesLeft = fileBytes
        referenceBytes = 8 + addressBytes
    }

    /// The bytes to which a reference leads; nil where it or the heap is damaged.
    func object(_ reference: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let length = number(reference.prefix(4))
        let address = number(reference.dropFirst(4).prefix(addressBytes))
        let index = number(reference.suffix(4))
        guard let length, let address, let index else { return nil }
        guard length > 0, address > 0 else { return [] }
        guard let collection = collection(at: address), let place = collection.objects[index], place.count >= length
        else { return nil }
        return collection.bytes[place].prefix(length)
    }

    /// Signature, version, three reserved bytes, size; the size counts this header.
    private func collection(at address: Int) -> Collection? {
        if let known = collections[address] { return known }
        let (position, overflow) = address.addingReportingOverflow(base)
        let headerBytes = 8 + lengthBytes
        guard !overflow, let header = read(headerBytes, at: position), header.starts(with: Array("GCOL".utf8)),
            header[4] == 1, let size = number(header[8...]), size >= headerBytes, size <= bytesLeft,
            let bytes = read(size, at: position)
        else { return nil }
        bytesLeft -= size
        let collection = Collection(bytes: bytes, objects: objects(in: bytes))
        collections[address] = collection
        return collection
    }

    /// Objects follow one another: index (2), references (2), reserved (4), size, data padded to a multiple of 8.
    /// Index 0 is the free space at the end. What follows a damaged object is not found.
    private func objects(in collection: [UInt8]) -> [Int: Range<Int>] {
        var objects: [Int: Range<Int>] = [:]
        var position = 8 + lengthBytes
        while position + 8 + lengthBytes <= collection.count {
            let start = position + 8 + lengthBytes
            guard let index = number(collection[position..<position + 2]), index > 0,
                let size = number(collection[position + 8..<start]), size <= collection.count - start
            else { break }
            objects[index] = start..<start + size
            position = start + (size + 7) / 8 * 8
        }
        return objects
    }

    /// A little-endian number, nil where it is beyond `Int`.
    private func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        Int(exactly: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private func read(_ count: Int, at position: Int) -> [UInt8]? {
        guard position >= 0, position <= fileBytes, count <= fileBytes - position else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        return pread(descriptor, &bytes, count, off_t(position)) == count ? bytes : nil
    }
}
