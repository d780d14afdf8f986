import Compute
import Quantization

/// A symmetric matrix kept by its entries: exact, or coded as an `EntryStorage` lays them out.
///
/// Blocks of `full` and `offdiagonal` run along rows, so an entry and its mirror image decode differently. A decoded
/// tensor holds row j of the matrix in its column j: in memory it is the matrix in row-major order, and as a
/// tensor its transpose.
struct StoredMatrix<Backend: MatrixBackend>: KeptRoot {
    private enum Kept {
        case exact(Backend.Tensor)
        case coded(Backend.CodedTensor, mirrored: Bool)
    }

    private var kept: Kept

    /// - Parameter layout: nil to keep the matrix as it is.
    /// - Throws: `QuantizationError.notFinite`.
    init(_ matrix: Backend.Tensor, layout: EntryLayout?, _ backend: Backend) throws(QuantizationError) {
        guard let layout else {
            kept = .exact(matrix)
            return
        }
        let form = layout.form(order: backend.shape(of: matrix).rows)
        kept = .coded(try backend.encode(matrix, as: form), mirrored: layout.isMirrored)
    }

    func decoded(_ backend: Backend) -> Backend.Tensor {
        switch kept {
        case .exact(let matrix): matrix
        case .coded(let coded, let mirrored):
            mirrored ? backend.mirrorUpperTriangle(backend.decode(coded)) : backend.decode(coded)
        }
    }

    /// Whether what `decoded` gives equals its transpose, of a matrix that does.
    var isSymmetric: Bool {
        switch kept {
        case .exact: true
        case .coded(_, let mirrored): mirrored
        }
    }

    /// A ← A + δI of an exact matrix.
    mutating func retain(shift: Backend.Scalar, _ backend: Backend) {
        if case .exact(let matrix) = kept { kept = .exact(backend.addToDiagonal(matrix, shift)) }
    }

    func byteCount(_ backend: Backend) -> Int {
        switch kept {
        case .exact(let matrix): backend.byteCount(matrix)
        case .coded(let coded, mirrored: _): backend.byteCount(coded)
        }
    }

    /// `entries`, or codes, block maxima and diagonal.
    func archive(_ backend: Backend) -> StateArchive {
        switch kept {
        case .exact(let matrix):
            var archive = StateArchive()
            archive.add("entries", matrix, backend)
            return archive
        case .coded(let coded, mirrored: _):
            return backend.codedMatrix(coded).archive
        }
    }

    /// - Throws: `StateArchiveError`.
    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        switch kept {
        case .exact(let matrix):
            kept = .exact(try archive.finiteTensor("entries", like: matrix, backend))
        case .coded(let coded, let mirrored):
            kept = .coded(try backend.codedTensor(like: coded, from: archive), mirrored: mirrored)
        }
    }
}
