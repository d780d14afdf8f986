import CPUBackend
import Compute
import MatrixCore
import Preconditioning
import Quantization
import TestSupport
import Testing

private let backend = CPUBackend<Double>()

@Suite struct StorageTests {
    /// The interface's rule: ⌈bits·entries/8⌉ + 4 a block maximum + 4n for a diagonal or eigenvalues + ⌈n/8⌉ for signs.
    @Test(arguments: [1, 2, 3, 63, 64, 65, 130], [1, 64, 100])
    func bytesOfEveryStorage(order n: Int, block: Int) throws {
        let known = try KnownStatistic(.geometric(conditionNumber: 10), order: n)
        for bits in 2...8 {
            let coding = try blockCoding(.linear2, bits: bits, block: block)
            let square = (bits * n * n + 7) / 8 + 4 * n * ((n + block - 1) / block)
            let triangle =
                (bits * (n * (n - 1) / 2) + 7) / 8 + 4 * (0..<n).reduce(0) { $0 + ($1 + block - 1) / block }
            #expect(StatisticStorage.exact.byteCount(order: n) == 4 * n * n)
            #expect(StatisticStorage.full(coding).byteCount(order: n) == square)
            #expect(StatisticStorage.offdiagonal(coding).byteCount(order: n) == square + 4 * n)
            #expect(StatisticStorage.symmetric(coding).byteCount(order: n) == triangle + 4 * n)
            #expect(StatisticStorage.eigenvector(coding).byteCount(order: n) == square + 4 * n)
            #expect(StatisticStorage.householder(coding).byteCount(order: n) == triangle + 4 * n + (n + 7) / 8)
            #expect(StatisticStorage.cholesky(coding).byteCount(order: n) == triangle + 4 * n)
            #expect(StatisticStorage.inverseRoot(coding).byteCount(order: n) == triangle + 4 * n + 8)
            #expect(RootStorage.shared.byteCount(order: n) == 0)
            #expect(RootStorage.exact.byteCount(order: n) == 4 * n * n)
            #expect(RootStorage.full(coding).byteCount(order: n) == square)
            #expect(RootStorage.offdiagonal(coding).byteCount(order: n) == square + 4 * n)
            #expect(RootStorage.symmetric(coding).byteCount(order: n) == triangle + 4 * n)

            let eigenvector = try EigenvectorStatistic(
                eigenvalues: known.eigenvalues, vectors: known.vectors, coding: coding, backend: backend)
            #expect(eigenvector.byteCount(backend) == square + 4 * n)
            let householder = try HouseholderStatistic(
                eigenvalues: known.eigenvalues, vectors: known.vectors, permutation: Array(0..<n), coding: coding,
                backend: backend)
            #expect(householder.byteCount(backend) == triangle + 4 * n + (n + 7) / 8)
            let cholesky = try CholeskyStatistic(known.matrix, shift: 0, coding: coding, backend: backend)
            #expect(cholesky.byteCount(backend) == triangle + 4 * n)
            for storage in [RootStorage.full(coding), .offdiagonal(coding), .symmetric(coding)] {
                let kept = try #require(try storage.keep(known.matrix, backend))
                #expect(kept.byteCount(backend) == storage.byteCount(order: n))
            }
        }
        let single = CPUBackend<Float>()
        let kept = try #require(try RootStorage.exact.keep(Matrix<Float>(known.matrix), single))
        #expect(kept.byteCount(single) == 4 * n * n)
    }

    /// Order 1200 at 4 bits and block 64 takes 816,000 bytes, 7.06 times less than float32.
    @Test func publishedBytes() throws {
        let coding = try blockCoding(.linear2, bits: 4)
        #expect(StatisticStorage.eigenvector(coding).byteCount(order: 1200) == 816_000)
        #expect(RootStorage.offdiagonal(coding).byteCount(order: 1200) == 816_000)
        #expect(StatisticStorage.exact.byteCount(order: 1200) == 5_760_000)
    }
}

@Suite struct StoredMatrixTests {
    private func stored(_ a: Matrix<Double>, _ storage: RootStorage) throws -> Matrix<Double> {
        try #require(try storage.keep(a, backend)).decoded(backend)
    }

