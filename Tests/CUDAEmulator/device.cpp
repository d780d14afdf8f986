#include "device.h"
#include "kernels.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
// The address sanitizer names the line of a kernel that reads or writes guards or memory that was given back.
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define FORBID(start, bytes) __asan_poison_memory_region(start, bytes)
#define ALLOW(start, bytes) __asan_unpoison_memory_region(start, bytes)
#define IS_SANITIZED true
#else
#define FORBID(start, bytes)
#define ALLOW(start, bytes)
#define IS_SANITIZED false
#endif

Device *device = new Device;
std::mutex device_lock;

namespace {

// As aligned as the driver's, so that the first guard is as long.
const size_t guard_size = 256;
const unsigned char guard_byte = 0xA5;
// A NaN of every width: what is read before it is written shows.
const unsigned char poison = 0xFF;
// Of memory that was given back and is still watched.
const size_t watched_bytes = 64 << 20;

bool is_filled(const unsigned char *bytes, size_t count, unsigned char value) {
    return count == 0 || (bytes[0] == value && std::memcmp(bytes, bytes + 1, count - 1) == 0);
}

}

// MARK: Memory

uint64_t Memory::allocate(size_t bytes) {
    if (bytes > capacity - used) return 0;
    size_t whole = (bytes + 2 * guard_size + guard_size - 1) / guard_size * guard_size;
    auto storage = (unsigned char *)std::aligned_alloc(guard_size, whole);
    std::memset(storage, guard_byte, guard_size);
    std::memset(storage + guard_size, poison, bytes);
    std::memset(storage + guard_size + bytes, guard_byte, guard_size);
    FORBID(storage, whole);
    uint64_t address = (uint64_t)storage + guard_size;
    pieces[address] = {storage, bytes};
    used += bytes;
    highest_used = std::max(highest_used, used);
    return address;
}

void Memory::open(uint64_t address) {
    Piece &piece = pieces.at(address);
    piece.is_open = true;
    ALLOW(piece.storage + guard_size, piece.bytes);
}

bool Memory::give_back(uint64_t address) {
    auto found = pieces.find(address);
    if (found == pieces.end() || found->second.is_given_back) return false;
    found->second.is_given_back = true;
    used -= found->second.bytes;
    return true;
}

void Memory::close(uint64_t address) {
    auto found = pieces.find(address);
    Piece piece = found->second;
    pieces.erase(found);
    ALLOW(piece.storage, piece.bytes + 2 * guard_size);
    if (!guards_hold(piece)) was_damaged = true;
    std::memset(piece.storage + guard_size, poison, piece.bytes);
    FORBID(piece.storage, piece.bytes + 2 * guard_size);
    closed.push_back(piece);
    closed_bytes += piece.bytes;
    while (closed_bytes > watched_bytes) drop_oldest();
}

void Memory::drop_oldest() {
    Piece piece = closed.front();
    closed.pop_front();
    closed_bytes -= piece.bytes;
    ALLOW(piece.storage, piece.bytes + 2 * guard_size);
    if (!guards_hold(piece) || !is_poisoned(piece)) was_damaged = true;
    std::free(piece.storage);
}

Memory::~Memory() {
    for (auto &[address, piece] : pieces) std::free(piece.storage);
    for (Piece &piece : closed) std::free(piece.storage);
}

bool Memory::holds(uint64_t address, size_t bytes) const {
    auto next = pieces.upper_bound(address);
    if (next == pieces.begin()) return false;
    auto &[start, piece] = *--next;
    return piece.is_open && address + bytes <= start + piece.bytes;
}

int Memory::live_count() const {
    return (int)std::count_if(pieces.begin(), pieces.end(), [](auto &entry) { return !entry.second.is_given_back; });
}

bool Memory::guards_hold(const Piece &piece) {
    return is_filled(piece.storage, guard_size, guard_byte)
        && is_filled(piece.storage + guard_size + piece.bytes, guard_size, guard_byte);
}

bool Memory::is_poisoned(const Piece &piece) { return is_filled(piece.storage + guard_size, piece.bytes, poison); }

bool Memory::is_intact() const {
    if (was_damaged || IS_SANITIZED) return !was_damaged;
    return std::all_of(pieces.begin(), pieces.end(), [](auto &entry) { return guards_hold(entry.second); })
        && std::all_of(closed.begin(), closed.end(), [](auto &piece) { return guards_hold(piece) && is_poisoned(piece); });
}

// MARK: Streams

Device::~Device() {
    // Work holds what it needs, marks among it.
    for (auto &[handle, stream] : streams.all()) stream->queue.clear();
    for (auto &stream : leaving) stream->queue.clear();
}

int Device::begin_call(const char *name) {
    calls_by_name[name]++;
    return calls++ == failing_call ? failing_call_code : success;
}

