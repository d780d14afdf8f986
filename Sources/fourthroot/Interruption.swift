import Dispatch
import Foundation

/// Ends the program in order when it is interrupted.
final class Interruption {
    private var sources: [any DispatchSourceSignal] = []

    /// - Parameter stop: makes the work durable and says in words how to go on; runs once, on a thread of its own.
    init(_ stop: @escaping @Sendable () -> String) {
        let queue = DispatchQueue(label: "interruption")
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                let message = stop()
                Terminal.write("\n")
                Terminal.report("interrupted", message)
                // Not exit: libraries' exit handlers would wait for threads that are still computing.
                _exit(ExitStatus.interrupted.rawValue)
            }
            source.resume()
            sources.append(source)
        }
    }

    deinit { for source in sources { source.cancel() } }
}
