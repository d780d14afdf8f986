// The threads of a block as fibers: each runs until it waits at a barrier, then the next has its turn.
#include "fibers.h"
#include "device_code.h"
#include <algorithm>
#include <numeric>
#include <ucontext.h>
#include <vector>

Index3 threadIdx, blockIdx, blockDim, gridDim;

namespace {

enum class Turn { ready, waits_for_block, waits_for_warp, ended };

struct Fiber {
    ucontext_t context;
    std::vector<char> stack = std::vector<char>(64 << 10);
    Turn turn = Turn::ready;
    unsigned int exchanged = 0;
};

std::vector<Fiber> fibers;
ucontext_t scheduler;
size_t current;
const std::function<void()> *body;

void enter() {
    (*body)();
    fibers[current].turn = Turn::ended;
    swapcontext(&fibers[current].context, &scheduler);
}

void wait(Turn turn) {
    size_t self = current;
    fibers[self].turn = turn;
    swapcontext(&fibers[self].context, &scheduler);
}

// Whether every thread of the range that has not ended waits so; then all of them go on.
bool release(size_t begin, size_t end, Turn turn) {
    bool any = false;
    for (size_t i = begin; i < end; i++) {
        if (fibers[i].turn == Turn::ended) continue;
        if (fibers[i].turn != turn) return false;
        any = true;
    }
    for (size_t i = begin; any && i < end; i++) {
        if (fibers[i].turn == turn) fibers[i].turn = Turn::ready;
    }
    return any;
}

std::vector<size_t> turns(size_t threads, fr_thread_order order) {
    std::vector<size_t> result(threads);
    std::iota(result.begin(), result.end(), 0);
    if (order == FR_THREADS_BACKWARD) std::reverse(result.begin(), result.end());
    if (order == FR_THREADS_SHUFFLED) {
        uint32_t state = 12345;
        for (size_t i = threads; i > 1; i--) {
            state = state * 1664525u + 1013904223u;
            std::swap(result[i - 1], result[(state >> 8) % i]);
        }
    }
    return result;
}

}

void wait_for_block() { wait(Turn::waits_for_block); }

unsigned int exchange_in_warp(unsigned int value, unsigned int partner) {
    size_t self = current, warp = self / 32 * 32;
    fibers[self].exchanged = value;
    wait(Turn::waits_for_warp);
    unsigned int result = fibers[warp + partner].exchanged;
    // Nobody may offer the next value before all have read this one.
    wait(Turn::waits_for_warp);
    return result;
}

bool run_block(unsigned int threads, fr_thread_order order, const std::function<void()> &thread) {
    if (fibers.size() < threads) fibers.resize(threads);
    body = &thread;
    for (size_t i = 0; i < threads; i++) {
        Fiber &fiber = fibers[i];
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.data();
        fiber.context.uc_stack.ss_size = fiber.stack.size();
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, enter, 0);
        fiber.turn = Turn::ready;
    }
    std::vector<size_t> order_of_turns = turns(threads, order);
    for (;;) {
        bool progress = false, alive = false;
        for (size_t i : order_of_turns) {
            if (fibers[i].turn != Turn::ready) continue;
            current = i;
            threadIdx.x = (unsigned int)i;
            swapcontext(&scheduler, &fibers[i].context);
            progress = true;
        }
        for (size_t warp = 0; warp < threads; warp += 32) {
            progress |= release(warp, std::min<size_t>(warp + 32, threads), Turn::waits_for_warp);
        }
        progress |= release(0, threads, Turn::waits_for_block);
        for (size_t i = 0; i < threads; i++) alive |= fibers[i].turn != Turn::ended;
        if (!alive) return true;
        if (!progress) return false;
    }
}
