#include "fibers.h"
#include "device_code.h"
#include <algorithm>
#include <memory>
#include <numeric>
#include <ucontext.h>
#include <vector>

Index3 threadIdx, blockIdx, blockDim, gridDim;

// Where the kernels' shared memory begins and ends, by the linker; null where no kernel has any.
extern "C" {
extern char __start_fr_shared[] __attribute__((weak));
extern char __stop_fr_shared[] __attribute__((weak));
}

// The address sanitizer follows swapcontext alone; elsewhere the signal mask that it saves and sets by two system calls would take most
// of the time.
#if defined(__x86_64__) && !__has_feature(address_sanitizer)
#define EXCHANGES_STACKS
// Leaves a stack, with what a function keeps for its caller on top of it, and goes on where another one was left.
extern "C" __attribute__((visibility("hidden"))) void fr_exchange_stacks(void **from, void *to);
asm(R"(
    .text
    .type fr_exchange_stacks, @function
fr_exchange_stacks:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size fr_exchange_stacks, . - fr_exchange_stacks
)");
#endif

namespace {

const size_t stack_size = 64 << 10;

enum class Turn { ready, waits_for_block, waits_for_warp, ended };

// A place to go on from.
#ifdef EXCHANGES_STACKS
using Place = void *;

void go(Place &from, Place &to) { fr_exchange_stacks(&from, to); }

void begin(Place &place, char *stack, void (*function)()) {
    // A function begins 8 bytes before a multiple of 16, as if it had been called from there.
    auto top = (void **)((uintptr_t)(stack + stack_size) & ~(uintptr_t)15) - 2;
    *top = (void *)function;
    place = top - 6;
    std::fill((void **)place, top, nullptr);
}
#else
using Place = ucontext_t;

void go(Place &from, Place &to) { swapcontext(&from, &to); }

void begin(Place &place, char *stack, void (*function)()) {
    getcontext(&place);
    place.uc_stack.ss_sp = stack;
    place.uc_stack.ss_size = stack_size;
    place.uc_link = nullptr;
    makecontext(&place, function, 0);
}
#endif

// A fiber lives on from block to block, each time with the next body.
struct Fiber {
    Place place;
    std::unique_ptr<char[]> stack{new char[stack_size]};
    Turn turn = Turn::ended;
    bool has_begun = false;
    // What this thread offers to the others of its warp: one of two in turn, so that the next offer does not overwrite what
    // others have still to read.
    uint64_t offered[2] = {0, 0};
    unsigned int offers = 0;
};

std::vector<std::unique_ptr<Fiber>> fibers;
Place scheduler;
size_t current, thread_count;
bool has_fibers, waited_without_fibers;
const std::function<void()> *body;

void enter() {
    for (;;) {
        (*body)();
        Fiber &own = *fibers[current];
        own.turn = Turn::ended;
        go(own.place, scheduler);
    }
}

void wait(Turn turn) {
    if (!has_fibers) {
        waited_without_fibers = true;
        return;
    }
    Fiber &own = *fibers[current];
    own.turn = turn;
    go(own.place, scheduler);
}

// Whether every thread of the range that has not ended waits so; then all of them go on.
bool release(size_t begin, size_t end, Turn turn) {
    bool any = false;
    for (size_t i = begin; i < end; i++) {
        if (fibers[i]->turn == Turn::ended) continue;
        if (fibers[i]->turn != turn) return false;
        any = true;
    }
    for (size_t i = begin; any && i < end; i++) {
        if (fibers[i]->turn == turn) fibers[i]->turn = Turn::ready;
    }
    return any;
}

// The threads in the order of their turns.
const std::vector<unsigned int> &turns(unsigned int threads, fr_thread_order order) {
    static std::vector<unsigned int> result;
    static fr_thread_order made;
    if (result.size() == threads && made == order) return result;
    made = order;
    result.resize(threads);
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

bool run_plain(const std::vector<unsigned int> &order) {
    waited_without_fibers = false;
    for (unsigned int index : order) {
        threadIdx.x = index;
        (*body)();
    }
    return !waited_without_fibers;
}

bool run_fibers(const std::vector<unsigned int> &order) {
    if (__start_fr_shared) std::memset(__start_fr_shared, 0xFF, __stop_fr_shared - __start_fr_shared);
    while (fibers.size() < thread_count) fibers.push_back(std::make_unique<Fiber>());
    for (size_t i = 0; i < thread_count; i++) {
        if (!fibers[i]->has_begun) begin(fibers[i]->place, fibers[i]->stack.get(), enter);
        fibers[i]->has_begun = true;
        fibers[i]->turn = Turn::ready;
        fibers[i]->offers = 0;
    }
    for (;;) {
        bool progress = false, alive = false;
        for (unsigned int index : order) {
            if (fibers[index]->turn != Turn::ready) continue;
            current = index;
            threadIdx.x = index;
            go(scheduler, fibers[index]->place);
            progress = true;
        }
        for (size_t warp = 0; warp < thread_count; warp += 32) {
            progress |= release(warp, std::min<size_t>(warp + 32, thread_count), Turn::waits_for_warp);
        }
        progress |= release(0, thread_count, Turn::waits_for_block);
        for (size_t i = 0; i < thread_count; i++) alive |= fibers[i]->turn != Turn::ended;
        if (!alive) return true;
        if (!progress) break;
    }
    // Those that wait for ever are abandoned where they are.
    for (size_t i = 0; i < thread_count; i++) fibers[i]->has_begun &= fibers[i]->turn == Turn::ended;
    return false;
}

}

void wait_for_block() { wait(Turn::waits_for_block); }
void wait_for_warp() { wait(Turn::waits_for_warp); }

uint64_t exchange_in_warp(uint64_t value, unsigned int partner) {
    if (!has_fibers) {
        waited_without_fibers = true;
        return value;
    }
    Fiber &own = *fibers[current];
    unsigned int slot = own.offers++ % 2;
    size_t other = current / 32 * 32 + partner;
    own.offered[slot] = value;
    wait(Turn::waits_for_warp);
    // One that has ended before has offered less often; one that has gone on since cannot have come to this slot again.
    return other < thread_count && fibers[other]->offers >= own.offers ? fibers[other]->offered[slot] : ~0ull;
}

bool run_block(unsigned int threads, fr_thread_order order, bool with_fibers, const std::function<void()> &thread) {
    body = &thread;
    thread_count = threads;
    has_fibers = with_fibers;
    const std::vector<unsigned int> &order_of_turns = turns(threads, order);
    return with_fibers ? run_fibers(order_of_turns) : run_plain(order_of_turns);
}
