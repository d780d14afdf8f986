import CKernels
import Compute

/// Convolutions in float32 by kernels that hold the output channels in registers: images are copied into a frame of
/// zeros, so that no pixel is a special case.
struct DirectConvolution {
    let kernels: fr_neural_kernels
    let shape: ConvolutionShape

    private var area: Int { shape.height * shape.width }
    private var positions: Int { shape.outputHeight * shape.outputWidth }

    /// A frame around images, with room behind it for what the kernels read beyond.
    private func frame(height: Int, width: Int, channels: Int) -> ImageFrame {
        ImageFrame(height: height, width: width, channels: channels, slack: kernels.slack)
    }

    /// The image with its padding, as the kernels take it for the output.
    private var inputFrame: ImageFrame {
        frame(height: shape.height + 2 * shape.padding, width: shape.width + 2 * shape.padding, channels: shape.inputs)
    }

    private func pass(over frame: ImageFrame) -> fr_convolution_pass {
        fr_convolution_pass(
            rows: shape.outputHeight, columns: shape.outputWidth, kernel_rows: shape.kernel,
            run: shape.kernel * shape.inputs, pixel_step: shape.stride * shape.inputs,
            row_step: shape.stride * frame.rowLength, kernel_row_step: frame.rowLength, outputs: shape.outputs,
            output_pixel_step: shape.outputs, output_row_step: shape.outputWidth * shape.outputs)
    }

    /// The weights in the order in which `convolve` reads them.
    func packed(_ weight: UnsafePointer<Float>) -> [Float] {
        let (kernel, inputs, outputs) = (shape.kernel, shape.inputs, shape.outputs)
        return packedWeights(outputs: outputs, rows: kernel, run: kernel * inputs) { output, row, entry in
            let (column, input) = entry.quotientAndRemainder(dividingBy: inputs)
            return weight[output + ((input * kernel + row) * kernel + column) * outputs]
        }
    }

    func convolve(
        _ x: UnsafePointer<Float>, packed: [Float], samples: Range<Int>, into y: UnsafeMutablePointer<Float>
    ) {
        let frame = inputFrame
        var pass = self.pass(over: frame)
        for sample in samples {
            frame.place(
                x + sample * area * shape.inputs, height: shape.height, width: shape.width, top: shape.padding,
                left: shape.padding)
            kernels.convolve(frame.entries, packed, &pass, y + sample * positions * shape.outputs)
        }
    }

    /// Floats of one sum of weight gradients: kernel row, column, input, and outputs padded to whole registers.
    var sumSize: Int { shape.depth * paddedOutputs }
    private var paddedOutputs: Int { (shape.outputs + kernels.lanes - 1) / kernels.lanes * kernels.lanes }

    func addWeightGradient(
        _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, samples: Range<Int>, to sums: UnsafeMutablePointer<Float>
    ) {
        let frame = inputFrame
        var pass = self.pass(over: frame)
        // The kernel reads whole registers of outputs: where these do not fit, a copy has room behind its end.
        let copy =
            paddedOutputs == shape.outputs
            ? nil : self.frame(height: shape.outputHeight, width: shape.outputWidth, channels: shape.outputs)
        for sample in samples {
            frame.place(
                x + sample * area * shape.inputs, height: shape.height, width: shape.width, top: shape.padding,
                left: shape.padding)
            let gradient = dy + sample * positions * shape.outputs
            copy?.place(gradient, height: shape.outputHeight, width: shape.outputWidth, top: 0, left: 0)
            kernels.add_weight_gradient(frame.entries, copy.map { UnsafePointer($0.entries) } ?? gradient, &pass, sums)
        }
    }

    /// The sums in the order of the weight's columns.
    func unpack(_ sums: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>) {
        let area = shape.kernel * shape.kernel
        for tap in 0..<area {
            for input in 0..<shape.inputs {
                (gradient + (input * area + tap) * shape.outputs).initialize(
                    from: sums + (tap * shape.inputs + input) * paddedOutputs, count: shape.outputs)
            }
        }
    }

    /// Pairs of blocks of lanes first; within each the kernel row, the entry of the run, the output.
    func packedWeights(
        outputs: Int, rows: Int, run: Int, _ weight: (_ output: Int, _ row: Int, _ entry: Int) -> Float
    ) -> [Float] {
        let blocks = (outputs + kernels.lanes - 1) / kernels.lanes
        var packed: [Float] = []
        packed.reserveCapacity(blocks * kernels.lanes * rows * run)
        for first in stride(from: 0, to: blocks, by: 2) {
            let lanes = min(2, blocks - first) * kernels.lanes
            for row in 0..<rows {
                for entry in 0..<run {
                    for lane in 0..<lanes {
                        let output = first * kernels.lanes + lane
                        packed.append(output < outputs ? weight(output, row, entry) : 0)
                    }
                }
            }
        }
        return packed
    }
}

/// Images in a frame of zeros, which are written once.
final class ImageFrame {
    let entries: UnsafeMutablePointer<Float>
    let width: Int
    let channels: Int

    init(height: Int, width: Int, channels: Int, slack: Int) {
        let count = height * width * channels + slack
        entries = .allocate(capacity: count)
        entries.initialize(repeating: 0, count: count)
        self.width = width
        self.channels = channels
    }

    deinit { entries.deallocate() }

    var rowLength: Int { width * channels }

    func place(_ image: UnsafePointer<Float>, height: Int, width: Int, top: Int, left: Int) {
        for row in 0..<height {
            (entries + ((top + row) * self.width + left) * channels).update(
                from: image + row * width * channels, count: width * channels)
        }
    }
}
