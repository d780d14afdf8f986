// The emulated device: its memory, its streams, and the objects that calls make.
#pragma once
#include "include/cuda_emulator.h"
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

// CUresult.
enum : int {
    success = 0, invalid_value = 1, out_of_memory = 2, no_device = 100, invalid_device = 101, invalid_image = 200,
    invalid_handle = 400, not_found = 500, illegal_address = 700, launch_failed = 719
};

// Objects by their handles, which are never given twice: one that was destroyed is known to be so.
template <typename Object>
class Handles {
public:
    void *add(std::shared_ptr<Object> object) {
        next += 16;
        objects[next] = std::move(object);
        return (void *)next;
    }
    std::shared_ptr<Object> find(const void *handle) const {
        auto found = objects.find((uintptr_t)handle);
        return found == objects.end() ? nullptr : found->second;
    }
    bool remove(const void *handle) { return objects.erase((uintptr_t)handle) > 0; }
    int count() const { return (int)objects.size(); }
    const std::map<uintptr_t, std::shared_ptr<Object>> &all() const { return objects; }

private:
    static inline uintptr_t next = 0x10000;
    std::map<uintptr_t, std::shared_ptr<Object>> objects;
};

struct Stream;

// A place in a stream's order.
struct Mark {
    std::weak_ptr<Stream> stream;
    bool is_reached = false;
};

// One thing that a stream has to do: work that returns a CUresult, a mark to set, or a mark to wait for.
struct Operation {
    std::function<int()> work;
    std::shared_ptr<Mark> reaches, awaits;
};

struct Stream {
    std::deque<Operation> queue;
};

struct Event {
    std::shared_ptr<Mark> last;
};

// Device memory: pieces of host memory between guards.
class Memory {
public:
    ~Memory();
    size_t capacity = 1ul << 30;
    size_t used = 0, highest_used = 0;

    // 0 where there is none left. It may be used from `open` on and until `close`.
    uint64_t allocate(size_t bytes);
    void open(uint64_t address);
    // Whether the address is a piece that nobody has given back: it is given back now, in the order of calls.
    bool give_back(uint64_t address);
    // Poisons what was given back, in the order of a stream.
    void close(uint64_t address);
    // Whether the range lies in one piece that may be used now.
    bool holds(uint64_t address, size_t bytes) const;
    // Pieces that nobody gave back.
    int live_count() const;
    // Whether all guards and all that was given back are as they were left.
    bool is_intact() const;

private:
    struct Piece {
        unsigned char *storage;
        size_t bytes;
        bool is_open = false, is_given_back = false;
    };
    std::map<uint64_t, Piece> pieces;
    // What was closed, oldest first; kept for a while, so that a late use shows.
    std::deque<Piece> closed;
    size_t closed_bytes = 0;
    bool was_damaged = false;

    static bool guards_hold(const Piece &piece);
    static bool is_poisoned(const Piece &piece);
    void drop_oldest();
};

struct Module {
    std::string source;
    // 0 for float, 1 for double.
    int scalar = 0;
};

struct Handle {
    void *stream = nullptr;
    uint64_t workspace = 0;
    size_t workspace_bytes = 0;
};

// cuDNN's descriptions.
enum class Described { tensor, filter, convolution };

struct Descriptor {
    Described kind;
    int type = -1, layout = -1, math = 0;
    // As they were set, in the order of the arguments.
    std::vector<int> values;
};

struct Device {
    Memory memory;
    Handles<Stream> streams;
    Handles<Event> events;
    Handles<Module> programs, modules;
    Handles<Handle> products, decompositions, parameters, convolutions;
    Handles<Descriptor> descriptors;
    // Streams that were destroyed before their work was done.
    std::vector<std::shared_ptr<Stream>> leaving;
    std::set<std::string> hidden;
    std::map<std::string, int> calls_by_name;
    fr_thread_order order = FR_THREADS_FORWARD;
    size_t batch_workspace = 0;
    int device_count = 1, contexts = 0;
    int calls = 0, failing_call = -1, failing_call_code = 0;
    int works = 0, failing_work = -1, failing_work_code = 0;
    // What work has failed with: the context is of no more use.
    int broken = success;
    int faults = 0;
    std::string last_fault;
    uint64_t release_threshold = 0;

    ~Device();

    // Counts a call, and returns the code with which it shall fail, or 0.
    int begin_call(const char *name);
    void fault(const std::string &text) { faults++; last_fault = text; }
    // Queues work of a stream; work of the default stream is done at once, behind all others'.
    int enqueue(void *stream, std::function<int()> work);
    // Does what a stream has to do, up to a mark, or all of it; returns what has failed.
    int run(const std::shared_ptr<Stream> &stream, const std::shared_ptr<Mark> &goal = nullptr);
    int run_all();
    // A fault with the code of an illegal address unless the range may be used now.
    bool check(uint64_t address, size_t bytes, const char *what);
};

extern Device *device;
extern std::mutex device_lock;

// What every function of a library begins with.
#define BEGIN                                                                                                                  \
    std::lock_guard<std::mutex> hold(device_lock);                                                                             \
    if (int code = device->begin_call(__func__)) return code

struct Symbol {
    const char *name;
    const void *function;
};
#define SYMBOL(function) {#function, (const void *)function}

// The functions of each library.
extern const std::vector<Symbol> driver_symbols, compiler_symbols, product_symbols, decomposition_symbols, convolution_symbols;
