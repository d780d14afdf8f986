import ArgumentParser
import CPUBackend
import Compute
import Files
import MatrixCore
import Quantization

/// The block codec beside a copy of the same matrix.
struct BenchmarkCodec: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codec", abstract: "Time encoding and decoding beside a copy of the same matrix.",
        discussion: """
            A row each for copy, encode and decode: seconds of one pass, and gigabytes_per_second of all bytes that it reads \
            and writes (the float32 entries, codes and block maxima). share_of_copy is that rate over the copy's. The three \
            take turns; a round repeats each until it takes 50 ms or more.
            """)

    @Option(help: "Order of the matrix, whose columns are coded; 8192 is 256 MiB.")
    var order = 8192

    @Option(help: "Codebook.")
    var codebook = BlockCoding.defaultCodebook

    @Option(help: "Bits of a code, 2 to 8.")
    var bits = BlockCoding.defaultBits

    @Option(help: "Entries that share a block maximum.")
    var block = BlockCoding.defaultBlockSize

    @Option(help: "Rounds.")
    var `repeat` = 5

    @OptionGroup(title: "Device") var device: DeviceOptions
    @OptionGroup var table: TableOptions

    func run() throws {
        guard (1...65536).contains(order) else { throw StatusError.usage("--order \(order): give 1 to 65536") }
        guard (1...1000).contains(`repeat`) else { throw StatusError.usage("--repeat \(`repeat`): give 1 to 1000") }
        try device.check()
        let coding: BlockCoding
        do {
            coding = try BlockCoding(codebook: Codebook(codebook, bits: bits), blockSize: block)
        } catch {
            throw StatusError.usage("\(error)")
        }
        try table.requireWritable()
        let start = ContinuousClock.now
        // As a training does: otherwise the clearing of memory by the system would be timed.
        ProcessMemory.keepFreed()
        let timings = try timings(
            CodedForm(order: order, region: .columns, coding: coding), on: device.backend(of: Float.self))
        try table.write(timings, of: .benchmarkCodec, since: start)
    }

    private func timings<Backend: MatrixBackend>(
        _ form: CodedForm, on backend: Backend
    ) throws -> [Timing] where Backend.Scalar == Float {
        let entries = backend.tensor(Self.matrix(order: order))
        let coded = try backend.encode(entries, as: form)
        // A copy goes into a part of other memory: put in the place of all of a tensor, the entries would only be shared.
        var target = backend.zeros(rows: order, columns: order + 1)
        let (plain, packed) = (backend.byteCount(entries), backend.byteCount(coded))
        let work: [(what: String, bytes: Int, body: () throws -> Void)] = [
            ("copy", 2 * plain, { backend.setBlock(&target, rows: 0..<order, columns: 0..<order, to: entries) }),
            ("encode", plain + packed, { _ = try backend.encode(entries, as: form) }),
            ("decode", packed + plain, { _ = backend.decode(coded) }),
        ]
        var timings = work.map { Timing($0.what) }
        // The first pass, which is not timed, also says how many make a round.
        let passes = try work.map { piece in
            try piece.body()
            return max(1, Int(0.05 / (try backend.seconds(piece.body))))
        }
        for _ in 0..<`repeat` {
            for (index, piece) in work.enumerated() {
                let seconds = try backend.seconds { for _ in 0..<passes[index] { try piece.body() } }
                timings[index].seconds.append(seconds / Double(passes[index]))
            }
        }
        let rates = zip(timings, work).map { Double($1.bytes) / $0.median / 1e9 }
        for (index, piece) in work.enumerated() {
            timings[index].values = [
                "bytes": "\(piece.bytes)", "gigabytes_per_second": "\(rates[index])",
                "share_of_copy": "\(rates[index] / rates[0])",
            ]
        }
        return timings
    }

    /// A prime number of values between −1 and 1, again and again, so that no two columns begin alike.
    private static func matrix(order: Int) -> Matrix<Float> {
        var generator = PhiloxGenerator(seed: 0)
        let values = (0..<65537).map { _ in Float.random(in: -1...1, using: &generator) }
        let elements = [Float](unsafeUninitializedCapacity: order * order) { buffer, count in
            for index in 0..<order * order { buffer[index] = values[index % values.count] }
            count = order * order
        }
        return Matrix(rows: order, columns: order, elements: elements)
    }
}
