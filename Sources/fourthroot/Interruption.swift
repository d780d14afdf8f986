import Dispatch
import Foundation
import HDF5Store
import Synchronization

/// Ends the program in order when it is interrupted.
final class Interruption {
    /// Makes the work durable and says in words how to go on; nil where it is finished and the program ends by itself.
    typealias Stop = @Sendable () -> String?

    private final class Current: Sendable {
        let stop: Mutex<Stop>

        init(_ stop: @escaping Stop) { self.stop = Mutex(stop) }
    }

    private let current: Current
    private var sources: [any DispatchSourceSignal] = []

    /// - Parameter stop: runs on a thread of its own.
    init(_ stop: @escaping Stop) {
        let current = Current(stop)
        self.current = current
        let queue = DispatchQueue(label: "interruption")
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                guard let message = current.stop.withLock({ $0 })() else { return }
                HDF5File.removeUnfinished()
                Terminal.write("\n")
                Terminal.report("interrupted", message)
                // Not exit: libraries' exit handlers would wait for threads that are still computing.
                _exit(ExitStatus.interrupted.rawValue)
            }
            source.resume()
            sources.append(source)
        }
    }

    /// From now on an interruption runs this.
    func replace(by stop: @escaping Stop) { current.stop.withLock { $0 = stop } }

    deinit { for source in sources { source.cancel() } }
}
