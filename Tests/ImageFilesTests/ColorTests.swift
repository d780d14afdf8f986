import Foundation
import ImageFiles
import Testing

/// Changes of colors and linear maps, held to Pillow 13.0.0.
@Suite struct ColorTests {
    private static let small = image(width: 9, height: 6) { x, y in [28 * x, 50 * y, (11 * x * y + 37) % 256] }
    private static let large = image(width: 32, height: 24) { x, y in
        [(x * x + 3 * y) % 200 + 20, (7 * x * y + y) % 256, (x + y) * 4 % 90]
    }

    private static func image(width: Int, height: Int, _ pixel: (Int, Int) -> [Int]) -> PixelImage {
        let pixels = (0..<width * height).flatMap { pixel($0 % width, $0 / width).map { UInt8($0) } }
        return PixelImage(width: width, height: height, pixels: pixels)
    }

    /// Σ i·xᵢ modulo 1,000,003, i from 1.
    private func checksum(_ image: PixelImage) -> Int {
        image.pixels.enumerated().reduce(0) { $0 + ($1.offset + 1) * Int($1.element) } % 1_000_003
    }

    /// By `ImageOps`, and by `transform` with AFFINE and NEAREST.
    @Test func sameBytes() {
        #expect(checksum(Self.large) == 157938)
        #expect(checksum(Self.large.withFullContrast()) == 301381)
        #expect(checksum(Self.large.equalized()) == 3387)
        #expect(checksum(Self.large.posterized(bits: 3)) == 479012)
        #expect(checksum(Self.large.solarized(from: 100)) == 830666)
        #expect(checksum(Self.large.warped(LinearPixelMap(1.1037, -0.2971, 0.2513, 0.9071), about: (32, 24))) == 865595)
        #expect(checksum(Self.large.warped(LinearPixelMap(1, 0.17, 0, 1), about: (0, 0))) == 80318)
    }

    /// By `ImageEnhance` with 1.45, 1.63, 0.37 and 1.9, whose factor is rounded to 32 bits: a byte may be another by one.
    @Test func sameBytesButForOne() throws {
        let changed = [
            Self.small.brightened(95027), Self.small.colored(106_824), Self.small.contrasted(24248),
            Self.small.sharpened(124_518),
        ]
        let expected = [
            """
            AAA1KAA1UQA1eQA1ogA1ywA18wA1/wA1/wA1AEg1KEhFUUhVeUhlokh1y0iF80iV/0il/0i1AJE1KJFVUZF1eZGVopG1y5HV85H1/5H//5H/ANk1KNll\
            UdmVednFotn1y9n/89n//9kR/9lBAP81KP91Uf+1ef/1ov//y/8B8/9B//+B///AAP81KP+FUf/Vef//ov8By/9R8/+g///w////
            """,
            """
            AAA5JQA0TgAvdgAqngAkxwAf7wAa/wAU/wAPADwmEjYzOTA+YSpLiSRWsB1i2Bhu/xF6/wuFAHsUAHQxJW1OTGZrc2CImlmlwVLC50vf/0T8ALoCALIw\
            EapeN6OMXZu6g5ToqYz/4pcA/48AAPkAAPAuAOhuIt+tSNfsgOEApNkAytAb78haAP8AAP8tAP9+Dv/ORf8Aaf8Ajf8wsv+B1v/R
            """,
            """
            SkpYVEpYX0pYaUpYc0pYfkpYiEpYkkpYnUpYSlxYVFxcX1xgaVxkc1xoflxsiFxwklx0nVx4Sm9YVG9gX29oaW9wc294fm+AiG+Ikm+RnW+ZSoFYVIFk\
            X4FwaYF8c4GIfoGViIGhkoFOnYFaSpRYVJRoX5R4aZSIc5SZfpRKiJRakpRrnZR7SqZYVKZsX6aAaaaVc6ZKfqZfiKZzkqaHnaac
            """,
            """
            AAAlHAAlOAAlVAAlcAAljAAlqAAlxAAl4AAlADIlHDIwODI7VDJGcDJRjDJcqDJnxDJy4DJ9AGQlHGQ7OGRRVGRncGR9jGSTqGS7xGTi4GTVAJYlHJZG\
            OJZnVJaIcJa7jJbtqJb/xJYA4JYtAMglHMhROMh9VMi7cMj/jMgAqMgJxMhH4MiFAPolHPpcOPqTVPrKcPoBjPo4qPpvxPqm4Prd
            """,
        ]
        for (image, text) in zip(changed, expected) {
            let pixels = [UInt8](try #require(Data(base64Encoded: text)))
            #expect(zip(image.pixels, pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
        }
    }

    @Test func factorsOfOneAndNone() {
        #expect(Self.large.brightened(0).pixels.allSatisfy { $0 == 0 })
        for changed in [
            Self.large.brightened(65536), Self.large.colored(65536), Self.large.contrasted(65536), Self.large.sharpened(65536),
            Self.large.posterized(bits: 8), Self.large.solarized(from: 256), Self.small.equalized(),
            Self.large.warped(LinearPixelMap(1, 0, 0, 1), about: (32, 24)),
        ] { #expect([Self.large, Self.small].contains(changed)) }
    }
}
