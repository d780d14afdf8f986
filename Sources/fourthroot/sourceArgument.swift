import ArgumentParser

/// What every argument says that names a file of matrices.
let sourceHelp = ArgumentHelp("HDF5, safetensors, npz or npy file, told by its first bytes.", valueName: "input")

let sourceCompletion = CompletionKind.file(extensions: ["h5", "hdf5", "safetensors", "npz", "npy"])
