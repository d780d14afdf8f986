import CHDF5
import Foundation
import MatrixCore

extension HDF5File {
    /// Reads a two-dimensional set without moving its elements: element (i, j) of the matrix is data set[j, i].
    ///
    /// Float32, float64 and float16 sets of either byte order and any layout; 16-bit integers are read as bfloat16
    /// where one of their string attributes contains "bfloat16", as float16 where one contains "float16" or "half";
    /// opaque 16-bit words likewise, and without either as bfloat16.
    ///
    /// Numerics: every conversion is exact but float64 to `Float`, which rounds to nearest, ties to even. NaN and
    /// infinities arrive as they are.
    ///
    /// - Throws: `HDF5Error` of kind `noSuchObject`, `wrongType`, `wrongShape` (not two-dimensional, or without
    ///   elements), `unwritten`, `tooLarge`, `missingFilter`, `corrupt`, `newerFormat` or `unreadable`.
    public func readRowsAsColumns(_ name: String, as scalar: Double.Type = Double.self) throws -> Matrix<Double> {
        try matrix(name)
    }

    public func readRowsAsColumns(_ name: String, as scalar: Float.Type) throws -> Matrix<Float> {
        try matrix(name)
    }

    /// Reads a numeric set of any shape; integers are converted, rounding to nearest where they do not fit.
    public func readArray(_ name: String, as scalar: Double.Type = Double.self) throws -> NumericArray<Double> {
        try array(name)
    }

    public func readArray(_ name: String, as scalar: Float.Type) throws -> NumericArray<Float> {
        try array(name)
    }

    /// Reads a uint8 set of any shape.
    public func readBytes(_ name: String) throws -> NumericArray<UInt8> {
        try HDF5Library.locked {
            let dataset = try NumericDataset.open(name, in: self)
            guard dataset.element.type == .integer(bytes: 1, signed: false) else {
                throw place(name).error(
                    .wrongType, "is of type \(dataset.element.type), not uint8", advice: "store it as uint8")
            }
            return NumericArray(shape: dataset.shape, values: try dataset.rawBytes())
        }
    }

    /// Reads a little-endian uint64 set of any shape, as `HDF5Writer` writes it.
    public func readIntegers(_ name: String) throws -> NumericArray<UInt64> {
        try HDF5Library.locked {
            let dataset = try NumericDataset.open(name, in: self)
            guard dataset.element.type == .integer(bytes: 8, signed: false), dataset.element.order == .littleEndian else {
                throw place(name).error(
                    .wrongType, "is of type \(dataset.element.type), not uint64", advice: "store it as little-endian uint64")
            }
            let bytes = try dataset.rawBytes()
            let values = bytes.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: 8).map {
                    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
                }
            }
            return NumericArray(shape: dataset.shape, values: values)
        }
    }

    /// Reads the part of a numeric set whose first index is `index`; its shape is the rest of the set's.
    ///
    /// - Throws: `wrongShape` where the set is a scalar or the index is beyond its first extent.
    public func readSlab(_ name: String, at index: Int, as scalar: Float.Type = Float.self) throws -> NumericArray<Float> {
        try slab(name, at: index)
    }

    public func readSlab(_ name: String, at index: Int, as scalar: Double.Type) throws -> NumericArray<Double> {
        try slab(name, at: index)
    }
}

extension HDF5File {
    /// The set in the order of its memory: a row of the set becomes a column.
    private func matrix<Scalar: MatrixScalar>(_ name: String) throws -> Matrix<Scalar> {
        try HDF5Library.locked {
            let dataset = try NumericDataset.open(name, in: self)
            let place = place(name)
            let shape = dataset.shape
            guard dataset.element.type.isReadableAsMatrix else {
                throw place.error(.wrongType, "is of type \(dataset.element.type), not float32 or float64")
            }
            guard shape.count == 2 else {
                throw place.error(.wrongShape, "has \(shape.count) dimensions instead of two")
            }
            guard shape[0] > 0, shape[1] > 0 else {
                throw place.error(.wrongShape, "has no elements, its shape is \(shape[0]) × \(shape[1])")
            }
            let values: [Scalar] = try dataset.values()
            try dataset.requireWritten(values)
            return Matrix(rows: shape[1], columns: shape[0], elements: values)
        }
    }

    private func array<Scalar: MatrixScalar>(_ name: String) throws -> NumericArray<Scalar> {
        try HDF5Library.locked {
            let dataset = try NumericDataset.open(name, in: self)
            return NumericArray(shape: dataset.shape, values: try dataset.values())
        }
    }

    private func slab<Scalar: MatrixScalar>(_ name: String, at index: Int) throws -> NumericArray<Scalar> {
        try HDF5Library.locked {
            let dataset = try NumericDataset.open(name, in: self, slab: index)
            return NumericArray(shape: Array(dataset.shape.dropFirst()), values: try dataset.values())
        }
    }
}