int Device::enqueue(void *handle, std::function<int()> work) {
    if (broken) return broken;
    int number = works++;
    auto counted = [this, number, work = std::move(work)] { return number == failing_work ? failing_work_code : work(); };
    if (!handle) {
        run_all();
        if (!broken) broken = counted();
        return broken;
    }
    auto stream = streams.find(handle);
    if (!stream) return invalid_handle;
    stream->queue.push_back({std::move(counted), nullptr, nullptr});
    return success;
}

int Device::run(const std::shared_ptr<Stream> &stream, const std::shared_ptr<Mark> &goal) {
    // A stream that waits for another one's mark lets that one run up to it first. Marks are older than what waits for them, so
    // there are no circles.
    std::vector<std::pair<std::shared_ptr<Stream>, std::shared_ptr<Mark>>> levels = {{stream, goal}};
    while (!levels.empty()) {
        auto [current, mark] = levels.back();
        if (current->queue.empty() || (mark && mark->is_reached)) {
            levels.pop_back();
            continue;
        }
        std::shared_ptr<Mark> awaited = current->queue.front().awaits;
        std::shared_ptr<Stream> other = awaited && !awaited->is_reached ? awaited->stream.lock() : nullptr;
        if (other) {
            levels.push_back({other, awaited});
            continue;
        }
        Operation operation = std::move(current->queue.front());
        current->queue.pop_front();
        if (operation.reaches) operation.reaches->is_reached = true;
        // After a failure of the device nothing more is done.
        if (operation.work && !broken) broken = operation.work();
    }
    return broken;
}

int Device::run_all() {
    for (auto &[handle, stream] : streams.all()) run(stream);
    for (auto &stream : leaving) run(stream);
    leaving.clear();
    return broken;
}

bool Device::check(uint64_t address, size_t bytes, const char *what) {
    if (memory.holds(address, bytes)) return true;
    fault(std::string(what) + " uses memory that is not its own, or not yet, or no more");
    return false;
}

// MARK: The emulator's own functions

void fr_emulator_reset(void) {
    std::lock_guard<std::mutex> hold(device_lock);
    delete device;
    device = new Device;
}

const void *fr_emulator_symbol(const char *name) {
    std::lock_guard<std::mutex> hold(device_lock);
    if (device->hidden.count(name)) return nullptr;
    for (const std::vector<Symbol> *library :
         {&driver_symbols, &compiler_symbols, &product_symbols, &decomposition_symbols, &convolution_symbols}) {
        for (const Symbol &symbol : *library) {
            if (std::strcmp(symbol.name, name) == 0) return symbol.function;
        }
    }
    return nullptr;
}

#define LOCKED std::lock_guard<std::mutex> hold(device_lock)

void fr_emulator_hide(const char *name) { LOCKED; device->hidden.insert(name); }
void fr_emulator_set_thread_order(fr_thread_order order) { LOCKED; device->order = order; }
void fr_emulator_set_device_count(int count) { LOCKED; device->device_count = count; }
void fr_emulator_set_memory(unsigned long bytes) { LOCKED; device->memory.capacity = bytes; }
void fr_emulator_set_batch_workspace(unsigned long bytes) { LOCKED; device->batch_workspace = bytes; }
void fr_emulator_fail_call(int index, int code) {
    LOCKED;
    device->failing_call = index;
    device->failing_call_code = code;
}
void fr_emulator_fail_work(int index, int code) {
    LOCKED;
    device->failing_work = index;
    device->failing_work_code = code;
}
int fr_emulator_calls(void) { LOCKED; return device->calls; }
int fr_emulator_calls_of(const char *name) { LOCKED; return device->calls_by_name[name]; }
int fr_emulator_work(void) { LOCKED; return device->works; }
int fr_emulator_live_objects(void) {
    LOCKED;
    return device->memory.live_count() + device->streams.count() + device->events.count() + device->programs.count()
        + device->modules.count() + device->products.count() + device->decompositions.count() + device->parameters.count()
        + device->convolutions.count() + device->descriptors.count() + device->contexts;
}
int fr_emulator_faults(void) {
    LOCKED;
    if (device->memory.is_intact()) return device->faults;
    device->last_fault = "memory was written outside of a piece of it, or after it was given back";
    return device->faults + 1;
}
const char *fr_emulator_last_fault(void) {
    LOCKED;
    static std::string text;
    text = device->last_fault;
    return text.c_str();
}
int fr_emulator_is_sanitized(void) { return IS_SANITIZED; }
const char *fr_emulator_kernel(int index) {
    LOCKED;
    static std::string text;
    const Kernel *kernel = kernel_at(index);
    if (!kernel) return nullptr;
    text = std::string(kernel->source) + ":" + kernel->name;
    return text.c_str();
}
