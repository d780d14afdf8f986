// A stand-in for CUDA's driver and NVRTC that runs the project's own kernels on the processor.
//
// Device memory is host memory, filled with NaN patterns and between guards; a launch runs the kernel's C++ thread by thread.
// The state is the process's own: tests that use it run one after another.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// The order in which the threads of a block take turns. A kernel that lacks a barrier gives other results in another order.
enum fr_thread_order { FR_THREADS_FORWARD, FR_THREADS_BACKWARD, FR_THREADS_SHUFFLED };

// Forgets every setting below, and every object that was left.
void fr_emulator_reset(void);
// The function of the driver or of NVRTC, or null: it has none of the name, or the name is hidden.
const void *fr_emulator_symbol(const char *name);
void fr_emulator_hide(const char *name);
void fr_emulator_set_thread_order(enum fr_thread_order order);
void fr_emulator_set_device_count(int count);
void fr_emulator_set_memory(unsigned long bytes);
// The call with this number, from 0 on since the reset, fails with the code instead of doing anything.
void fr_emulator_fail_call(int index, int code);
// Calls of any function since the reset.
int fr_emulator_calls(void);
// Allocations, modules, programs and retained contexts that nobody gave back.
int fr_emulator_live_objects(void);
// Writes outside an allocation, seen when it was freed, and threads that waited at a barrier for ever.
int fr_emulator_faults(void);

#ifdef __cplusplus
}
#endif
