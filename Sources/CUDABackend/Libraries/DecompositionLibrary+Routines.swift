/// A routine of cuSOLVER's with its arguments, but for its work memory. Matrices lie column by column without gaps.
enum DecompositionRoutine<Scalar: CUDAScalar> {
    /// The upper triangle is read, and the whole matrix is replaced by eigenvectors.
    case eigenvectors(order: Int, matrix: Driver.Address, values: Driver.Address)
    case reflectors(rows: Int, columns: Int, matrix: Driver.Address, scalars: Driver.Address)
    case productOfReflectors(rows: Int, columns: Int, matrix: Driver.Address, scalars: Driver.Address)
    /// The upper triangle is read and replaced by the factor's.
    case cholesky(order: Int, matrix: Driver.Address)

    /// As in `cusolverDnSsyevd`.
    fileprivate var symbol: String {
        let letter = Scalar.self == Float.self ? "S" : "D"
        let name =
            switch self {
            case .eigenvectors: "syevd"
            case .reflectors: "geqrf"
            case .productOfReflectors: "orgqr"
            case .cholesky: "potrf"
            }
        return "cusolverDn\(letter)\(name)"
    }
}

extension DecompositionLibrary {
    private typealias Address = Driver.Address
    private typealias Count = UnsafeMutablePointer<Int32>
    /// CUSOLVER_EIG_MODE_VECTOR.
    static var withVectors: Int32 { 1 }
    /// CUBLAS_FILL_MODE_UPPER.
    static var upperTriangle: Int32 { 1 }

    /// The scalars of work memory that a routine asks for.
    func workCount<Scalar>(of routine: DecompositionRoutine<Scalar>, _ handle: Handle?) throws(DeviceError) -> Int {
        var count: Int32 = 0
        let symbol = "\(routine.symbol)_bufferSize"
        let code: Code
        switch routine {
        case .eigenvectors(let order, let matrix, let values):
            typealias Call = @convention(c) (Handle?, Int32, Int32, Int32, Address, Int32, Address, Count) -> Code
            code = try library.function(symbol, as: Call.self)(
                handle, Self.withVectors, Self.upperTriangle, Int32(order), matrix, Int32(order), values, &count)
        case .reflectors(let rows, let columns, let matrix, _):
            typealias Call = @convention(c) (Handle?, Int32, Int32, Address, Int32, Count) -> Code
            code = try library.function(symbol, as: Call.self)(
                handle, Int32(rows), Int32(columns), matrix, Int32(rows), &count)
        case .productOfReflectors(let rows, let columns, let matrix, let scalars):
            typealias Call = @convention(c) (Handle?, Int32, Int32, Int32, Address, Int32, Address, Count) -> Code
            code = try library.function(symbol, as: Call.self)(
                handle, Int32(rows), Int32(columns), Int32(columns), matrix, Int32(rows), scalars, &count)
        case .cholesky(let order, let matrix):
            typealias Call = @convention(c) (Handle?, Int32, Int32, Address, Int32, Count) -> Code
            code = try library.function(symbol, as: Call.self)(
                handle, Self.upperTriangle, Int32(order), matrix, Int32(order), &count)
        }
        try check(code, symbol)
        return Int(count)
    }

    /// - Parameters:
    ///   - work: memory of `count` scalars.
    ///   - info: where one Int32 is written: 0, or what was refused.
    func perform<Scalar>(
        _ routine: DecompositionRoutine<Scalar>, _ handle: Handle?, work: Driver.Address, count: Int, info: Driver.Address
    ) throws(DeviceError) {
        let symbol = routine.symbol
        let code: Code
        switch routine {
        case .eigenvectors(let order, let matrix, let values):
            typealias Call =
                @convention(c) (Handle?, Int32, Int32, Int32, Address, Int32, Address, Address, Int32, Address) -> Code
            code = try library.function(symbol, as: Call.self)(
                handle, Self.withVectors, Self.upperTriangle, Int32(order), matrix, Int32(order), values, work,
                Int32(count), info)
        case .reflectors(let rows, let columns, let matrix, let scalars):
            typealias Call =
                @convention(c) (Handle?, Int32, Int32, Address, Int32, Address, Address, Int32, Address) -> Code
            code = try library.function(symbol, as: Call.self)(
                handle, Int32(rows), Int32(columns), matrix, Int32(rows), scalars, work, Int32(count), info)
        case .productOfReflectors(let rows, let columns, let matrix, let scalars):
            typealias Call =
                @convention(c) (Handle?, Int32, Int32, Int32, Address, Int32, Address, Address, Int32, Address) -> Code
            code = try library.function(symbol, as: Call.self)(
                handle, Int32(rows), Int32(columns), Int32(columns), matrix, Int32(rows), scalars, work, Int32(count), info)
        case .cholesky(let order, let matrix):
            typealias Call = @convention(c) (Handle?, Int32, Int32, Address, Int32, Address, Int32, Address) -> Code
            code = try library.function(symbol, as: Call.self)(
                handle, Self.upperTriangle, Int32(order), matrix, Int32(order), work, Int32(count), info)
        }
        try check(code, symbol)
    }
}
