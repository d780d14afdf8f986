import Dispatch
import Files
import Foundation
import Synchronization

/// Ends the program in order when it is interrupted.
///
/// A signal handler may do next to nothing, so it writes one byte into a pipe, and a queue reads the pipe. A byte waits there
/// until the queue is listening: from the moment this exists no signal is lost.
final class Interruption {
    /// Makes the work durable and says in words how to go on; nil where it is finished and the program ends by itself.
    typealias Stop = @Sendable () -> String?

    private final class Current: Sendable {
        let stop: Mutex<Stop>

        init(_ stop: @escaping Stop) { self.stop = Mutex(stop) }
    }

    /// Where the handler writes. It lasts as long as the program: a handler must never find it closed.
    private static let pipe = Pipe()
    private static let entrance = pipe.fileHandleForWriting.fileDescriptor

    private let current: Current
    private let source: any DispatchSourceRead

    /// - Parameter stop: runs on a thread of its own.
    init(_ stop: @escaping Stop) {
        let current = Current(stop)
        self.current = current
        let exit = Self.pipe.fileHandleForReading.fileDescriptor
        source = DispatchSource.makeReadSource(fileDescriptor: exit, queue: DispatchQueue(label: "interruption"))
        source.setEventHandler {
            var signal: UInt8 = 0
            guard read(exit, &signal, 1) == 1, let message = current.stop.withLock({ $0 })() else { return }
            TemporaryFile.removeUnfinished()
            Terminal.write("\n")
            Terminal.report("interrupted", message)
            // Not exit: libraries' exit handlers would wait for threads that are still computing.
            _exit(ExitStatus.interrupted.rawValue)
        }
        source.resume()
        // Evaluated here, for a handler may not wait for the lock of a first use.
        _ = Self.entrance
        var caught = sigset_t()
        sigemptyset(&caught)
        for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnoredHangUp(number) {
            sigaddset(&caught, number)
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                let code = errno
                write(Interruption.entrance, &byte, 1)
                errno = code
            }
        }
        // A parent may have handed down a mask in which they wait for ever.
        pthread_sigmask(SIG_UNBLOCK, &caught, nil)
    }

    /// From now on an interruption runs this.
    func replace(by stop: @escaping Stop) { current.stop.withLock { $0 = stop } }

    deinit { source.cancel() }
}

/// Whether a closed terminal shall not end the program, as `nohup` asks.
private func isIgnoredHangUp(_ number: Int32) -> Bool {
    var action = sigaction()
    // SIG_IGN is the address 1.
    return number == SIGHUP && sigaction(number, nil, &action) == 0
        && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
}
