import CKernels
import Compute

/// The gradient of the input: pixels whose distance to the grid of the stride is the same see the same entries of the
/// kernel, and are a convolution of the output's gradient with these entries in reverse.
extension DirectConvolution {
    /// Kernel entries along one side that meet the pixels offset + stride·i.
    struct Residue {
        let offset: Int
        /// The first of them; the rest follow at the distance of the stride.
        let first: Int
        let taps: Int
        /// The output that the first entry takes to pixel 0.
        let base: Int
        let pixels: Int

        init(_ offset: Int, extent: Int, _ shape: ConvolutionShape) {
            self.offset = offset
            first = (offset + shape.padding) % shape.stride
            taps = first < shape.kernel ? (shape.kernel - first + shape.stride - 1) / shape.stride : 0
            base = (offset + shape.padding) / shape.stride
            pixels = offset < extent ? (extent - offset + shape.stride - 1) / shape.stride : 0
        }

        /// Zeros needed before the first output.
        var margin: Int { max(0, taps - 1 - base) }
        var end: Int { pixels == 0 ? 0 : base + pixels }
    }

    /// One pass for each pair of residues.
    struct InputPasses {
        let rows: [Residue]
        let columns: [Residue]
        /// Packed weights, by rows' residue and columns'.
        let weights: [[Float]]

        var top: Int { rows.map(\.margin).max() ?? 0 }
        var left: Int { columns.map(\.margin).max() ?? 0 }
        var hasGaps: Bool { (rows + columns).contains { $0.taps == 0 } }
    }

    func inputPasses(_ weight: UnsafePointer<Float>) -> InputPasses {
        let (kernel, outputs, step) = (shape.kernel, shape.outputs, shape.stride)
        let rows = (0..<step).map { Residue($0, extent: shape.height, shape) }
        let columns = (0..<step).map { Residue($0, extent: shape.width, shape) }
        var weights: [[Float]] = []
        for row in rows {
            for column in columns {
                weights.append(
                    packedWeights(outputs: shape.inputs, rows: row.taps, run: column.taps * outputs) { input, tap, entry in
                        let (columnTap, output) = entry.quotientAndRemainder(dividingBy: outputs)
                        let kernelRow = row.first + step * (row.taps - 1 - tap)
                        let kernelColumn = column.first + step * (column.taps - 1 - columnTap)
                        return weight[output + ((input * kernel + kernelRow) * kernel + kernelColumn) * outputs]
                    })
            }
        }
        return InputPasses(rows: rows, columns: columns, weights: weights)
    }

    func inputGradient(
        _ dy: UnsafePointer<Float>, _ passes: InputPasses, samples: Range<Int>, into dx: UnsafeMutablePointer<Float>
    ) {
        let (height, width) = (shape.outputHeight, shape.outputWidth)
        let frame = ImageFrame(
            height: passes.top + max(height, passes.rows.map(\.end).max() ?? 0),
            width: passes.left + max(width, passes.columns.map(\.end).max() ?? 0), channels: shape.outputs,
            slack: kernels.slack)
        let image = shape.height * shape.width * shape.inputs
        for sample in samples {
            frame.place(
                dy + sample * height * width * shape.outputs, height: height, width: width, top: passes.top,
                left: passes.left)
            let target = dx + sample * image
            if passes.hasGaps { target.update(repeating: 0, count: image) }
            for (index, weights) in passes.weights.enumerated() {
                let (row, column) = (passes.rows[index / shape.stride], passes.columns[index % shape.stride])
                guard row.taps > 0, column.taps > 0 else { continue }
                var pass = self.pass(row, column, over: frame)
                let (top, left) = (passes.top + row.base + 1 - row.taps, passes.left + column.base + 1 - column.taps)
                kernels.convolve(
                    frame.entries + (top * frame.width + left) * shape.outputs, weights, &pass,
                    target + (row.offset * shape.width + column.offset) * shape.inputs)
            }
        }
    }

    private func pass(_ row: Residue, _ column: Residue, over frame: ImageFrame) -> fr_convolution_pass {
        fr_convolution_pass(
            rows: row.pixels, columns: column.pixels, kernel_rows: row.taps, run: column.taps * shape.outputs,
            pixel_step: shape.outputs, row_step: frame.rowLength, kernel_row_step: frame.rowLength,
            outputs: shape.inputs, output_pixel_step: shape.stride * shape.inputs,
            output_row_step: shape.stride * shape.width * shape.inputs)
    }
}
