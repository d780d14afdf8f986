// What a name stands for: a storage is made here and nowhere else, one line each.

extension StatisticKind: StorageName {
    var definition: any StatisticDefinition.Type {
        switch self {
        case .exact: ExactStorage.self
        case .full: FullStorage.self
        case .offdiagonal: OffdiagonalStorage.self
        case .symmetric: SymmetricStorage.self
        case .eigenvector: EigenvectorStorage.self
        case .householder: HouseholderStorage.self
        case .cholesky: CholeskyStorage.self
        case .ldlt: LDLTStorage.self
        case .inverseRoot: InverseRootStorage.self
        case .deflated: DeflatedStorage.self
        }
    }

    public var traits: StorageTraits { definition.traits }
}

extension RootKind: StorageName {
    var definition: any RootDefinition.Type {
        switch self {
        case .exact: ExactStorage.self
        case .full: FullStorage.self
        case .offdiagonal: OffdiagonalStorage.self
        case .symmetric: SymmetricStorage.self
        case .shared: SharedRoot.self
        case .deflated: DeflatedStorage.self
        }
    }

    public var traits: StorageTraits { definition.traits }
}