    @Test func exactIsTheMatrix() throws {
        let a = Matrix<Double>.random(rows: 9, columns: 9, seed: 1)
        #expect(try stored(a, .exact) == a)
    }

    /// Rows of the row-major matrix through the reference codec, whole, without the diagonal, or up to the diagonal.
    @Test(arguments: [1, 2, 3, 17, 64, 65, 100])
    func rowsAreCodedByThemselves(order n: Int) throws {
        let a = try KnownStatistic(.geometric(conditionNumber: 1e3), order: n).matrix
        let single = Matrix<Float>(a)
        for (name, bits, block) in [(CodebookName.linear2, 4, 64), (.dynamicTree, 3, 5), (.linear, 8, 16)] {
            let coding = try blockCoding(name, bits: bits, block: block)
            var (full, off, symmetric) = (a, a, a)
            for row in 0..<n {
                let entries = (0..<n).map { single[row, $0] }
                let whole = throughReferenceCodec(entries, coding)
                let hollow = throughReferenceCodec((0..<n).map { $0 == row ? 0 : entries[$0] }, coding)
                let lower = throughReferenceCodec(Array(entries[..<row]), coding)
                // A decoded tensor is the transpose of the row-major matrix.
                for column in 0..<n {
                    full[column, row] = Double(whole[column])
                    off[column, row] = Double(column == row ? entries[row] : hollow[column])
                    if column < row {
                        symmetric[column, row] = Double(lower[column])
                        symmetric[row, column] = Double(lower[column])
                    }
                }
                symmetric[row, row] = Double(entries[row])
            }
            #expect(try stored(a, .full(coding)) == full)
            #expect(try stored(a, .offdiagonal(coding)) == off)
            #expect(try stored(a, .symmetric(coding)) == symmetric)
        }
    }

    /// ‖A − D(Q(A))‖F ≤ κ·(Σ over blocks of length·maximum²)^½ for every codebook.
    @Test(arguments: CodebookName.allCases)
    func theCodebookBoundsTheError(name: CodebookName) throws {
        let n = 70
        let a = Matrix<Double>(Matrix<Float>(try KnownStatistic(.logUniform(conditionNumber: 1e4), order: n).matrix))
        for bits in name.supportedBits {
            for block in [1, 16, 64] {
                let coding = try blockCoding(name, bits: bits, block: block)
                let rows = (0..<n).map { Array(a.column($0)) }
                let hollow = rows.enumerated().map { row, entries in
                    entries.enumerated().map { $0 == row ? 0 : $1 }
                }
                func bound(_ segments: [[Double]]) -> Double {
                    segments.reduce(0) { $0 + codingErrorBound($1, coding) * codingErrorBound($1, coding) }.squareRoot()
                }
                expectBound(difference(try stored(a, .full(coding)), a).frobeniusNorm, atMost: bound(rows))
                expectBound(difference(try stored(a, .offdiagonal(coding)), a).frobeniusNorm, atMost: bound(hollow))
                let lower = rows.enumerated().map { row, entries in Array(entries[..<row]) }
                // Each coded entry stands for two.
                expectBound(
                    difference(try stored(a, .symmetric(coding)), a).frobeniusNorm,
                    atMost: 2.0.squareRoot() * bound(lower))
            }
        }
    }

    /// 0 and 1 are codes of every codebook.
    @Test(arguments: CodebookName.allCases)
    func theIdentityStays(name: CodebookName) throws {
        for bits in name.supportedBits {
            let coding = try blockCoding(name, bits: bits, block: 7)
            for storage in [RootStorage.full(coding), .offdiagonal(coding), .symmetric(coding)] {
                #expect(try stored(.identity(20), storage) == .identity(20))
            }
        }
    }

    @Test func refusals() throws {
        let coding = try blockCoding(.linear2, bits: 4)
        var a = Matrix<Double>.identity(5)
        a[3, 3] = .infinity
        for storage in [RootStorage.full(coding), .offdiagonal(coding), .symmetric(coding)] {
            #expect(throws: QuantizationError.notFinite(row: 3, column: 3, value: .infinity)) {
                try storage.keep(a, backend)
            }
        }
    }
}
