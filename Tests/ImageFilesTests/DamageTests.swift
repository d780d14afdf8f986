import ImageFiles
import MatrixCore
import TestSupport
import Testing

/// Damaged files are refused, or read where the damage is of the pixels themselves; nothing traps.
@Suite struct DamageTests {
    private static let files = [JPEGFile.color, .progressive, .gray, .inks].map(\.bytes) + [png]
    private static let png = pngFile(width: 3, height: 2, [[1, 2, 3, 4, 5, 6, 7, 8, 9], [9, 8, 7, 6, 5, 4, 3, 2, 1]])

    /// libjpeg itself gives gray for what is missing. Two bytes are JPEG's end mark, without which all pixels are there.
    @Test func filesThatAreCutShort() {
        for file in Self.files {
            for count in 0..<file.count - 2 {
                #expect(throws: ImageFileError.self) { try PixelImage(decoding: Array(file[..<count])) }
            }
        }
    }

    /// In a child process: a trap or a jump past Swift's frames ends it.
    @Test func bytesThatAreChanged() async {
        await #expect(processExitsWith: .success) {
            var generator = PhiloxGenerator(seed: 7)
            var refused = 0
            for file in Self.files {
                for _ in 0..<400 {
                    var bytes = file
                    for _ in 0..<1 + Int(generator.next() % 3) {
                        bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
                    }
                    do {
                        let image = try PixelImage(decoding: bytes)
                        precondition(image.pixels.count == 3 * image.width * image.height)
                    } catch {
                        precondition(!"\(error)".isEmpty)
                        refused += 1
                    }
                }
            }
            precondition(refused > 200 && refused < 2000, "\(refused) of 2000 refused")
        }
    }

    /// 2.7 GB of pixels: refused by the header, before anything is allocated.
    @Test func headersOfHugeImages() throws {
        let (high, low) = (UInt8(30000 >> 8), UInt8(30000 & 255))
        var jpeg = JPEGFile.color.bytes
        let frame = try #require((0..<jpeg.count - 9).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [high, low, high, low])
        for file in [jpeg, pngFile(width: 30000, height: 30000, [[0]])] {
            let error = #expect(throws: ImageFileError.self) { try PixelImage(decoding: file) }
            #expect(error?.problem.contains("30000 × 30000") == true, "\(String(describing: error))")
        }
    }
}
