import ArgumentParser
import CPUBackend
import Files
import HDF5Store
import MatrixCore
import MatrixSources
import Quantization

/// The codes of one matrix, blocks along the rows of the data set.
struct Quantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Code one matrix and write codes, packed codes, block maxima, codebook and decoded matrix as HDF5.")

    @Argument(help: sourceHelp, completion: sourceCompletion)
    var input: String

    @Option(help: "Name of the matrix.")
    var matrix: String

    @Option(help: "Codebook.")
    var codebook = BlockCoding.defaultCodebook

    @Option(help: "Bits of a code, 2 to 8.")
    var bits = BlockCoding.defaultBits

    @Option(help: "Entries that share a block maximum.")
    var block = BlockCoding.defaultBlockSize

    @Option(name: [.short, .customLong("output")], help: "Output file, HDF5.", completion: hdf5Completion)
    var output: String

    @Flag(help: "Replace an existing output.")
    var force = false

    func run() throws {
        let coding: BlockCoding
        do {
            coding = try BlockCoding(codebook: Codebook(codebook, bits: bits), blockSize: block)
        } catch {
            throw StatusError.usage("\(error)")
        }
        try OutputFile.requireWritable(output, overwrite: force, sparing: [input])
        let interruption = Interruption { "nothing was written" }
        defer { withExtendedLifetime(interruption) {} }
        let rows = try readRows()
        let backend = CPUBackend<Float>()
        let coded = try backend.encode(rows, as: CodedForm(order: rows.order, region: .columns, coding: coding))
        try write(coded, coding, decoded: backend.decode(coded))
    }

    /// The matrix in float32; columns of the memory are rows of the data set, along which blocks run.
    ///
    /// - Throws: `SourceError`, or `StatusError` where the set is not square or float32 cannot hold it: a value that is not
    ///   finite or above the largest float, or every value so small that it would be coded as a zero.
    private func readRows() throws -> Matrix<Float> {
        let source = try openSource(input)
        let rows = try source.rowsAsColumns(of: source.requireEntry(named: matrix))
        guard rows.isSquare else { throw wrong("its shape is \(rows.columns) × \(rows.rows); give a square matrix") }
        let rounded = Matrix<Float>(rows)
        if let position = rounded.elements.firstIndex(where: { !$0.isFinite }) {
            let (value, order) = (rows.elements[position], rows.order)
            let place = "entry (\(position / order), \(position % order)) is \(value)"
            guard value.isFinite else { throw wrong("\(place); only finite entries can be coded") }
            throw wrong("\(place); float32 ends at \(Float.greatestFiniteMagnitude), scale the matrix down")
        }
        let largest = rows.largestMagnitude
        guard largest == 0 || largest >= Double(Float.leastNormalMagnitude) else {
            throw wrong(
                "its largest entry is \(largest); float32 keeps full precision from \(Float.leastNormalMagnitude) on, scale "
                    + "the matrix up")
        }
        return rounded
    }

    private func wrong(_ problem: String) -> StatusError {
        StatusError(status: .wrongData, description: "\(input): \(matrix): \(problem)")
    }

    private func write(_ coded: CodedMatrix, _ coding: BlockCoding, decoded: Matrix<Float>) throws {
        let order = coded.form.rows
        let blocksPerRow = coding.blockCount(length: order)
        try HDF5File.create(at: output, overwriting: force) { writer in
            try writer.write(
                NumericArray(shape: [order, order], values: coded.codes), to: "codes", storage: .compressed)
            try writer.write(NumericArray(shape: [coded.packedCodes.count], values: coded.packedCodes), to: "packed")
            try writer.write(
                NumericArray(shape: [order, blocksPerRow], values: coded.blockMaxima.values), to: "block_maxima")
            try writer.write(
                NumericArray(shape: [coding.codebook.values.count], values: coding.codebook.values), to: "codebook")
            try writer.write(
                NumericArray(shape: [order, order], values: decoded.elements), to: "decoded", storage: .compressed)
            try writer.setProvenance(
                seed: nil,
                configuration: [
                    "command": "quantize", "source": .text(input), "matrix": .text(matrix),
                    "codebook": .text(codebook.rawValue), "bits": .integer(bits), "block": .integer(block),
                ])
        }
    }
}
