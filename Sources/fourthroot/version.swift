import GSLReference
import HDF5Store
import ImageFiles
import LinearAlgebra

/// The version of the program; part of every study's fingerprint.
let version = "0.2.0"

/// The version with those of the libraries and the BLAS kernel in use, which decide results' last digits and the speed.
var versionText: String {
    """
    fourthroot \(version)
    GSL \(GSLReference.version), HDF5 \(HDF5File.libraryVersion), \(OpenBLAS.configuration), core \(OpenBLAS.coreName), \
    \(ImageFormat.libraryVersions)
    """
}
