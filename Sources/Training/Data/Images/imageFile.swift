import Foundation
import ImageFiles

/// Why there is no image in a file.
struct BrokenImage: Error {
    let problem: String
}

/// The image of a file.
///
/// - Returns: the image, or why the file has none: it is damaged, empty, gone or may not be read.
/// - Throws: `DataError` where the system fails, which no other file would mend.
func imageFile(_ path: [UInt8]) throws(DataError) -> Result<PixelImage, BrokenImage> {
    switch try imageBytes(path, limit: nil) {
    case .failure(let broken): return .failure(broken)
    case .success(let bytes):
        do throws(ImageFileError) {
            return .success(try PixelImage(decoding: bytes))
        } catch {
            guard error.kind == .damaged else { throw systemError(path, error.problem) }
            return .failure(BrokenImage(problem: error.problem))
        }
    }
}

/// Whether a file begins as an image does, without reading more.
func imageStart(_ path: [UInt8]) throws(DataError) -> Result<ImageFormat, BrokenImage> {
    switch try imageBytes(path, limit: ImageFormat.startSize) {
    case .failure(let broken): return .failure(broken)
    case .success(let bytes):
        guard let format = ImageFormat(bytes) else {
            return .failure(BrokenImage(problem: "it begins neither as JPEG nor as PNG"))
        }
        return .success(format)
    }
}

/// No photograph has more bytes: the largest of ImageNet has 16 million.
private let largestImageFile = 1 << 28

/// - Parameter limit: bytes to read, nil for all.
private func imageBytes(_ path: [UInt8], limit: Int?) throws(DataError) -> Result<[UInt8], BrokenImage> {
    let descriptor = path.withCString { open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
    guard descriptor >= 0 else {
        let (code, words) = (errno, String(cString: strerror(errno)))
        guard [ENOENT, ENOTDIR, EACCES, EPERM, ELOOP, ENXIO].contains(code) else { throw systemError(path, words) }
        return .failure(BrokenImage(problem: "it cannot be opened (\(words))"))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw systemError(path, String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG else { return .failure(BrokenImage(problem: "it is no regular file")) }
    let size = Int(status.st_size)
    guard size > 0 else { return .failure(BrokenImage(problem: "it is empty")) }
    guard size <= largestImageFile else {
        return .failure(BrokenImage(problem: "\(size) bytes are more than an image has (\(largestImageFile))"))
    }
    let count = min(size, limit ?? size)
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        while filled < count {
            let length = read(descriptor, buffer.baseAddress! + filled, count - filled)
            if length > 0 {
                filled += length
            } else if length == 0 || errno != EINTR {
                code = length == 0 ? 0 : errno
                return
            }
        }
    }
    guard code == 0 else { throw systemError(path, String(cString: strerror(code))) }
    return .success(bytes)
}

private func systemError(_ path: [UInt8], _ words: String) -> DataError {
    DataError(
        kind: .readFailed, file: String(decoding: path, as: UTF8.self), problem: "it cannot be read (\(words))",
        advice: "check the disk and the machine's limits")
}
