import Files
import Foundation
import GSLReference
import HDF5Store
import MatrixCore

/// Decompositions kept between runs, one HDF5 file a matrix, named by the hash of its entries.
///
/// An entry is trusted only through its residual, which every use computes: a damaged one is taken again. Failing to
/// keep an entry never fails a study. The folder may hold other files and be shared by users: only what is an entry by its
/// name and its attribute `format` is ever removed.
public struct ReferenceCache: Sendable {
    private let folder: String
    private let capacity: Int

    private static let suffix = ".decomposition.h5"
    private static let format = "fourthroot-decomposition"

    /// - Parameters:
    ///   - folder: made when the first entry is kept.
    ///   - capacity: bytes; beyond it the entries used longest ago go.
    public init(folder: String, capacity: Int = 2 << 30) {
        self.folder = folder
        self.capacity = capacity
    }

    /// The kept decomposition of a matrix, judged anew.
    ///
    /// - Returns: nil where there is none, or where its residual shows that it is another matrix's or damaged.
    func decomposition(of matrix: Matrix<Double>, hash: String) -> ReferenceDecomposition? {
        guard let kept = read(hash, order: matrix.order) else { return nil }
        let judged = ReferenceDecomposition(kept, of: matrix)
        // A backward stable solver stays within a small multiple of n·u; damage is larger by orders of magnitude.
        let limit = 100 * Double(max(matrix.order, 10)) * 0x1p-53
        return judged.decompositionResidual <= limit && judged.orthogonalityDefect <= limit ? judged : nil
    }

    private func read(_ hash: String, order: Int) -> SymmetricDecomposition? {
        let path = path(hash)
        guard let file = try? HDF5File.open(path),
            let vectors: Matrix<Double> = try? file.readRowsAsColumns("eigenvectors"),
            let values: NumericArray<Double> = try? file.readArray("eigenvalues"),
            vectors.rows == order, vectors.columns == order, values.values.count == order
        else { return nil }
        // The time of last use, for the choice of what goes first.
        try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
        return SymmetricDecomposition(eigenvalues: values.values, eigenvectors: vectors)
    }

    func keep(_ decomposition: SymmetricDecomposition, ofMatrixWithHash hash: String) {
        let order = decomposition.eigenvalues.count
        let bytes = 8 * order * (order + 1)
        guard bytes <= capacity else { return }
        do {
            try CacheFolder(folder).make()
            try makeRoom(for: bytes)
            try HDF5File.create(at: path(hash), overwriting: true) { writer in
                try writer.setAttribute("format", to: .string(ReferenceCache.format))
                // Rows of the data set are eigenvectors: memory order, not the mathematical one.
                try writer.write(
                    NumericArray(shape: [order, order], values: decomposition.eigenvectors.elements), to: "eigenvectors")
                try writer.write(
                    NumericArray(shape: [order], values: decomposition.eigenvalues), to: "eigenvalues")
            }
        } catch {
            // A full disk or a read-only home costs the next run its GSL time, nothing else.
            return
        }
    }

    private func path(_ hash: String) -> String { "\(folder)/\(hash)\(ReferenceCache.suffix)" }

    /// Removes the entries used longest ago until there is room for another. Files that are no entries, or another
    /// user's, do not count.
    private func makeRoom(for bytes: Int) throws {
        var entries = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { entry(named: $0) }
        // The names suffice to see that there is room; what is removed is looked into.
        if entries.reduce(bytes, { $0 + $1.size }) <= capacity { return }
        entries = entries.filter { isDecomposition($0.path) }.sorted { $0.used < $1.used }
        var total = entries.reduce(bytes) { $0 + $1.size }
        for entry in entries where total > capacity && unlink(entry.path) == 0 { total -= entry.size }
    }

    private func entry(named name: String) -> (path: String, size: Int, used: Double)? {
        var information = stat()
        let path = "\(folder)/\(name)"
        guard name.hasSuffix(ReferenceCache.suffix), lstat(path, &information) == 0,
            information.st_mode & S_IFMT == S_IFREG, information.st_uid == geteuid()
        else { return nil }
        let used = Double(information.st_mtim.tv_sec) + 1e-9 * Double(information.st_mtim.tv_nsec)
        return (path, Int(information.st_size), used)
    }

    private func isDecomposition(_ path: String) -> Bool {
        (try? HDF5File.open(path).attribute("format"))?.string == ReferenceCache.format
    }
}
