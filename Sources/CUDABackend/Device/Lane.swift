/// What a piece of work computes on while others go on beside it.
struct Lane<Scalar: CUDAScalar>: Sendable {
    let stream: DeviceStream
    let number: Int
    /// Where all lanes bring the small matrices whose eigenvectors they want.
    let gathering: Gathering<EigenRequest<Scalar>>
}
