import ArgumentParser
import MatrixSources

/// What every argument says that names a file of matrices.
let sourceHelp = ArgumentHelp("\(SourceFormat.names) file, told by its first bytes.", valueName: "input")

let hdf5Completion = CompletionKind.file(extensions: ["h5", "hdf5"])

let sourceCompletion = CompletionKind.file(extensions: SourceFormat.fileExtensions)
