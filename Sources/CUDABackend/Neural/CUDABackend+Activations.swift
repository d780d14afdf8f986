import Compute

extension CUDABackend {
    public func rectifiedLinear(_ a: Tensor) -> Tensor { entries(.activations, "rectify", a) }

    public func rectifiedLinearGradient(_ outputGradient: Tensor, output: Tensor) -> Tensor {
        entries(.activations, "rectify_gradient", outputGradient, output)
    }

    public func gaussianErrorLinear(_ a: Tensor, _ form: GaussianErrorForm) -> Tensor {
        entries(.activations, "gelu_\(form)", a)
    }

    public func gaussianErrorLinearGradient(_ outputGradient: Tensor, input: Tensor, _ form: GaussianErrorForm) -> Tensor {
        entries(.activations, "gelu_\(form)_gradient", outputGradient, input)
    }

    public func gatedLinear(_ a: Tensor, gate: Tensor) -> Tensor { entries(.activations, "gated_linear", a, gate) }

    public func gatedLinearGradient(
        _ outputGradient: Tensor, input: Tensor, gate: Tensor
    ) -> (input: Tensor, gate: Tensor) {
        requireEqualShapes(outputGradient, gate)
        requireEqualShapes(input, gate)
        let (dx, dg) = (
            makeTensor(rows: gate.rows, columns: gate.columns), makeTensor(rows: gate.rows, columns: gate.columns)
        )
        launch(
            .activations, "gated_linear_gradient", count: gate.count, outputGradient.address, input.address, gate.address,
            dx.address, dg.address, Int64(gate.count))
        return (dx, dg)
    }

    public func turnPairs(_ a: Tensor, rows: Int, by table: Tensor) -> Tensor {
        precondition(
            table.rows > 0 && table.rows % 2 == 0 && table.columns > 0 && rows % table.rows == 0 && rows <= a.rows,
            "pairs of \(rows) of \(a.rows) rows by a table of \(table.rows) × \(table.columns)")
        let result = makeTensor(rows: a.rows, columns: a.columns)
        launch(
            .activations, "turn_pairs", count: a.count, a.address, table.address, Int64(a.rows), Int64(rows),
            Int32(table.rows), Int64(table.columns), result.address, Int64(a.count))
        return result
    }
}
