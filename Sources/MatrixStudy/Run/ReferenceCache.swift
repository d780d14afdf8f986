import Foundation
import GSLReference
import HDF5Store
import MatrixCore

/// Decompositions kept between runs, one HDF5 file a matrix, named by the hash of its entries.
///
/// An entry is trusted only through its residual, which every use computes: a damaged one is taken again. Failing to
/// keep an entry never fails a study.
public struct ReferenceCache: Sendable {
    private let folder: String
    private let capacity: Int

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
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try makeRoom(for: bytes)
            try HDF5File.create(at: path(hash), overwriting: true) { writer in
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

    private func path(_ hash: String) -> String { "\(folder)/\(hash).h5" }

    private func makeRoom(for bytes: Int) throws {
        let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
        let entries = try FileManager.default.contentsOfDirectory(
            at: URL(fileURLWithPath: folder), includingPropertiesForKeys: Array(keys)
        ).filter { $0.pathExtension == "h5" }.map { url in
            let values = try url.resourceValues(forKeys: keys)
            return (url: url, size: values.fileSize ?? 0, used: values.contentModificationDate ?? .distantPast)
        }
        var total = entries.reduce(bytes) { $0 + $1.size }
        for entry in entries.sorted(by: { $0.used < $1.used }) where total > capacity {
            try FileManager.default.removeItem(at: entry.url)
            total -= entry.size
        }
    }
}
