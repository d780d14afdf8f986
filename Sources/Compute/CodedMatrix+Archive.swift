import Quantization

/// Coded matrices as buffers of a checkpoint.
extension CodedMatrix {
    /// `codes`, `block_maxima` (with `maxima_groups` and `maxima_mean` where they are coded), `diagonal` where it is kept apart,
    /// and `codebooks`: the values of every run's, so that codes mean what they meant when they were written.
    ///
    /// - Precondition: no noise is to be taken off on decoding.
    public var archive: StateArchive {
        precondition(dither == nil, "the archive of a matrix in codes with noise")
        var archive = StateArchive()
        archive.add("codes", .bytes(packedCodes))
        switch blockMaxima {
        case .exact(let values): archive.add("block_maxima", .floats(values))
        case .coded(let coded):
            archive.add("block_maxima", .bytes(coded.codes))
            archive.add("maxima_groups", .floats(coded.groupMaxima))
            archive.add("maxima_mean", .floats([coded.mean]))
        }
        if let diagonal { archive.add("diagonal", .floats(diagonal)) }
        archive.add("codebooks", .floats(form.runs.flatMap(\.coding.codebook.values)))
        return archive
    }

    /// The coded matrix of a form, but for the values of its codebooks, which are the archive's.
    ///
    /// Every code of so many bits is in the codebook, which has 2^bits values.
    ///
    /// - Throws: `StateArchiveError` where a count is not that of the form, a bit behind the last code of a run is set, a block
    ///   maximum is negative that has no sign, values are no codebook, or a value is not finite.
    public init(_ form: CodedForm, from archive: StateArchive) throws(StateArchiveError) {
        let codes =
            switch form.packing {
            case .plain: try archive.plainCodes(form)
            }
        let diagonal = form.keepsDiagonal ? try archive.floats("diagonal", count: form.diagonalCount) : nil
        self.init(
            form: form.with(codebooks: try archive.codebooks(form)), packedCodes: codes,
            blockMaxima: try archive.blockMaxima(form), diagonal: diagonal)
    }
}

extension StateArchive {
    /// One a run.
    fileprivate func codebooks(_ form: CodedForm) throws(StateArchiveError) -> [Codebook] {
        let counts = form.runs.map(\.coding.codebook.values.count)
        var rest = try floats("codebooks", count: counts.reduce(0, +))[...]
        var codebooks: [Codebook] = []
        for count in counts {
            do throws(QuantizationError) {
                codebooks.append(try Codebook(values: Array(rest.prefix(count))))
            } catch {
                throw self.error("codebooks", .invalid("\(error)"))
            }
            rest = rest.dropFirst(count)
        }
        return codebooks
    }

    fileprivate func plainCodes(_ form: CodedForm) throws(StateArchiveError) -> [UInt8] {
        let codes = try bytes("codes", count: form.plainByteCount)
        for run in form.runs {
            let usedBits = run.coding.codebook.bits * run.codeCount % 8
            guard usedBits == 0 || codes[run.bytes].last.map({ $0 >> usedBits == 0 }) ?? true else {
                throw error("codes", .invalid("bits behind the last code are set"))
            }
        }
        return codes
    }

    fileprivate func blockMaxima(_ form: CodedForm) throws(StateArchiveError) -> BlockMaxima {
        switch form.maxima {
        case .float32, .signedFloat32:
            let maxima = try floats("block_maxima", count: form.blockCount)
            guard form.maxima == .signedFloat32 || maxima.allSatisfy({ $0.sign == .plus }) else {
                throw error("block_maxima", .invalid("a block maximum is negative"))
            }
            return .exact(maxima)
        case .doubleQuantized:
            return .coded(
                CodedMaxima(
                    codes: try bytes("block_maxima", count: form.blockCount),
                    groupMaxima: try floats("maxima_groups", count: CodedMaxima.groupCount(blocks: form.blockCount)),
                    mean: try floats("maxima_mean", count: 1)[0]))
        }
    }
}

extension MatrixBackend {
    /// A coded tensor of a form, from an archive: one upload.
    ///
    /// - Throws: `StateArchiveError`.
    public func codedTensor(
        _ form: CodedForm, from archive: StateArchive
    ) throws(StateArchiveError) -> CodedTensor {
        codedTensor(try CodedMatrix(form, from: archive))
    }

    /// A coded tensor of the form of another, from an archive.
    ///
    /// - Throws: `StateArchiveError`.
    public func codedTensor(
        like coded: CodedTensor, from archive: StateArchive
    ) throws(StateArchiveError) -> CodedTensor {
        try codedTensor(form(of: coded), from: archive)
    }
}
