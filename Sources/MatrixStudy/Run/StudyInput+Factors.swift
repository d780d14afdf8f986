import GSLReference
import HDF5Store
import LinearAlgebra
import MatrixCore

// A data set `eigenvectors` (n × n, a column each) with `eigenvalues` (n) in a matrix's group is its decomposition. Where an
// eigenvalue is repeated, the basis that a generator used is one that no eigensolver finds again.

extension StudyInput {
    /// Checks the decomposition beside every matrix, so that a study fails before it starts. A matrix whose decomposition
    /// is missing or wrong is rejected where every matrix of the file was selected.
    ///
    /// - Throws: `InputError` for a matrix that was asked for.
    public mutating func requireFactors() throws {
        var sound: [InputMatrix] = []
        for matrix in matrices {
            do {
                _ = try factors(of: matrix, entries(of: matrix))
                sound.append(matrix)
            } catch let error as InputError where selectsEverything {
                rejected.append(error)
            }
        }
        matrices = sound
    }

    /// The decomposition beside a matrix: eigenvalues ascending, eigenvectors signed as those of an eigensolver are.
    ///
    /// It must hold to the precision in which it is kept. With u the coarsest unit roundoff of the three data sets,
    /// ‖QᵀQ − I‖F and every ‖A·qᵢ − λᵢ·qᵢ‖/max |λ| are at most 30·n·u: a backward stable solver and a product
    /// Q·Diag(λ)·Qᵀ leave a small multiple of n·u, rounding to storage at most (2 + √n)·u, and 30 is the threshold of
    /// LAPACK's own tests of eigensolvers.
    ///
    /// - Throws: `InputError` naming what is wrong.
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
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        var sorted = vectors.selectingColumns(order)
        sorted.makeLargestEntriesPositive()
        return SymmetricDecomposition(eigenvalues: order.map { values[$0] }, eigenvectors: sorted)
    }

    private func readFactors(of matrix: InputMatrix) throws -> ([Double], Matrix<Double>, unit: Double) {
        let group = matrix.name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropLast()
        func path(_ name: String) -> String { (group.map { Substring($0) } + [name[...]]).joined(separator: "/") }
        do {
            let kept = try [path("eigenvectors"), path("eigenvalues"), matrix.name].map { try file.description(of: $0) }
            let order = matrix.order
            // Before anything is read: a data set may claim any size.
            guard kept[0].shape == [order, order], kept[1].shape == [order] else {
                let shapes = kept.map { $0.shape.map { "\($0)" }.joined(separator: " × ") }
                throw factorsError(
                    matrix, "their shapes are \(shapes[0]) and \(shapes[1]), and the order is \(order)")
            }
            let vectors = try file.readMatrix(path("eigenvectors"))
            let values: NumericArray<Double> = try file.readArray(path("eigenvalues"))
            guard (vectors.elements + values.values).allSatisfy(\.isFinite) else {
                throw factorsError(matrix, "an entry of them is not finite")
            }
            return (values.values, vectors, kept.map { unitRoundoff($0.elementType) }.reduce(0, max))
        } catch let error as HDF5Error {
            throw factorsError(matrix, "\(error)")
        }
    }

    private func factorsError(_ matrix: InputMatrix, _ problem: String) -> InputError {
        InputError(
            kind: .wrongData, path: path, dataset: matrix.name,
            problem: "the data sets eigenvectors and eigenvalues beside it are no decomposition: "
                + "\(problem); 'fourthroot synthesize --keep-factors' writes them, and --decomposition lapack needs none")
    }

    /// The eigenvectors among data sets: no statistics of their own, and not symmetric.
    static func eigenvectorSets(_ datasets: [DatasetDescription]) -> Set<ExactName> {
        let lists = Set(datasets.filter { $0.shape.count == 1 }.map { ExactName($0.name) })
        let own = "eigenvectors".utf8
        return Set(
            datasets.map(\.name).filter { name in
                guard name.utf8.suffix(own.count).elementsEqual(own) else { return false }
                let group = Substring(name.utf8.dropLast(own.count))
                return (group.isEmpty || group.utf8.last == UInt8(ascii: "/"))
                    && lists.contains(ExactName(group + "eigenvalues"))
            }.map { ExactName($0) })
    }
}

private func unitRoundoff(_ type: ElementType) -> Double {
    switch type {
    case .bfloat16: 0x1p-8
    case .float16: 0x1p-11
    case .float64: 0x1p-53
    default: 0x1p-24
    }
}
