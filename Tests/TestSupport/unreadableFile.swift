import Foundation

/// A setting of Linux that can only be written: a file that not even root may read; nil where it is missing or can be read.
public let unreadableFile: String? = {
    let path = "/proc/sys/vm/compact_memory"
    let descriptor = open(path, O_RDONLY)
    if descriptor >= 0 { close(descriptor) }
    return descriptor < 0 && errno == EACCES ? path : nil
}()
