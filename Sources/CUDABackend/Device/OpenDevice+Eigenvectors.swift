/// A symmetric matrix that is to be replaced by its eigenvectors, the upper triangle being read.
struct EigenRequest<Scalar: CUDAScalar>: Sendable {
    let matrix: CUDATensor<Scalar>
    let values: CUDAVector<Scalar>
    /// One Int32: 0 where it was done.
    let info: DeviceMemory
    /// In whose order the matrix is there, and the results are wanted.
    let stream: DeviceStream

    var order: Int { matrix.rows }
}

/// Eigenvectors of matrices, those of one order together where cuSOLVER has a routine for it.
///
/// The decomposition of a small matrix is a long chain of small launches that leaves most of a device idle; done together, the
/// chain is the same for many.
extension OpenDevice {
    /// The largest order that is worth gathering: the decomposition of a larger one has work for more of the device, and
    /// lanes go side by side without meeting.
    private static var largestGatheredOrder: Int { 512 }

    func isGathered(order: Int) -> Bool { order <= Self.largestGatheredOrder && decompositions.hasBatches }

    /// Does what lanes ask for, by rising order, those of one order in the order of the lanes.
    func decompose<Scalar>(_ requests: [EigenRequest<Scalar>]) {
        for (_, group) in Dictionary(grouping: requests, by: \.order).sorted(by: { $0.key < $1.key }) {
            for start in stride(from: 0, to: group.count, by: DecompositionLibrary.largestBatch) {
                decomposeBatch(group[start..<min(start + DecompositionLibrary.largestBatch, group.count)])
            }
        }
    }

    private func decomposeBatch<Scalar>(_ batch: ArraySlice<EigenRequest<Scalar>>) {
        if batch.count == 1, let request = batch.first { return decompose(request) }
        let hasRoom = attempt { () throws(DeviceError) in try decomposeTogether(Array(batch)) }
        if hasRoom == false {
            // Where there is no memory for all there may be for half of them.
            let middle = batch.startIndex + batch.count / 2
            decomposeBatch(batch[..<middle])
            decomposeBatch(batch[middle...])
        }
    }

    /// One matrix on its own stream.
    func decompose<Scalar>(_ request: EigenRequest<Scalar>) {
        perform(
            DecompositionRoutine<Scalar>.eigenvectors(
                order: request.order, matrix: request.matrix.address, values: request.values.address),
            info: request.info, on: request.stream)
    }

    /// - Returns: false where there is no memory for so many.
    private func decomposeTogether<Scalar>(_ requests: [EigenRequest<Scalar>]) throws(DeviceError) -> Bool {
        let (stream, order, size) = (requests[0].stream, requests[0].order, MemoryLayout<Scalar>.stride)
        guard let matrices = try allocateIfThereIsRoom(requests.count * order * order * size, on: stream),
            let values = try allocateIfThereIsRoom(requests.count * order * size, on: stream),
            let infos = try allocateIfThereIsRoom(requests.count * 4, on: stream)
        else { return false }
        let batch = EigenBatch<Scalar>(
            order: order, count: requests.count, matrices: matrices.address, values: values.address, infos: infos.address)
        let handle = try stream.decompositionHandle()
        return try decompositions.withParameters { parameters throws(DeviceError) in
            let (onDevice, onHost) = try decompositions.workBytes(of: batch, handle, parameters)
            guard let work = try allocateIfThereIsRoom(max(onDevice, 1), on: stream) else { return false }
            let hostWork = UnsafeMutableRawBufferPointer.allocate(byteCount: max(onHost, 1), alignment: 16)
            defer { hostWork.deallocate() }
            for (index, request) in requests.enumerated() {
                if request.stream !== stream { try stream.wait(for: request.stream) }
                try copy(request.matrix.memory, to: matrices, piece: index, on: stream)
            }
            try decompositions.decompose(
                batch, handle, parameters, onDevice: (work.address, onDevice),
                onHost: UnsafeMutableRawBufferPointer(rebasing: hostWork[..<onHost]))
            for (index, request) in requests.enumerated() {
                try copy(piece: index, of: matrices, to: request.matrix.memory, on: stream)
                try copy(piece: index, of: values, to: request.values.memory, on: stream)
                try copy(piece: index, of: infos, to: request.info, on: stream)
            }
            // The host's work memory is given back here, and every lane asks for its info next.
            try driver.synchronize(stream.handle)
            return true
        }
    }

    private func copy(
        _ source: DeviceMemory, to target: DeviceMemory, piece: Int, on stream: DeviceStream
    ) throws(DeviceError) {
        let place = target.address + Driver.Address(piece * source.byteCount)
        try driver.copy(source.address, to: place, bytes: source.byteCount, on: stream.handle)
    }

    private func copy(
        piece: Int, of source: DeviceMemory, to target: DeviceMemory, on stream: DeviceStream
    ) throws(DeviceError) {
        let place = source.address + Driver.Address(piece * target.byteCount)
        try driver.copy(place, to: target.address, bytes: target.byteCount, on: stream.handle)
    }

    // MARK: Single routines

    /// Has a routine done, with work memory as large as it asks for.
    ///
    /// - Parameter info: where one Int32 tells of its end.
    func perform<Scalar>(_ routine: DecompositionRoutine<Scalar>, info: DeviceMemory, on stream: DeviceStream) {
        let count = attempt { () throws(DeviceError) in
            try decompositions.workCount(of: routine, try stream.decompositionHandle())
        }
        let work = allocate((count ?? 0) * MemoryLayout<Scalar>.stride, on: stream)
        attempt { () throws(DeviceError) in
            try decompositions.perform(
                routine, try stream.decompositionHandle(), work: work.address, count: count ?? 0, info: info.address)
        }
    }
}
