import Foundation

/// Makes the three standard streams and the limits of the system safe to write under. The first thing the program does:
/// a file that is opened while a stream is closed would take its number, and its messages.
enum StandardStreams {
    static func prepare() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            // Open for the wrong direction, so that results that go nowhere are still a failure.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
        // Writing beyond the largest size of a file then fails as on a full disk.
        signal(SIGXFSZ, SIG_IGN)
    }
}
