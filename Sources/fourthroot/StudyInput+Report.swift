import MatrixStudy

extension StudyInput {
    /// Says what of a file is not studied: errors always, notes where they are wanted.
    func report(notes wantsNotes: Bool = true) {
        for rejected in rejected { Terminal.report("error", "\(rejected)") }
        if wantsNotes { for note in notes { Terminal.report("note", "\(path): \(note)") } }
    }
}
