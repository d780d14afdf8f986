import Compute
import MatrixCore
import Quantization

extension StatisticState {
    /// The buffers that keep the statistic: together `byteCount` bytes.
    func archive(_ backend: Backend) -> StateArchive {
        switch kept {
        case .entries(let stored): return stored.archive(backend)
        case .eigenvector(let statistic): return statistic.archive(backend)
        case .householder(let statistic): return statistic.archive(backend)
        case .basis(let eigenvalues, let vectors):
            var archive = StateArchive()
            archive.add("eigenvalues", .floats(eigenvalues))
            archive.add("vectors", vectors, backend)
            return archive
        case .cholesky(let statistic, let error):
            var archive = StateArchive()
            archive.add("factor", statistic.archive(backend))
            if let error { archive.add("error", backend.parts(of: error).archive) }
            return archive
        }
    }

    /// - Throws: `StateArchiveError`.
    mutating func read(_ archive: StateArchive, _ backend: Backend) throws(StateArchiveError) {
        switch kept {
        case .entries(var stored):
            try stored.read(archive, backend)
            kept = .entries(stored)
        case .eigenvector(var statistic):
            try statistic.read(archive, backend)
            kept = .eigenvector(statistic)
        case .householder(var statistic):
            try statistic.read(archive, backend)
            kept = .householder(statistic)
        case .basis(let eigenvalues, let vectors):
            kept = .basis(
                eigenvalues: try archive.floats("eigenvalues", count: eigenvalues.count),
                vectors: try archive.finiteTensor("vectors", like: vectors, backend))
        case .cholesky(var statistic, var error):
            try statistic.read(archive.part("factor"), backend)
            if let form = error { error = try backend.codedTensor(like: form, from: archive.part("error")) }
            kept = .cholesky(statistic, error: error)
        }
    }
}
