import CHDF5
import Files
import Foundation

/// What the file really holds of a data set, checked before anything is read or allocated.
///
/// HDF5 gives a fill value, zero by default, for every value that nobody wrote: a chunk never allocated, a source file
/// that is missing, the rest of a raw file that is too short. None of them is a matrix. And a header of a few bytes can
/// claim any shape: what is read has to be paid for by bytes in the file.
struct DatasetSupply {
    /// In which the set lies.
    let file: HDF5File
    let dataset: hid_t
    let creation: hid_t
    let shape: [Int]
    /// The first index of the part that is to be read; nil for the whole set.
    let slab: Int?
    let elementBytes: Int
    let place: ObjectPlace
    /// The virtual sets that are put together from this one.
    var users: [ObjectKey] = []

    /// A chunk comes out as a whole, however little of it is wanted: so much may always come.
    private static let freeChunkBytes = 1 << 26

    func check() throws { _ = try held() }

    /// The bytes of data that the file holds, in which each value has its part.
    ///
    /// - Throws: `HDF5Error` of kind `unwritten`, `corrupt` or `tooLarge`.
    func held() throws -> Int {
        let count = try checkedCount()
        guard count > 0 else { return 0 }
        switch H5Pget_layout(creation) {
        case H5D_CHUNKED: return try heldByChunks(count: count)
        case H5D_VIRTUAL:
            let sources = try VirtualSources(self).held()
            try requirePaid(values: count, expanded: count * elementBytes, held: sources)
            return sources
        default:
            if H5Pget_external_count(creation) > 0 { return try heldByRawFiles(of: count * elementBytes) }
            return try heldInOnePiece()
        }
    }

    /// The number of values to be read. They must fit this machine, as stored and converted to the widest scalar.
    private func checkedCount() throws -> Int {
        let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        let widest = elementBytes + MemoryLayout<Double>.size
        guard product(shape + [elementBytes]) != nil, let count = product(slab == nil ? shape : Array(shape.dropFirst())),
            let needed = product([count, widest]), needed <= physical
        else { throw place.error(.tooLarge, "its shape \(shape) needs more memory than this machine has") }
        return count
    }

    private func requirePaid(values: Int, expanded: Int, held: Int) throws {
        guard !Expansion.isPaid(values: values, bytes: expanded, by: held) else { return }
        throw place.error(
            .tooLarge,
            "holds \(held) bytes from which \(expanded) would come, and of so far compressed values \(Expansion.freeValues) are read",
            advice: "if it is meant, store it without compression, for instance by h5repack -f NONE")
    }

    /// A chunk is no larger than its set, unless it is small.
    private func requireChunk(bytes: Int, expanded: Int, held: Int) throws {
        guard bytes > DatasetSupply.freeChunkBytes, held < expanded / Expansion.largestRatio else { return }
        guard bytes <= shape.reduce(elementBytes, *) else {
            throw place.error(
                .corrupt, "has chunks of \(bytes) bytes, more than all of it",
                advice: "store it in smaller chunks, for instance by h5repack -l CHUNK=256x256")
        }
        try requirePaid(values: bytes / elementBytes, expanded: expanded, held: held)
    }

    private func heldInOnePiece() throws -> Int {
        let held = Int(clamping: H5Dget_storage_size(dataset))
        let needed = shape.reduce(elementBytes, *)
        guard held > 0 else { throw place.error(.unwritten, "was never written, the file holds no data of it") }
        guard held <= file.fileBytes else {
            throw place.error(.corrupt, "claims \(held) bytes in a file of \(file.fileBytes)")
        }
        guard held >= needed else {
            throw place.error(
                .corrupt, "holds \(held) bytes of data where its shape \(shape) needs \(needed)",
                advice: "it was truncated or damaged; write it again")
        }
        // Space taken in advance and never written is a hole in the file; a compact set has no address.
        if let descriptor = fileDescriptor(of: file.identifier), let start = Int(exactly: H5Dget_offset(dataset)),
            isHole(descriptor, start: start, bytes: needed)
        {
            throw place.error(.unwritten, "was never written, the file has a hole in its place")
        }
        return held
    }
}

/// SEEK_DATA of Linux's <unistd.h>, which is hidden from Swift.
private let seekData: Int32 = 3

/// Whether the system keeps no data of a part of a file, but for blocks of up to 64 KiB at its ends that it may share
/// with others. Reading it would give zeros.
private func isHole(_ descriptor: Int32, start: Int, bytes: Int) -> Bool {
    let block = 1 << 16
    guard bytes > 2 * block else { return false }
    let position = lseek(descriptor, 0, SEEK_CUR)
    defer { lseek(descriptor, position, SEEK_SET) }
    let data = lseek(descriptor, off_t(start + block), seekData)
    return data >= 0 ? Int(data) >= start + bytes - block : errno == ENXIO
}

