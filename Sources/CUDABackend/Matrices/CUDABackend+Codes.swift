import Compute
import MatrixCore
import Quantization

/// The block codec on the device: the codes, maxima and values of `ReferenceCodec`, to the bit.
extension CUDABackend {
    public func encode(_ a: Tensor, as form: CodedForm) throws(QuantizationError) -> CUDACodedTensor {
        precondition(
            a.rows == form.rows && a.columns == form.columns,
            "\(a.rows) × \(a.columns) as \(form.rows) × \(form.columns)")
        let refused = allocate(1, of: UInt32.self)
        clear(refused)
        let (packed, maxima) = codes(of: a, as: form, refused)
        let diagonal = form.keepsDiagonal ? diagonal(of: a, form, refused) : nil
        let coded = CUDACodedTensor(form: form, packed: packed, maxima: kept(maxima, form), diagonal: diagonal)
        // One wait for all that may be refused; what was computed of it since is dropped.
        let isRefused: [UInt32] = download(refused, count: 1)
        if isRefused[0] != 0 { throw notFinite(Matrix<Float>(matrix(a)), form) }
        return coded
    }

    public func decode(_ coded: CUDACodedTensor) -> Tensor {
        let maxima = exactMaxima(coded)
        return entries(of: coded.form, packed: coded.packed, maxima, diagonal: coded.diagonal)
    }

    public func form(of coded: CUDACodedTensor) -> CodedForm { coded.form }
    public func byteCount(_ coded: CUDACodedTensor) -> Int { coded.byteCount }

    public func codedMatrix(_ coded: CUDACodedTensor) -> CodedMatrix {
        let form = coded.form
        let maxima: BlockMaxima =
            switch coded.maxima {
            case .exact(let memory): .exact(download(memory, count: form.blockCount))
            case .coded(let codes, let groupMaxima, let mean):
                .coded(
                    CodedMaxima(
                        codes: download(codes, count: form.blockCount),
                        groupMaxima: download(groupMaxima, count: CodedMaxima.groupCount(blocks: form.blockCount)),
                        mean: (download(mean, count: 1) as [Float])[0]))
            }
        return CodedMatrix(
            form: form, packedCodes: download(coded.packed, count: form.plainByteCount), blockMaxima: maxima,
            diagonal: coded.diagonal.map { download($0, count: form.diagonalCount) })
    }

    public func codedTensor(_ matrix: CodedMatrix) -> CUDACodedTensor {
        let maxima: CUDACodedTensor.Maxima =
            switch matrix.blockMaxima {
            case .exact(let values): .exact(upload(values))
            case .coded(let coded):
                .coded(codes: upload(coded.codes), groupMaxima: upload(coded.groupMaxima), mean: upload([coded.mean]))
            }
        return CUDACodedTensor(
            form: matrix.form, packed: upload(matrix.packedCodes), maxima: maxima, diagonal: matrix.diagonal.map { upload($0) })
    }

    // MARK: Codes

    /// The packed codes of a tensor's region, and the exact maxima of its blocks.
    private func codes(
        of a: Tensor, as form: CodedForm, _ refused: DeviceMemory
    ) -> (packed: DeviceMemory, maxima: DeviceMemory) {
        let runs = form.runs
        let maxima = allocate(form.blockCount, of: Float.self)
        let packed = allocate(form.plainByteCount, of: UInt8.self)
        for run in runs where run.codeCount > 0 {
            let ownMaxima = maxima.address + Driver.Address(4 * run.blocks.lowerBound)
            if Self.isOfEights(form, run) {
                launch(
                    .blockCodec, "encode_eights", count: run.blocks.count * run.coding.blockSize / 8, KernelForm(form, run),
                    KernelTable(Self.borders(of: run.coding.codebook)), a.address, ownMaxima,
                    packed.address + Driver.Address(run.bytes.lowerBound), refused.address)
                continue
            }
            launch(
                .blockCodec, "block_maxima", blocks: run.columns.count, threads: Self.threadsOfBlock, KernelForm(form, run),
                a.address, ownMaxima, refused.address)
            launch(
                .blockCodec, "encode_codes", count: (run.codeCount + 7) / 8, KernelForm(form, run),
                KernelTable(Self.borders(of: run.coding.codebook)), a.address, ownMaxima,
                packed.address + Driver.Address(run.bytes.lowerBound), Int64(run.codeCount))
        }
        return (packed, maxima)
    }

    /// The entries that codes stand for.
    private func entries(
        of form: CodedForm, packed: DeviceMemory, _ maxima: DeviceMemory, diagonal: DeviceMemory?
    ) -> Tensor {
        let result = makeTensor(rows: form.rows, columns: form.columns)
        if result.count == 0 { return result }
        for run in form.runs {
            let isOfEights = Self.isOfEights(form, run)
            let sixteens = run.columns.count * form.rows * MemoryLayout<Scalar>.stride / 16
            launch(
                .blockCodec, isOfEights ? "decode_eights" : "decode_matrix",
                blocks: isOfEights ? blockCount(over: sixteens) : run.columns.count, threads: Self.threadsOfBlock,
                KernelForm(form, run), KernelTable(run.coding.codebook.values),
                packed.address + Driver.Address(run.bytes.lowerBound),
                maxima.address + Driver.Address(4 * run.blocks.lowerBound), diagonal?.address ?? 0, result.address)
        }
        return result
    }

