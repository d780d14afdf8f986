import CKernels

/// How this process treats the memory of tensors.
public enum ProcessMemory {
    /// Has freed memory kept for the next tensor. Returned to the system, as the C library does with large blocks, it comes
    /// back in zeroed pages, one fault each: about an eighth of a training step.
    ///
    /// The setting is the process's and is made once, before training; without glibc it does nothing.
    public static func keepFreed() { fr_keep_freed_memory() }
}
