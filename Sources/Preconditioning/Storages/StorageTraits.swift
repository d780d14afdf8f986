/// What is to be known of a storage before anything is kept in it: which options apply to it, and what it wants.
public struct StorageTraits: Sendable {
    /// Whether codes keep the matrix: a codebook, bits and a block apply.
    public let isCoded: Bool
    /// Whether eigenvalues and eigenvectors are kept rather than entries: the solver `factored` and the choice of an update's
    /// decomposition apply.
    public let isFactored: Bool
    /// Whether decoded eigenvectors are only nearly orthonormal: steps of rectification apply.
    public let isRectified: Bool
    /// Whether A + δI is kept: the shift applies, and damping is a matter of the storage.
    public let isShifted: Bool
    /// Whether the error of a code can be kept and added before the next one.
    public let takesErrorFeedback: Bool
    /// Whether the codes depend on the exponent and the damping of the root that will be taken.
    public let dependsOnRoot: Bool

    init(
        isCoded: Bool = true, isFactored: Bool = false, isRectified: Bool = false, isShifted: Bool = false,
        takesErrorFeedback: Bool = false, dependsOnRoot: Bool = false
    ) {
        self.isCoded = isCoded
        self.isFactored = isFactored
        self.isRectified = isRectified
        self.isShifted = isShifted
        self.takesErrorFeedback = takesErrorFeedback
        self.dependsOnRoot = dependsOnRoot
    }

    /// Whether the damping of the root has a part in what is kept.
    public var dependsOnDamping: Bool { isShifted || dependsOnRoot }
    /// Whether a source's eigenvalues, or the largest of them for a shift, are asked for.
    public var wantsDecomposition: Bool { isFactored || isShifted }
    /// Whether decoded eigenvectors are the same whatever the eigenvalues, exponent and damping: a study decodes them once.
    public var codesVectorsAlone: Bool { isFactored && !dependsOnRoot }
}

extension StorageTraits {
    /// As published: the closed form where there are factors, the iteration otherwise.
    public var defaultSolver: RootSolver { isFactored ? .factored : .schurNewton }
}