    /// Whether the kernels that keep eight entries of a column in a thread's registers serve a run.
    private static func isOfEights(_ form: CodedForm, _ run: CodingRun) -> Bool {
        form.region == .columns && form.rows % 8 == 0 && [8, 16, 32, 64, 128, 256].contains(run.coding.blockSize)
            && run.bytes.lowerBound % 8 == 0
    }

    /// From which scaled entry on each code but the last gives way to the next one. A midpoint has the even one of its two codes.
    private static func borders(of codebook: Codebook) -> [Float] {
        codebook.midpoints.enumerated().map { code, midpoint in code.isMultiple(of: 2) ? midpoint.nextUp : midpoint }
    }

    private func diagonal(of a: Tensor, _ form: CodedForm, _ refused: DeviceMemory) -> DeviceMemory {
        let diagonal = allocate(form.diagonalCount, of: Float.self)
        launch(
            .blockCodec, "keep_diagonal", count: form.diagonalCount, diagonal.address, a.address, Int64(a.rows),
            Int64(form.diagonalCount), refused.address)
        return diagonal
    }

    /// The entry that stopped an encoding: the first of the region, else the first of the diagonal kept apart.
    private func notFinite(_ matrix: Matrix<Float>, _ form: CodedForm) -> QuantizationError {
        for column in 0..<form.columns {
            for row in form.rows(ofColumn: column)
            where !matrix[row, column].isFinite && !(form.keepsDiagonal && row == column) {
                return .notFinite(row: row, column: column, value: matrix[row, column])
            }
        }
        let position = matrix.diagonal.firstIndex { !$0.isFinite } ?? 0
        return .notFinite(row: position, column: position, value: matrix.diagonal[position])
    }

    // MARK: Block maxima

    /// Exact maxima in the format in which they are kept.
    private func kept(_ maxima: DeviceMemory, _ form: CodedForm) -> CUDACodedTensor.Maxima {
        if form.maxima != .doubleQuantized { return .exact(maxima) }
        let count = form.blockCount
        let mean = allocate(1, of: Float.self)
        launch(.blockCodec, "mean_of_maxima", blocks: 1, threads: 1, mean.address, maxima.address, Int64(count))
        let differences = makeTensor(rows: count, columns: 1)
        launch(
            .blockCodec, "differences_from_mean", count: count, differences.address, maxima.address, mean.address,
            Int64(count))
        // Maxima that are not finite were seen before.
        let refused = allocate(1, of: UInt32.self)
        let (codes, groupMaxima) = codes(of: differences, as: Self.formOfMaxima(count), refused)
        return .coded(codes: codes, groupMaxima: groupMaxima, mean: mean)
    }

    /// What codes are multiplied by.
    private func exactMaxima(_ coded: CUDACodedTensor) -> DeviceMemory {
        switch coded.maxima {
        case .exact(let maxima): return maxima
        case .coded(let codes, let groupMaxima, let mean):
            let count = coded.form.blockCount
            let differences = entries(of: Self.formOfMaxima(count), packed: codes, groupMaxima, diagonal: nil)
            let maxima = allocate(count, of: Float.self)
            launch(
                .blockCodec, "maxima_from_differences", count: count, maxima.address, differences.address, mean.address,
                Int64(count))
            return maxima
        }
    }

    /// Differences of block maxima from their mean, as a column.
    private static func formOfMaxima(_ count: Int) -> CodedForm {
        CodedForm(rows: count, columns: 1, region: .columns, codings: .all(CodedMaxima.coding))
    }
}

/// The parameter `Form` of the kernels, field by field: a run of columns with one coding.
private struct KernelForm: BitwiseCopyable {
    let rows: Int64
    let firstColumn: Int64
    let endColumn: Int64
    let blockSize: Int64
    let region: Int32
    let bits: Int32
    let keepsDiagonal: Int32
    let signedMaxima: Int32

    init(_ form: CodedForm, _ run: CodingRun) {
        rows = Int64(form.rows)
        firstColumn = Int64(run.columns.lowerBound)
        endColumn = Int64(run.columns.upperBound)
        blockSize = Int64(run.coding.blockSize)
        region =
            switch form.region {
            case .columns: 0
            case .strictUpper: 1
            case .strictLower: 2
            }
        bits = Int32(run.coding.codebook.bits)
        keepsDiagonal = form.keepsDiagonal ? 1 : 0
        signedMaxima = form.maxima == .signedFloat32 ? 1 : 0
    }
}

/// The parameter `Table` of the kernels: values of a codebook, or the borders of its codes, and NaN behind them.
private struct KernelTable: BitwiseCopyable {
    var values: InlineArray<256, Float>

    init(_ list: [Float]) {
        values = InlineArray(repeating: .nan)
        for (index, value) in list.enumerated() { values[index] = value }
    }
}
