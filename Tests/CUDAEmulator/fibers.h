#pragma once
#include "include/cuda_emulator.h"
#include <functional>

// Runs a block of threads to their end; false where some wait at a barrier that the others never reach.
bool run_block(unsigned int threads, fr_thread_order order, const std::function<void()> &thread);
