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
    /// Of a statistic: whether its root is kept in its place, and can be the root in use.
    public let keepsRoot: Bool
    /// Whether reflectors are coded one after another, so that their loop is a choice.
    public let codesReflectors: Bool
    /// Whether an error or a budget says how it is kept, in bytes that depend on the matrix.
    public let hasVariableLength: Bool
    /// Of a root: whether it is the one that the statistic keeps, and has neither bytes, solver nor interval of its own.
    public let isShared: Bool

    init(
        isCoded: Bool = true, isFactored: Bool = false, isRectified: Bool = false, isShifted: Bool = false,
        takesErrorFeedback: Bool = false, dependsOnRoot: Bool = false, keepsRoot: Bool = false, codesReflectors: Bool = false,
        hasVariableLength: Bool = false, isShared: Bool = false
    ) {
        self.isCoded = isCoded
        self.isFactored = isFactored
        self.isRectified = isRectified
        self.isShifted = isShifted
        self.takesErrorFeedback = takesErrorFeedback
        self.dependsOnRoot = dependsOnRoot
        self.keepsRoot = keepsRoot
        self.codesReflectors = codesReflectors
        self.hasVariableLength = hasVariableLength
        self.isShared = isShared
    }

    /// Whether the matrix is kept as it is.
    public var isExact: Bool { !isCoded && !hasVariableLength && !isShared }
    /// Whether the damping of the root has a part in what is kept.
    public var dependsOnDamping: Bool { isShifted || dependsOnRoot }
    /// Whether a source's eigenvalues, or the largest of them for a shift, are asked for.
    public var wantsDecomposition: Bool { isFactored || isShifted || keepsRoot }
    /// Whether eigenvalues and eigenvectors come back: those that are kept, or those of the root that is.
    public var comesBackFactored: Bool { isFactored || keepsRoot }
    /// Whether decoded eigenvectors are the same whatever the eigenvalues, exponent and damping: a study decodes them once.
    public var codesVectorsAlone: Bool { isFactored && !dependsOnRoot }
}

extension StorageTraits {
    /// As published: the closed form where there are factors, the iteration otherwise.
    public var defaultSolver: RootSolver { comesBackFactored ? .factored : .schurNewton }
}
