import ImageFiles
import TestSupport
import Testing

/// What the files of both formats hold.
@Suite struct DecodingTests {
    /// Baseline, progressive, gray, and four inks: the pixels that Pillow reads.
    @Test(arguments: [JPEGFile.color, .progressive, .gray, .inks]) func jpegFiles(_ file: JPEGFile) throws {
        let image = try PixelImage(decoding: file.bytes)
        #expect(image.width == 9 && image.height == 6)
        #expect(image.pixels == file.pixels)
    }

    private func decode(
        _ color: UInt8, depth: UInt8 = 8, isInterlaced: Bool = false, width: Int = 2, _ rows: [[UInt8]]
    ) throws -> [UInt8] {
        try PixelImage(
            decoding: pngFile(
                width: width, height: rows.count, color: color, depth: depth, isInterlaced: isInterlaced, rows)
        ).pixels
    }

    @Test func pngFiles() throws {
        #expect(try decode(2, [[1, 2, 3, 4, 5, 6], [7, 8, 9, 250, 251, 255]]) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 250, 251, 255])
        #expect(try decode(0, [[7, 200]]) == [7, 7, 7, 200, 200, 200])
        // Transparency is left out, whatever it is.
        #expect(try decode(6, [[1, 2, 3, 0, 4, 5, 6, 255]]) == [1, 2, 3, 4, 5, 6])
        #expect(try decode(4, [[9, 0, 8, 128]]) == [9, 9, 9, 8, 8, 8])
        // 16 bits to 8: the nearest of 255·x/65535.
        #expect(try decode(0, depth: 16, [[0, 128, 0, 129]]) == [0, 0, 0, 1, 1, 1])
        #expect(try decode(0, depth: 16, [[0xFF, 0x7F, 0x80, 0x80]]) == [255, 255, 255, 128, 128, 128])
        // Black and white by bits, four levels by pairs of bits.
        #expect(try decode(0, depth: 1, [[0b0100_0000]]) == [0, 0, 0, 255, 255, 255])
        #expect(try decode(0, depth: 2, [[0b0110_0000]]) == [85, 85, 85, 170, 170, 170])
        // One pixel is one pass of seven.
        #expect(try decode(2, isInterlaced: true, width: 1, [[3, 2, 1]]) == [3, 2, 1])
    }

    @Test func anotherFormat() {
        for start in ["GIF89a", "RIFF....WEBP", "<!DOCTYPE html>", "BM", ""] {
            let error = #expect(throws: ImageFileError.self) { try PixelImage(decoding: Array(start.utf8)) }
            #expect(error?.kind == .damaged && error?.problem.contains("neither as JPEG nor as PNG") == true)
        }
    }
}
