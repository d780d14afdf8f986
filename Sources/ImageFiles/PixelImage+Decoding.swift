import CJPEG
import CPNG

extension PixelImage {
    /// 200 MB of pixels. A header of a few bytes can ask for gigabytes; photographs have a quarter of this.
    public static let largestPixelCount = 1 << 26
    /// JPEG's own; what is made of an image of a few pixels' width would be large, too, if it were longer.
    public static let largestSide = 65535

    /// The image of a JPEG or PNG file, whatever its name.
    ///
    /// Gray becomes three equal channels; four inks (CMYK) are taken as Adobe's programs write them, R = C·K/255 of the inverted
    /// inks; 16 bits are rounded to 8; transparency, color profiles, gamma and the orientation that a camera has noted are
    /// left out, as the usual readers of ImageNet do, with which the published accuracies were measured.
    ///
    /// - Throws: `ImageFileError`, also where the file is cut short or its data are damaged and the libraries would fill in gray.
    public init(decoding bytes: [UInt8]) throws(ImageFileError) {
        guard let format = ImageFormat(bytes) else {
            throw ImageFileError(kind: .damaged, problem: "it begins neither as JPEG nor as PNG")
        }
        switch format {
        case .jpeg: try self.init(jpeg: bytes)
        case .png: try self.init(png: bytes)
        }
    }

    private init(jpeg bytes: [UInt8]) throws(ImageFileError) {
        var size = fr_jpeg_size()
        try call { fr_jpeg_read_size(bytes, bytes.count, &size, $0).rawValue }
        try self.init(width: Int(size.width), height: Int(size.height)) { pixels throws(ImageFileError) in
            try call { fr_jpeg_read(bytes, bytes.count, size, pixels, $0).rawValue }
        }
    }

    private init(png bytes: [UInt8]) throws(ImageFileError) {
        var size = fr_png_size()
        try call { fr_png_read_size(bytes, bytes.count, &size, $0).rawValue }
        try self.init(width: Int(size.width), height: Int(size.height)) { pixels throws(ImageFileError) in
            try call { fr_png_read(bytes, bytes.count, size, pixels, $0).rawValue }
        }
    }

    /// - Parameter fill: of the size that the header says, if an image can have it.
    private init(
        width: Int, height: Int, _ fill: (UnsafeMutablePointer<UInt8>) throws(ImageFileError) -> Void
    ) throws(ImageFileError) {
        let sides = 1...PixelImage.largestSide
        guard sides.contains(width), sides.contains(height), width * height <= PixelImage.largestPixelCount else {
            throw ImageFileError(
                kind: .damaged,
                problem: "its header says \(width) × \(height) pixels, and at most \(PixelImage.largestPixelCount) are read, "
                    + "\(PixelImage.largestSide) of a side")
        }
        var pixels = [UInt8](repeating: 0, count: 3 * width * height)
        var failure: ImageFileError?
        pixels.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            do throws(ImageFileError) { try fill(base) } catch { failure = error }
        }
        if let failure { throw failure }
        self.init(width: width, height: height, pixels: pixels)
    }
}

/// Calls what answers with 0, or with 1 for damage or 2 for want of memory, and says why in a text of 200 bytes.
private func call(_ body: (UnsafeMutablePointer<CChar>) -> UInt32) throws(ImageFileError) {
    let (status, message) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 200) { buffer in
        buffer.initialize(repeating: 0)
        let status = buffer.baseAddress.map(body) ?? 2
        return (status, String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    switch status {
    case 0: return
    case 1: throw ImageFileError(kind: .damaged, problem: "it is damaged (\(message))")
    default: throw ImageFileError(kind: .noMemory, problem: "there is no memory for it")
    }
}
