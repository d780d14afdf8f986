// The functions of the driver and of NVRTC that the backend calls.
#include "include/cuda_emulator.h"
#include "device_code.h"
#include "fibers.h"
#include "kernels.h"
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

const size_t guard_size = 64;
const unsigned char guard_byte = 0xA5;

struct State {
    std::map<uint64_t, std::vector<unsigned char>> allocations;
    std::set<std::string> hidden;
    fr_thread_order order = FR_THREADS_FORWARD;
    int device_count = 1;
    size_t memory = 1ul << 30;
    size_t allocated = 0;
    int calls = 0, failing_call = -1, failing_code = 0;
    int contexts = 0, modules = 0, programs = 0, faults = 0;
};

State state;

enum : int { success = 0, invalid_value = 1, out_of_memory = 2, no_device = 100, invalid_device = 101, not_found = 500 };

// The code with which this call shall fail, or 0.
int begin_call() { return state.calls++ == state.failing_call ? state.failing_code : success; }

bool guards_hold(const std::vector<unsigned char> &memory) {
    for (size_t i = 0; i < guard_size; i++) {
        if (memory[i] != guard_byte || memory[memory.size() - 1 - i] != guard_byte) return false;
    }
    return true;
}

// Whether the range lies in one allocation.
bool holds(uint64_t address, size_t bytes) {
    auto next = state.allocations.upper_bound(address);
    if (next == state.allocations.begin()) return false;
    auto &[start, memory] = *--next;
    return address + bytes <= start + memory.size() - 2 * guard_size;
}

#define BEGIN if (int code = begin_call()) return code

int cuInit(unsigned int) { BEGIN; return success; }
int cuDriverGetVersion(int *version) { BEGIN; *version = 13000; return success; }
int cuDeviceGetCount(int *count) { BEGIN; *count = state.device_count; return success; }
int cuDeviceGet(int *device, int index) {
    BEGIN;
    if (index >= state.device_count) return invalid_device;
    *device = index;
    return success;
}
int cuDeviceGetName(char *name, int, int) { BEGIN; std::strcpy(name, "emulated device"); return success; }
int cuDeviceGetAttribute(int *value, int attribute, int) {
    BEGIN;
    *value = attribute == 75 ? 9 : attribute == 76 ? 0 : 1;
    return success;
}
int cuDevicePrimaryCtxRetain(void **context, int) { BEGIN; *context = &state; state.contexts++; return success; }
int cuDevicePrimaryCtxRelease_v2(int) { BEGIN; state.contexts--; return success; }
int cuCtxSetCurrent(void *) { BEGIN; return success; }
int cuCtxSynchronize() { BEGIN; return success; }
int cuMemGetInfo_v2(size_t *free, size_t *total) {
    BEGIN;
    *free = state.memory - state.allocated;
    *total = state.memory;
    return success;
}
int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
    BEGIN;
    if (bytes == 0) return invalid_value;
    if (bytes > state.memory - state.allocated) return out_of_memory;
    // 0xFF… is a NaN of every width: what is read before it is written shows.
    std::vector<unsigned char> memory(bytes + 2 * guard_size, 0xFF);
    std::fill_n(memory.begin(), guard_size, guard_byte);
    std::fill_n(memory.rbegin(), guard_size, guard_byte);
    *address = (uint64_t)memory.data() + guard_size;
    state.allocations[*address] = std::move(memory);
    state.allocated += bytes;
    return success;
}
int cuMemFree_v2(uint64_t address) {
    BEGIN;
    auto found = state.allocations.find(address);
    if (found == state.allocations.end()) return invalid_value;
    if (!guards_hold(found->second)) state.faults++;
    state.allocated -= found->second.size() - 2 * guard_size;
    state.allocations.erase(found);
    return success;
}
int cuMemcpyHtoD_v2(uint64_t target, const void *source, size_t bytes) {
    BEGIN;
    if (!holds(target, bytes)) return invalid_value;
    std::memcpy((void *)target, source, bytes);
    return success;
}
int cuMemcpyDtoH_v2(void *target, uint64_t source, size_t bytes) {
    BEGIN;
    if (!holds(source, bytes)) return invalid_value;
    std::memcpy(target, (const void *)source, bytes);
    return success;
}
int cuModuleLoadData(void **module, const void *) { BEGIN; *module = &state; state.modules++; return success; }
int cuModuleUnload(void *) { BEGIN; state.modules--; return success; }
int cuModuleGetFunction(const Kernel **function, void *, const char *name) {
    BEGIN;
    *function = find_kernel(name);
    return *function ? success : not_found;
}
int cuLaunchKernel(
    const Kernel *kernel, unsigned int blocks, unsigned int, unsigned int, unsigned int threads, unsigned int,
    unsigned int, unsigned int, void *, void **arguments, void **) {
    BEGIN;
    gridDim = {blocks, 1, 1};
    blockDim = {threads, 1, 1};
    for (unsigned int block = 0; block < blocks; block++) {
        blockIdx = {block, 0, 0};
        if (!run_block(threads, state.order, [=] { kernel->run(arguments); })) {
            state.faults++;
            return invalid_value;
        }
    }
    return success;
}
int cuGetErrorString(int, const char **text) { *text = "an emulated error"; return success; }

