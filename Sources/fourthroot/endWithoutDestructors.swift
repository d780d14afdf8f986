import Foundation

/// Lets the program end without the destructors of its libraries.
///
/// A study that fails ends while other cases may be inside a decomposition, which nothing interrupts. OpenBLAS's destructor
/// would take its table of kernels from under them. The handler runs after all that were registered later, HDF5's among them,
/// and before the destructors.
func endWithoutDestructors() {
    on_exit(
        { status, _ in
            fflush(nil)
            _exit(status)
        }, nil)
}
