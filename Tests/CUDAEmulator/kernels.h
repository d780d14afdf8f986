#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

// A kernel with its arguments, as they were when it was launched.
struct Launch {
    // Runs it for the thread whose turn it is.
    std::function<void()> thread;
    // The arguments that are addresses.
    std::vector<uint64_t> pointers;
};

struct Kernel {
    const char *source;
    const char *name;
    // Whether its threads wait for one another.
    bool needs_fibers;
    // Takes the address of each argument.
    Launch (*bind)(void **arguments);
};

// Null where there is none of the name.
const Kernel *find_kernel(const std::string &source, const char *name, int scalar);
const Kernel *kernel_at(int index);
