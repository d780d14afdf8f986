import Compute
import MatrixCore

/// The largest entries under kernels, channel by channel.
extension CPUBackend {
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func maxPooling(_ input: Matrix<Scalar>, _ shape: ConvolutionShape) -> Matrix<Scalar> {
        requirePooling(shape, input: input)
        let (channels, positions) = (shape.inputs, shape.batch * shape.outputHeight * shape.outputWidth)
        return filled(rows: channels, columns: positions) { output in
            input.withElements { x in
                inPieces(positions, atLeast: columnGrain(rows: channels * shape.kernel * shape.kernel)) { own in
                    for position in own {
                        let largest = output + position * channels
                        var isFirst = true
                        PoolingWindow(shape, position).forEachPixel { pixel in
                            let entries = x + pixel * channels
                            if isFirst {
                                largest.initialize(from: entries, count: channels)
                                isFirst = false
                                return
                            }
                            for channel in 0..<channels where entries[channel] > largest[channel] || entries[channel].isNaN {
                                largest[channel] = entries[channel]
                            }
                        }
                    }
                }
            }
        }
    }

    /// A piece has whole samples, whose gradients are its own.
    @specialized(where Scalar == Double)
    @specialized(where Scalar == Float)
    public func maxPoolingGradient(
        _ outputGradient: Matrix<Scalar>, input: Matrix<Scalar>, _ shape: ConvolutionShape
    ) -> Matrix<Scalar> {
        requirePooling(shape, input: input)
        let (channels, positions) = (shape.inputs, shape.outputHeight * shape.outputWidth)
        precondition(
            outputGradient.rows == channels && outputGradient.columns == shape.batch * positions,
            "an output of \(outputGradient.rows) × \(outputGradient.columns) for \(shape)")
        let sample = channels * shape.height * shape.width
        return filled(rows: channels, columns: input.columns) { dx in
            outputGradient.withElements { dy in
                input.withElements { x in
                    inPieces(shape.batch, atLeast: 1) { samples in
                        (dx + samples.lowerBound * sample).initialize(repeating: 0, count: samples.count * sample)
                        for position in samples.lowerBound * positions..<samples.upperBound * positions {
                            addGradients(dy + position * channels, x, PoolingWindow(shape, position), channels, dx)
                        }
                    }
                }
            }
        }
    }

    /// The gradients of the channels at one position, each to its first largest entry.
    @inline(__always)
    private func addGradients(
        _ dy: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ window: PoolingWindow, _ channels: Int,
        _ dx: UnsafeMutablePointer<Scalar>
    ) {
        for channel in 0..<channels {
            var (place, largest): (Int, Scalar) = (-1, 0)
            window.forEachPixel { pixel in
                let entry = x[pixel * channels + channel]
                guard place < 0 || entry > largest || (entry.isNaN && !largest.isNaN) else { return }
                (place, largest) = (pixel, entry)
            }
            dx[place * channels + channel] += dy[channel]
        }
    }

    private func requirePooling(_ shape: ConvolutionShape, input: Matrix<Scalar>) {
        precondition(
            shape.outputs == shape.inputs && 2 * shape.padding <= shape.kernel && input.rows == shape.inputs
                && input.columns == shape.batch * shape.height * shape.width,
            "the largest entries of \(input.rows) × \(input.columns) by \(shape)")
    }
}

/// The pixels that lie under the kernel at one position of the output.
private struct PoolingWindow {
    /// The first pixel of the sample.
    private let first: Int
    private let width: Int
    private let rows: Range<Int>
    private let columns: Range<Int>

    init(_ shape: ConvolutionShape, _ position: Int) {
        let (height, width) = (shape.outputHeight, shape.outputWidth)
        func places(_ output: Int, of size: Int) -> Range<Int> {
            let start = output * shape.stride - shape.padding
            return max(start, 0)..<min(start + shape.kernel, size)
        }
        first = position / (height * width) * shape.height * shape.width
        self.width = shape.width
        rows = places(position / width % height, of: shape.height)
        columns = places(position % width, of: shape.width)
    }

    @inline(__always)
    func forEachPixel(_ body: (Int) -> Void) {
        for row in rows {
            for column in columns { body(first + row * width + column) }
        }
    }
}
