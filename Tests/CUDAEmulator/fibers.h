#pragma once
#include "include/cuda_emulator.h"
#include <functional>

// Runs a block of threads to their end; false where some wait at a barrier that the others never reach.
//
// With fibers each thread runs until it waits, then the next has its turn. Without them each runs to its end, much faster, and
// one that waits is told to be wrong.
bool run_block(unsigned int threads, fr_thread_order order, bool with_fibers, const std::function<void()> &thread);