int nvrtcVersion(int *major, int *minor) { BEGIN; *major = 13; *minor = 0; return success; }
int nvrtcCreateProgram(void **program, const char *, const char *, int, void *, void *) {
    BEGIN;
    *program = &state;
    state.programs++;
    return success;
}
int nvrtcCompileProgram(void *, int, const char *const *) { BEGIN; return success; }
int nvrtcDestroyProgram(void **) { BEGIN; state.programs--; return success; }
int nvrtcGetProgramLogSize(void *, size_t *size) { BEGIN; *size = 1; return success; }
int nvrtcGetProgramLog(void *, char *log) { BEGIN; *log = 0; return success; }
int nvrtcGetCUBINSize(void *, size_t *size) { BEGIN; *size = 1; return success; }
int nvrtcGetCUBIN(void *, char *image) { BEGIN; *image = 0; return success; }
const char *nvrtcGetErrorString(int) { return "an emulated error of the compiler"; }

#define ENTRY(function) {#function, (const void *)function}
const std::map<std::string, const void *> functions = {
    ENTRY(cuInit), ENTRY(cuDriverGetVersion), ENTRY(cuDeviceGetCount), ENTRY(cuDeviceGet), ENTRY(cuDeviceGetName),
    ENTRY(cuDeviceGetAttribute), ENTRY(cuDevicePrimaryCtxRetain), ENTRY(cuDevicePrimaryCtxRelease_v2),
    ENTRY(cuCtxSetCurrent), ENTRY(cuCtxSynchronize), ENTRY(cuMemGetInfo_v2), ENTRY(cuMemAlloc_v2), ENTRY(cuMemFree_v2),
    ENTRY(cuMemcpyHtoD_v2), ENTRY(cuMemcpyDtoH_v2), ENTRY(cuModuleLoadData), ENTRY(cuModuleUnload),
    ENTRY(cuModuleGetFunction), ENTRY(cuLaunchKernel), ENTRY(cuGetErrorString), ENTRY(nvrtcVersion),
    ENTRY(nvrtcCreateProgram), ENTRY(nvrtcCompileProgram), ENTRY(nvrtcDestroyProgram), ENTRY(nvrtcGetProgramLogSize),
    ENTRY(nvrtcGetProgramLog), ENTRY(nvrtcGetCUBINSize), ENTRY(nvrtcGetCUBIN), ENTRY(nvrtcGetErrorString),
};

}

void fr_emulator_reset(void) { state = State(); }
const void *fr_emulator_symbol(const char *name) {
    auto found = functions.find(name);
    return found == functions.end() || state.hidden.count(name) ? nullptr : found->second;
}
void fr_emulator_hide(const char *name) { state.hidden.insert(name); }
void fr_emulator_set_thread_order(fr_thread_order order) { state.order = order; }
void fr_emulator_set_device_count(int count) { state.device_count = count; }
void fr_emulator_set_memory(unsigned long bytes) { state.memory = bytes; }
void fr_emulator_fail_call(int index, int code) { state.failing_call = index; state.failing_code = code; }
int fr_emulator_calls(void) { return state.calls; }
int fr_emulator_live_objects(void) {
    return (int)state.allocations.size() + state.contexts + state.modules + state.programs;
}
int fr_emulator_faults(void) { return state.faults; }
