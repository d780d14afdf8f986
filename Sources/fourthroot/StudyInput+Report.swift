import MatrixStudy

extension StudyInput {
    /// Says what of the files is not studied: errors always, notes where they are wanted.
    func report(notes wantsNotes: Bool = true) {
        for file in files {
            for rejected in file.rejected { Terminal.report("error", "\(rejected)") }
            if wantsNotes { for note in file.notes { Terminal.report("note", "\(file.source.path): \(note)") } }
        }
    }
}