extension DatasetSupply {
    /// Every chunk that is to be read must have been written.
    private func heldByChunks(count: Int) throws -> Int {
        var extents = [hsize_t](repeating: 0, count: shape.count)
        let rank = try place.check(
            H5Pget_chunk(creation, Int32(extents.count), &extents), "its chunks cannot be read", kind: .corrupt)
        let chunk = extents.map { Int(clamping: $0) }
        guard Int(rank) == shape.count, !chunk.contains(0), let chunkBytes = product(chunk + [elementBytes]) else {
            throw place.error(.corrupt, "its chunks are \(chunk) where its shape is \(shape)")
        }
        let grid = zip(shape, chunk).map { ($0 - 1) / $1 + 1 }
        let first = slab.map { [$0 / chunk[0]] } ?? Array(0..<grid[0])
        guard let chunks = product([first.count] + grid.dropFirst()), let expanded = product([chunks, chunkBytes]) else {
            throw place.error(.corrupt, "its chunks are \(chunk) where its shape is \(shape)")
        }
        let all = Int(clamping: H5Dget_storage_size(dataset))
        guard all > 0 else { throw place.error(.unwritten, "was never written, the file holds no data of it") }
        guard all <= file.fileBytes else {
            throw place.error(.corrupt, "claims \(all) bytes in a file of \(file.fileBytes)")
        }
        let held = try heldBytes(of: first.map { [$0] }, rest: Array(grid.dropFirst()), chunk: chunk, count: chunks)
        try requirePaid(values: count, expanded: expanded, held: held)
        if H5Pget_nfilters(creation) > 0 { try requireChunk(bytes: chunkBytes, expanded: expanded, held: held) }
        return held
    }

    /// The bytes of the chunks at `first` along the first axis and everywhere along the others.
    ///
    /// The first missing one ends the search, so it takes no longer than the index in the file is.
    private func heldBytes(of first: [[Int]], rest: [Int], chunk: [Int], count: Int) throws -> Int {
        var held = 0
        for start in first {
            var position = start + [Int](repeating: 0, count: rest.count)
            repeat {
                let offset = zip(position, chunk).map { hsize_t($0 * $1) }
                let bytes = try bytes(ofChunkAt: offset)
                guard bytes > 0 else {
                    let corner = offset.map { "\($0)" }.joined(separator: ", ")
                    throw place.error(
                        .unwritten,
                        "was not written in full: of \(count) chunks the one at (\(corner)) is missing, and perhaps others")
                }
                held += bytes
            } while advance(&position, within: rest)
        }
        return held
    }

    /// 0 of a chunk that was never written, which HDF5 1.10 reports as a failure.
    private func bytes(ofChunkAt offset: [hsize_t]) throws -> Int {
        var bytes: hsize_t = 0
        guard H5Dget_chunk_storage_size(dataset, offset, &bytes) < 0 else { return Int(clamping: bytes) }
        let error = place.libraryError(.corrupt, "its chunks cannot be read")
        guard error.cause?.contains("not allocated") == true else { throw error }
        return 0
    }

    /// The next position, the last index running fastest and the first one fixed; false after the last.
    private func advance(_ position: inout [Int], within rest: [Int]) -> Bool {
        for axis in rest.indices.reversed() {
            position[axis + 1] += 1
            if position[axis + 1] < rest[axis] { return true }
            position[axis + 1] = 0
        }
        return false
    }

    /// Data in files of their own, which must be there and long enough.
    private func heldByRawFiles(of needed: Int) throws -> Int {
        var left = needed
        for index in 0..<UInt32(clamping: H5Pget_external_count(creation)) where left > 0 {
            var name = [CChar](repeating: 0, count: 4097)
            var (offset, size): (off_t, hsize_t) = (0, 0)
            try place.check(
                H5Pget_external(creation, index, name.count - 1, &name, &offset, &size), "its raw files cannot be read",
                kind: .corrupt)
            let path = rawFilePath(text(name))
            let part = min(left, Int(clamping: size))
            try requireRawFile(path, start: Int(offset), bytes: part)
            left -= part
        }
        guard left == 0 else {
            throw place.error(.unwritten, "its raw files hold \(needed - left) of \(needed) bytes")
        }
        return needed
    }

    /// As the library finds it: from the working folder, unless HDF5_EXTFILE_PREFIX names another.
    private func rawFilePath(_ name: String) -> String {
        guard !name.hasPrefix("/"), let prefix = ProcessInfo.processInfo.environment["HDF5_EXTFILE_PREFIX"], !prefix.isEmpty
        else { return name }
        let folder = (file.path as NSString).deletingLastPathComponent
        return prefix.replacingOccurrences(of: "${ORIGIN}", with: folder.isEmpty ? "." : folder) + "/" + name
    }

    private func requireRawFile(_ path: String, start: Int, bytes: Int) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw place.error(
                .unwritten, "its data are in the raw file \(path), which is missing",
                advice: "restore it, and run where its path leads to it")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw place.error(.corrupt, "its data are in \(path), which is not a regular file")
        }
        let (end, overflow) = start.addingReportingOverflow(bytes)
        guard start >= 0, !overflow, Int(status.st_size) >= end else {
            throw place.error(
                .unwritten, "its data are in the raw file \(path), which has \(status.st_size) bytes where \(end) are needed")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw place.error(.unreadable, "its data are in the raw file \(path), which cannot be read: \(systemMessage())")
        }
        defer { close(descriptor) }
        guard !isHole(descriptor, start: start, bytes: bytes) else {
            throw place.error(.unwritten, "its data are in the raw file \(path), which has a hole in their place")
        }
    }
}
