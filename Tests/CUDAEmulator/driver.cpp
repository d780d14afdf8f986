// The functions of the driver that the backend calls.
#include "device.h"
#include "device_code.h"
#include "fibers.h"
#include "kernels.h"
#include <algorithm>
#include <cstring>

namespace {

// MARK: Devices and contexts

int cuInit(unsigned int) { BEGIN; return success; }
int cuDriverGetVersion(int *version) { BEGIN; *version = 13000; return success; }
int cuDeviceGetCount(int *count) { BEGIN; *count = device->device_count; return success; }
int cuDeviceGet(int *result, int index) {
    BEGIN;
    if (index >= device->device_count) return invalid_device;
    *result = index;
    return success;
}
int cuDeviceGetName(char *name, int, int) { BEGIN; std::strcpy(name, "emulated device"); return success; }
int cuDeviceGetAttribute(int *value, int attribute, int) {
    BEGIN;
    *value = attribute == 75 ? 9 : attribute == 76 ? 0 : 1;
    return success;
}
int cuDevicePrimaryCtxRetain(void **context, int) { BEGIN; *context = device; device->contexts++; return success; }
int cuDevicePrimaryCtxRelease_v2(int) { BEGIN; device->contexts--; return success; }
int cuCtxSetCurrent(void *) { BEGIN; return success; }
int cuCtxSynchronize() { BEGIN; return device->run_all(); }

// MARK: Streams and events

int cuStreamCreate(void **stream, unsigned int) {
    BEGIN;
    *stream = device->streams.add(std::make_shared<Stream>());
    return success;
}
int cuStreamDestroy_v2(void *stream) {
    BEGIN;
    auto found = device->streams.find(stream);
    if (!found) return invalid_handle;
    device->leaving.push_back(found);
    device->streams.remove(stream);
    return success;
}
int cuStreamSynchronize(void *stream) {
    BEGIN;
    if (!stream) return device->run_all();
    auto found = device->streams.find(stream);
    return found ? device->run(found) : invalid_handle;
}
int cuEventCreate(void **event, unsigned int) {
    BEGIN;
    *event = device->events.add(std::make_shared<Event>());
    return success;
}
int cuEventDestroy_v2(void *event) { BEGIN; return device->events.remove(event) ? success : invalid_handle; }
int cuEventRecord(void *event, void *stream) {
    BEGIN;
    auto found = device->events.find(event);
    auto recorded = device->streams.find(stream);
    if (!found || !recorded) return invalid_handle;
    found->last = std::make_shared<Mark>();
    found->last->stream = recorded;
    recorded->queue.push_back({nullptr, found->last, nullptr});
    return success;
}
int cuStreamWaitEvent(void *stream, void *event, unsigned int) {
    BEGIN;
    auto found = device->events.find(event);
    auto waiting = device->streams.find(stream);
    if (!found || !waiting) return invalid_handle;
    // An event that was never recorded is waited for by nobody.
    if (found->last) waiting->queue.push_back({nullptr, nullptr, found->last});
    return success;
}

// MARK: Memory

int cuMemGetInfo_v2(size_t *free, size_t *total) {
    BEGIN;
    *free = device->memory.capacity - device->memory.used;
    *total = device->memory.capacity;
    return success;
}
int cuDeviceGetDefaultMemPool(void **pool, int) { BEGIN; *pool = &device->memory; return success; }
int cuMemPoolSetAttribute(void *, int attribute, uint64_t *value) {
    BEGIN;
    switch (attribute) {
    case 4: device->release_threshold = *value; return success;
    // The highest marks can be set to 0 alone.
    case 6: case 8:
        if (*value != 0) return invalid_value;
        device->memory.highest_used = device->memory.used;
        return success;
    default: return invalid_value;
    }
}
int cuMemPoolGetAttribute(void *, int attribute, uint64_t *value) {
    BEGIN;
    switch (attribute) {
    case 4: *value = device->release_threshold; return success;
    case 5: *value = std::max<uint64_t>(device->memory.used, std::min<uint64_t>(device->memory.highest_used, device->release_threshold)); return success;
    case 6: case 8: *value = device->memory.highest_used; return success;
    case 7: *value = device->memory.used; return success;
    default: return invalid_value;
    }
}
int cuMemAllocAsync(uint64_t *address, size_t bytes, void *stream) {
    BEGIN;
    if (device->broken) return device->broken;
    if (bytes == 0) return invalid_value;
    if (!device->streams.find(stream)) return invalid_handle;
    uint64_t found = device->memory.allocate(bytes);
    if (!found) return out_of_memory;
    *address = found;
    return device->enqueue(stream, [=] { device->memory.open(found); return success; });
}
int cuMemFreeAsync(uint64_t address, void *stream) {
    BEGIN;
    if (!device->streams.find(stream)) return invalid_handle;
    if (!device->memory.give_back(address)) return invalid_value;
    return device->enqueue(stream, [=] {
        if (!device->check(address, 1, "a free")) return illegal_address;
        device->memory.close(address);
        return success;
    });
}
// The bytes are taken now: memory of the host that may be paged is copied before the call returns.
int cuMemcpyHtoDAsync_v2(uint64_t target, const void *source, size_t bytes, void *stream) {
    BEGIN;
    std::vector<unsigned char> taken((const unsigned char *)source, (const unsigned char *)source + bytes);
    return device->enqueue(stream, [=, taken = std::move(taken)] {
        if (!device->check(target, taken.size(), "a copy to the device")) return illegal_address;
        std::memcpy((void *)target, taken.data(), taken.size());
        return success;
    });
}
// Returns when the bytes are there, as it does for memory of the host that may be paged.
int cuMemcpyDtoHAsync_v2(void *target, uint64_t source, size_t bytes, void *stream) {
    BEGIN;
    int code = device->enqueue(stream, [=] {
        if (!device->check(source, bytes, "a copy to the host")) return illegal_address;
        std::memcpy(target, (const void *)source, bytes);
        return success;
    });
    return code || !stream ? code : device->run(device->streams.find(stream));
}
int cuMemcpyDtoDAsync_v2(uint64_t target, uint64_t source, size_t bytes, void *stream) {
    BEGIN;
    return device->enqueue(stream, [=] {
        if (!device->check(source, bytes, "a copy's source")) return illegal_address;
        if (!device->check(target, bytes, "a copy's target")) return illegal_address;
        std::memcpy((void *)target, (const void *)source, bytes);
        return success;
    });
}
int cuMemsetD8Async(uint64_t target, unsigned char value, size_t bytes, void *stream) {
    BEGIN;
    return device->enqueue(stream, [=] {
        if (!device->check(target, bytes, "a fill")) return illegal_address;
        std::memset((void *)target, value, bytes);
        return success;
    });
}

// MARK: Kernels

// What a module's image begins with, as the compiler of this emulator makes it; then a scalar's number and a source's name.
const std::string magic = "\177ELF emulated ";

int cuModuleLoadData(void **module, const void *image) {
    BEGIN;
    auto text = (const char *)image;
    if (std::strncmp(text, magic.c_str(), magic.size()) != 0) return invalid_image;
    auto loaded = std::make_shared<Module>();
    loaded->scalar = text[magic.size()] - '0';
    loaded->source = text + magic.size() + 1;
    *module = device->modules.add(loaded);
    return success;
}
int cuModuleUnload(void *module) { BEGIN; return device->modules.remove(module) ? success : invalid_handle; }
int cuModuleGetFunction(const Kernel **function, void *module, const char *name) {
    BEGIN;
    auto found = device->modules.find(module);
    if (!found) return invalid_handle;
    *function = find_kernel(found->source, name, found->scalar);
    return *function ? success : not_found;
}

int run(const Kernel *kernel, const Launch &launch, unsigned int blocks, unsigned int threads) {
    for (uint64_t pointer : launch.pointers) {
        // Null is what nothing has for an address.
        if (pointer && !device->check(pointer, 0, kernel->name)) return illegal_address;
    }
    gridDim = {blocks, 1, 1};
    blockDim = {threads, 1, 1};
    for (unsigned int turn = 0; turn < blocks; turn++) {
        blockIdx = {device->order == FR_THREADS_BACKWARD ? blocks - 1 - turn : turn, 0, 0};
        if (!run_block(threads, device->order, kernel->needs_fibers, launch.thread)) {
            device->fault(
                std::string(kernel->name)
                + (kernel->needs_fibers ? ": threads wait for ever" : ": threads wait, and the table of kernels says PLAIN"));
            return launch_failed;
        }
    }
    return success;
}

int cuLaunchKernel(
    const Kernel *kernel, unsigned int blocks, unsigned int blocks_y, unsigned int blocks_z, unsigned int threads,
    unsigned int threads_y, unsigned int threads_z, unsigned int shared_bytes, void *stream, void **arguments, void **) {
    BEGIN;
    bool is_row = blocks_y == 1 && blocks_z == 1 && threads_y == 1 && threads_z == 1;
    if (!is_row || blocks == 0 || blocks > 0x7fffffff || threads == 0 || threads > 1024 || shared_bytes > 0) return invalid_value;
    return device->enqueue(stream, [=, launch = kernel->bind(arguments)] { return run(kernel, launch, blocks, threads); });
}

int cuGetErrorString(int, const char **text) {
    std::lock_guard<std::mutex> hold(device_lock);
    *text = "an emulated error";
    return success;
}

// MARK: NVRTC

int nvrtcVersion(int *major, int *minor) { BEGIN; *major = 13; *minor = 0; return success; }
int nvrtcCreateProgram(void **program, const char *, const char *name, int, void *, void *) {
    BEGIN;
    auto made = std::make_shared<Module>();
    made->source = name;
    *program = device->programs.add(made);
    return success;
}
// The sources are compiled already, for both scalars: the options say which.
int nvrtcCompileProgram(void *program, int count, const char *const *options) {
    BEGIN;
    auto found = device->programs.find(program);
    if (!found) return 4;  // NVRTC_ERROR_INVALID_PROGRAM
    for (int i = 0; i < count; i++) {
        if (std::strcmp(options[i], "-DREAL=double") == 0) found->scalar = 1;
    }
    return success;
}
int nvrtcDestroyProgram(void **program) { BEGIN; return device->programs.remove(*program) ? success : 4; }
int nvrtcGetProgramLogSize(void *, size_t *size) { BEGIN; *size = 1; return success; }
int nvrtcGetProgramLog(void *, char *log) { BEGIN; *log = 0; return success; }
std::string image(void *program) {
    auto found = device->programs.find(program);
    return found ? magic + std::to_string(found->scalar) + found->source : "";
}
int nvrtcGetCUBINSize(void *program, size_t *size) { BEGIN; *size = image(program).size() + 1; return success; }
int nvrtcGetCUBIN(void *program, char *target) { BEGIN; std::strcpy(target, image(program).c_str()); return success; }
const char *nvrtcGetErrorString(int) { return "an emulated error of the compiler"; }

}

