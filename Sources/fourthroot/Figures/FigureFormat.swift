import Foundation

/// What a figure's file is.
enum FigureFormat: String, CaseIterable {
    case svg, png, pdf

    /// By the extension; nil for another.
    init?(path: String) {
        self.init(rawValue: URL(fileURLWithPath: path).pathExtension.lowercased())
    }

    /// For help and messages.
    static let extensions = ".svg, .png or .pdf"

    /// Whether a file has the end that its format prescribes: a closing tag, the chunk IEND or the mark of the end.
    func isWhole(_ file: Data) -> Bool {
        let isSpace = { @Sendable (byte: UInt8) in byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
        switch self {
        case .svg: return file.reversed().drop(while: isSpace).starts(with: "</svg>".utf8.reversed())
        case .pdf: return file.reversed().drop(while: isSpace).starts(with: "%%EOF".utf8.reversed())
        case .png:
            return file.suffix(12) == Data([0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82])
        }
    }

    /// Three pixels of a PNG to one of the layout, or 300 an inch: sharp in print and on fine screens.
    private static let pixelScale = 3.125

    /// DejaVu, or what is nearest to it where it is not installed.
    private static let fonts = "DejaVu Sans,Verdana,Bitstream Vera Sans,Helvetica,Arial,sans-serif"

    func terminal(width: Double, height: Double, textSize: Double) -> String {
        let (w, h) = (Int(width.rounded()), Int(height.rounded()))
        let scale = FigureFormat.pixelScale
        let size = fontSize(textSize)
        return switch self {
        case .svg: "set terminal svg size \(w),\(h) enhanced font '\(FigureFormat.fonts),\(size)' background rgb 'white'"
        case .png:
            "set terminal pngcairo size \(Int((width * scale).rounded())),\(Int((height * scale).rounded())) enhanced "
                + "font 'DejaVu Sans,\(size)' fontscale 1 linewidth \(scale) pointscale \(scale) background rgb 'white'"
        case .pdf:
            "set terminal pdfcairo size \(width / 96)in,\(height / 96)in enhanced font 'DejaVu Sans,\(size)' fontscale 1 "
                + "linewidth 0.75 pointscale 0.75 background rgb 'white'"
        }
    }

    /// The size of letters in the terminal's unit, of so many pixels of the layout.
    func fontSize(_ pixels: Double) -> Double {
        switch self {
        case .svg: pixels
        case .png: pixels * FigureFormat.pixelScale * 0.75
        // Measured with gnuplot 5.4: pdfcairo draws letters 4/3 times as large as the points that it is told.
        case .pdf: pixels * 0.75 * 0.75
        }
    }

    func pointSize(_ size: Double) -> Double { size }
    func ticScale(_ scale: Double) -> Double { scale }
}
