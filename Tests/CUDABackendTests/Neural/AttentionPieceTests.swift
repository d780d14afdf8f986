import Compute
import MatrixCore
import TestSupport
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// Attention in pieces, as the bound on its scratch memory cuts it.
    @Suite struct AttentionPieceTests {
        static let shapes = [
            AttentionShape(batch: 3, length: 7, heads: 4, headWidth: 2, isCausal: true),
            AttentionShape(batch: 5, length: 6, heads: 2, headWidth: 3, isCausal: false),
            AttentionShape(batch: 1, length: 1, heads: 1, headWidth: 1, isCausal: true),
        ]

        /// Every query of every head is in one piece, with all the keys that it sees; the first piece of a head has its last
        /// queries; no piece has more scores than were asked for, unless those of a query are more.
        @Test(arguments: shapes, [1, 5, 20, 50, 1000])
        func everyQueryIsInOnePiece(_ shape: AttentionShape, _ entries: Int) {
            for block in [1, 2, 4, 512] {
                let pieces = AttentionPieces(shape, entries: entries, block: block)
                var found: [[Int]: Int] = [:]
                for piece in pieces.all {
                    #expect(piece.pairCount * piece.keys * piece.queries.count <= max(entries, shape.length))
                    #expect(piece.keys >= (shape.isCausal ? piece.queries.upperBound : shape.length))
                    #expect(piece.samples.count == 1 || piece.heads.count == shape.heads)
                    for sample in piece.samples {
                        for head in piece.heads {
                            let isFirst = found.keys.allSatisfy { $0[0] != sample || $0[1] != head }
                            #expect(isFirst == (piece.queries.upperBound == shape.length))
                            for query in piece.queries { found[[sample, head, query], default: 0] += 1 }
                        }
                    }
                }
                #expect(found.count == shape.batch * shape.heads * shape.length && found.values.allSatisfy { $0 == 1 })
            }
        }

        /// Sums over keys and queries are cut at other places, so that each of their terms, below 1 in magnitude here, is rounded
        /// once more at most.
        @Test(arguments: shapes, [false, true]) func piecesMakeTheWhole(_ shape: AttentionShape, _ isMasked: Bool) throws {
            let backend = try EmulatedLibrary.backend(Double.self)
            let columns = shape.batch * shape.length
            func tensor(_ rows: Int, _ columns: Int, _ seed: UInt64) -> CUDATensor<Double> {
                backend.tensor(Matrix<Double>.random(rows: rows, columns: columns, seed: seed))
            }
            let (x, dy) = (tensor(3 * shape.width, columns, 1), tensor(shape.width, columns, 2))
            let mask = isMasked ? tensor(shape.length, shape.batch * shape.heads * shape.length, 3) : nil
            let bias = AttentionBias(
                heads: tensor(shape.length, shape.heads * shape.length, 4), samples: tensor(shape.length, 2 * shape.length, 5))
            let whole = backend.attention(x, shape, mask: mask, bias: bias)
            let wholeGradient = backend.attentionGradient(
                dy, projections: x, probabilities: whole.probabilities, shape, mask: mask, bias: bias)
            for (entries, block) in [(1, 1), (20, 2), (30, 4), (150, 512)] {
                let pieces = AttentionPieces(shape, entries: entries, block: block)
                let found = backend.attention(x, shape, mask: mask, bias: bias, pieces)
                let gradient = backend.attentionGradient(
                    dy, projections: x, probabilities: found.probabilities, shape, mask: mask, bias: bias, pieces)
                for (part, all) in [
                    (found.output, whole.output), (found.probabilities, whole.probabilities),
                    (gradient.projections, wholeGradient.projections),
                    (try #require(gradient.bias), try #require(wholeGradient.bias)),
                ] {
                    expectTestRatio(
                        largestDifference(backend.matrix(part), backend.matrix(all)), scale: 1,
                        order: shape.length * shape.headWidth, "\(entries) entries, \(block) queries")
                }
            }
            try backend.synchronize()
        }
    }
}
