// For `Tests/Tools/sanitize thread`: takes contended `Mutex`es of Swift's Synchronization module where it can see it.
//
// The fast path of Mutex.withLock is compiled into the code that uses it, and seen. The slow one, for a mutex that somebody
// holds, stands in a library that isn't instrumented: whoever got a mutex that way seems to hold nothing, and what it reads
// there is reported as a race. Preloaded, this stands before the library's: it tries the fast path until it comes through,
// and says so to the sanitizer. The unlock is a fast path then as well, since nobody sleeps in the kernel.
//
// The mutex holds 0 or the id of the thread that has it, as in Swift 6.3 on Linux (Mutex/LinuxImpl.swift). Where a
// later Swift has another, its symbol isn't this one, and the reports come back.
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

// The sanitizer's, in the program that is run under it.
__attribute__((weak)) void __tsan_acquire(void *address);

// Synchronization._MutexHandle._lockSlow(Swift.UInt32) -> ()
__attribute__((swiftcall)) void steelyard_lock_slow(
    uint32_t thread, __attribute__((swift_context)) _Atomic(uint32_t) *owner
) __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");

__attribute__((swiftcall)) void steelyard_lock_slow(
    uint32_t thread, __attribute__((swift_context)) _Atomic(uint32_t) *owner
) {
    for (;;) {
        uint32_t nobody = 0;
        if (atomic_compare_exchange_weak_explicit(
                owner, &nobody, thread, memory_order_acquire, memory_order_relaxed)) break;
        sched_yield();
    }
    if (__tsan_acquire) __tsan_acquire(owner);
}
