import GSLReference
import LinearAlgebra
import MatrixCore
import MatrixSources

// A data set `eigenvectors` (n × n, a column each) with `eigenvalues` (n) in a matrix's group is its decomposition. Where an
// eigenvalue is repeated, the basis that a generator used is one that no eigensolver finds again.

extension StudyInput {
    /// Checks the decomposition beside every matrix, so that a study fails before it starts. A matrix whose decomposition
    /// is missing or wrong is rejected where every matrix of the file was selected.
    ///
    /// - Throws: `SourceError` for a matrix that was asked for.
    public mutating func requireFactors() throws {
        for place in files.indices {
            var sound: [InputMatrix] = []
            for matrix in files[place].matrices {
                do {
                    _ = try factors(of: matrix, entries(of: matrix))
                    sound.append(matrix)
                } catch let error as SourceError where selectsEverything {
                    files[place].rejected.append(error)
                }
            }
            files[place].matrices = sound
        }
    }

    /// The decomposition beside a matrix: eigenvalues ascending, eigenvectors signed as those of an eigensolver are.
    ///
    /// It must hold to the precision in which it is kept. With u the coarsest unit roundoff of the three data sets,
    /// ‖QᵀQ − I‖F and every ‖A·qᵢ − λᵢ·qᵢ‖/max |λ| are at most 30·n·u: a backward stable solver and a product
    /// Q·Diag(λ)·Qᵀ leave a small multiple of n·u, rounding to storage at most (2 + √n)·u, and 30 is the threshold of
    /// LAPACK's own tests of eigensolvers.
    ///
    /// - Throws: `SourceError` naming what is wrong.
    func factors(of matrix: InputMatrix, _ entries: Matrix<Double>) throws -> SymmetricDecomposition {
        let (values, vectors, unit) = try readFactors(of: matrix)
        let decomposition = SymmetricDecomposition(eigenvalues: values, eigenvectors: vectors)
        let judged = ReferenceDecomposition(
            decomposition, of: entries, product: { multiply($0, $1) }, gram: { symmetricProduct($0, transposed: true) })
        let limit = 30 * Double(max(matrix.order, 10)) * unit
        guard judged.orthogonalityDefect <= limit else {
            throw factorsError(
                matrix,
                "the eigenvectors are not orthonormal: ‖QᵀQ − I‖ is \(judged.orthogonalityDefect), at most \(limit) is rounding"
            )
        }
        let residuals = judged.relativeResiduals
        if let worst = residuals.indices.max(by: { residuals[$0] < residuals[$1] }), !(residuals[worst] <= limit) {
            throw factorsError(
                matrix,
                "they are not of this matrix: for column \(worst), ‖A·q − λ·q‖ is \(residuals[worst]) of the largest "
                    + "eigenvalue, at most \(limit) is rounding")
        }
        let permutation = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        var sorted = vectors.selectingColumns(permutation)
        sorted.makeLargestEntriesPositive()
        return SymmetricDecomposition(eigenvalues: permutation.map { values[$0] }, eigenvectors: sorted)
    }

    private func readFactors(of matrix: InputMatrix) throws -> ([Double], Matrix<Double>, unit: Double) {
        let group = matrix.name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropLast()
        func path(_ name: String) -> String { (group.map { Substring($0) } + [name[...]]).joined(separator: "/") }
        let (source, order) = (source(of: matrix), matrix.order)
        func factor(_ name: String) throws(SourceError) -> MatrixEntry {
            guard let entry = source.entry(named: path(name)), entry.failure == nil else {
                throw factorsError(matrix, "there is no \(path(name)) that can be read")
            }
            return entry
        }
        let (vectors, values) = (try factor("eigenvectors"), try factor("eigenvalues"))
        // Before anything is read: an entry may claim any size.
        guard vectors.shape == [order, order], values.shape == [order] else {
            throw factorsError(
                matrix, "their shapes are \(vectors.shapeText) and \(values.shapeText), and the order is \(order)")
        }
        let (columns, eigenvalues): (Matrix<Double>, [Double])
        do {
            (columns, eigenvalues) = (try source.rowsAsColumns(of: vectors).transposed, try source.values(of: values))
        } catch let error as SourceError {
            throw factorsError(matrix, "\(error)")
        }
        guard (columns.elements + eigenvalues).allSatisfy(\.isFinite) else {
            throw factorsError(matrix, "an entry of them is not finite")
        }
        return (eigenvalues, columns, [vectors, values, matrix.entry].map(\.type.unitRoundoff).reduce(0, max))
    }

    private func factorsError(_ matrix: InputMatrix, _ problem: String) -> SourceError {
        SourceError(
            .wrongData, file: matrix.source, entry: matrix.name,
            "the data sets eigenvectors and eigenvalues beside it are no decomposition: "
                + "\(problem); 'fourthroot synthesize --keep-factors' writes them, and --decomposition lapack needs none")
    }
}

extension FileInput {
    /// The eigenvectors among data sets: no statistics of their own, and not symmetric.
    static func eigenvectorEntries(_ entries: [MatrixEntry]) -> Set<ExactName> {
        let lists = Set(entries.filter { $0.shape.count == 1 }.map { ExactName($0.name) })
        let own = "eigenvectors".utf8
        return Set(
            entries.map(\.name).filter { name in
                guard name.utf8.suffix(own.count).elementsEqual(own) else { return false }
                let group = Substring(name.utf8.dropLast(own.count))
                return (group.isEmpty || group.utf8.last == UInt8(ascii: "/"))
                    && lists.contains(ExactName(group + "eigenvalues"))
            }.map { ExactName($0) })
    }
}
