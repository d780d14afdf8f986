import MatrixCore

/// The first-order rules: a rule is its file and its line here.
public enum FirstOrderTable: NameTable {
    private static let methods: [any FirstOrderMethod.Type] = [
        SGDMMethod.self,
        AdamWMethod.self,
        NadamWMethod.self,
        AdagradMethod.self,
        LARSMethod.self,
        MuonMethod.self,
        ScheduleFreeSGDMethod.self,
        ScheduleFreeAdamWMethod.self,
        AdamW8BitMethod.self,
    ]

    public static var entries: [(name: String, definition: any FirstOrderMethod.Type)] { methods.map { ($0.name, $0) } }
}

/// A first-order rule by its name.
public typealias FirstOrderName = TableName<FirstOrderTable>
