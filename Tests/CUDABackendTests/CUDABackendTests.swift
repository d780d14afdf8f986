import Testing

/// All tests over the emulator, whose state is the process's: one after another.
@Suite(.serialized) enum CUDABackendTests {}
