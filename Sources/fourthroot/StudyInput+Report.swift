import MatrixStudy

extension StudyInput {
    /// Says what of the files is not studied: errors always, notes where they are wanted.
    func report(notes wantsNotes: Bool = true) {
        for file in files {
            for rejected in file.rejected { Terminal.report("error", "\(rejected)") }
        }
        guard wantsNotes else { return }
        for (note, places) in files.flatMap({ file in file.notes.map { (note: $0, path: file.source.path) } }).grouped(
            by: \.note)
        {
            let others = places.count > 1 ? " and \(counted(places.count - 1, "other file"))" : ""
            Terminal.report("note", "\(places[0].path)\(others): \(note)")
        }
    }
}