const std::vector<Symbol> driver_symbols = {
    SYMBOL(cuInit), SYMBOL(cuDriverGetVersion), SYMBOL(cuDeviceGetCount), SYMBOL(cuDeviceGet), SYMBOL(cuDeviceGetName),
    SYMBOL(cuDeviceGetAttribute), SYMBOL(cuDevicePrimaryCtxRetain), SYMBOL(cuDevicePrimaryCtxRelease_v2),
    SYMBOL(cuCtxSetCurrent), SYMBOL(cuCtxSynchronize), SYMBOL(cuStreamCreate), SYMBOL(cuStreamDestroy_v2),
    SYMBOL(cuStreamSynchronize), SYMBOL(cuEventCreate), SYMBOL(cuEventDestroy_v2), SYMBOL(cuEventRecord),
    SYMBOL(cuStreamWaitEvent), SYMBOL(cuMemGetInfo_v2), SYMBOL(cuDeviceGetDefaultMemPool), SYMBOL(cuMemPoolSetAttribute),
    SYMBOL(cuMemPoolGetAttribute), SYMBOL(cuMemAllocAsync), SYMBOL(cuMemFreeAsync), SYMBOL(cuMemcpyHtoDAsync_v2),
    SYMBOL(cuMemcpyDtoHAsync_v2), SYMBOL(cuMemcpyDtoDAsync_v2), SYMBOL(cuMemsetD8Async), SYMBOL(cuModuleLoadData),
    SYMBOL(cuModuleUnload), SYMBOL(cuModuleGetFunction), SYMBOL(cuLaunchKernel), SYMBOL(cuGetErrorString),
};

const std::vector<Symbol> compiler_symbols = {
    SYMBOL(nvrtcVersion), SYMBOL(nvrtcCreateProgram), SYMBOL(nvrtcCompileProgram), SYMBOL(nvrtcDestroyProgram),
    SYMBOL(nvrtcGetProgramLogSize), SYMBOL(nvrtcGetProgramLog), SYMBOL(nvrtcGetCUBINSize), SYMBOL(nvrtcGetCUBIN),
    SYMBOL(nvrtcGetErrorString),
};
