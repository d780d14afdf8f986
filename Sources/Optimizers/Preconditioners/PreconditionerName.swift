import MatrixCore

/// The methods of preconditioning: a method is its file and its line here.
public enum PreconditionerTable: NameTable {
    private static let methods: [any PreconditionerMethod.Type] = [
        Shampoo.self,
        CASPR.self,
        KFAC.self,
        AdaBK.self,
        SOAPMethod.self,
        KLShampooMethod.self,
        EvaMethod.self,
        MFACMethod.self,
        PSGDMethod.self,
    ]

    public static var entries: [(name: String, definition: any PreconditionerMethod.Type)] {
        methods.map { ($0.name, $0) }
    }
}

/// A method of preconditioning by its name.
public typealias PreconditionerName = TableName<PreconditionerTable>
