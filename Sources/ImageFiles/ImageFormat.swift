import CJPEG
import CPNG

/// The formats of image files, told by their first bytes and not by their names: ImageNet has a PNG file that is named JPEG.
public enum ImageFormat: Sendable {
    case jpeg, png

    /// Bytes that decide.
    public static let startSize = 8

    public init?(_ start: some Sequence<UInt8>) {
        let start = Array(start.prefix(Self.startSize))
        if start.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if start == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] {
            self = .png
        } else {
            return nil
        }
    }

    /// The versions of the libraries in use.
    public static var libraryVersions: String {
        "libjpeg-turbo \(String(cString: fr_jpeg_library_version())), libpng \(String(cString: fr_png_library_version()))"
    }
}
