#pragma once

struct Kernel {
    const char *name;
    // Calls the kernel for the thread whose turn it is, with the address of each argument.
    void (*run)(void **arguments);
};

// Null where there is none of the name.
const Kernel *find_kernel(const char *name);
