// A stand-in for CUDA's driver, NVRTC, cuBLAS, cuSOLVER and cuDNN that runs the project's own kernels on the processor.
//
// Device memory is host memory between guards, a NaN of every width until it is written and again when it is given back. What is
// asked of a stream is queued, and done only when somebody waits for it: where an event is missing between two streams, or memory
// is used after it was given back, the numbers show it. A launch runs the kernel's own C++, thread by thread.
// The state is the process's: tests that use it run one after another. Calls may come from several threads at once.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// The order in which the threads of a block take turns. A kernel that lacks a barrier gives other results in another order.
enum fr_thread_order { FR_THREADS_FORWARD, FR_THREADS_BACKWARD, FR_THREADS_SHUFFLED };

// Forgets every setting below, and every object that was left.
void fr_emulator_reset(void);
// The function of one of the libraries, or null: there is none of the name, or the name is hidden.
const void *fr_emulator_symbol(const char *name);
void fr_emulator_hide(const char *name);
void fr_emulator_set_thread_order(enum fr_thread_order order);
void fr_emulator_set_device_count(int count);
void fr_emulator_set_memory(unsigned long bytes);
// The most bytes that cuSOLVER's batched eigenvalue solver asks for one matrix of a batch, beside what it needs; 0 at first.
void fr_emulator_set_batch_workspace(unsigned long bytes);
// The call with this number, from 0 on since the reset, fails with the code instead of doing anything.
void fr_emulator_fail_call(int index, int code);
// The piece of queued work with this number, from 0 on since the reset, fails with the code when it is run; as on a device, every
// later call of the driver that needs the context fails with it, too.
void fr_emulator_fail_work(int index, int code);
// Calls of any function since the reset.
int fr_emulator_calls(void);
// Calls of one function since the reset.
int fr_emulator_calls_of(const char *name);
// Pieces of work that were queued since the reset.
int fr_emulator_work(void);
// Allocations, streams, events, modules, programs, handles, descriptors and retained contexts that nobody gave back.
int fr_emulator_live_objects(void);
// Writes outside an allocation or after it was given back, memory that work used while it was not its own, and threads that wait
// at a barrier for ever.
int fr_emulator_faults(void);
// What the last fault was, "" where there was none.
const char *fr_emulator_last_fault(void);
// Whether this was compiled with the address sanitizer, which ends the process where it sees a fault.
int fr_emulator_is_sanitized(void);
// The kernels that can be launched, by number: "file.cu:name", null behind the last one.
const char *fr_emulator_kernel(int index);

#ifdef __cplusplus
}
#endif
