// The few loops that Swift cannot express well. Each has a Swift twin that a test compares.
#ifndef KITH_CKERNELS_H
#define KITH_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `length` bytes, continuing from `crc` (0 to begin). Uses the SSE 4.2
// instruction where the processor has it (chosen once), a table otherwise; both give the same value.
uint32_t kith_crc32c(uint32_t crc, const void *bytes, size_t length);

// Hints that the cache line at `address` will be read soon. Never faults.
static inline void kith_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

// Bytes that the calling thread has taken of the store's memory, less those that it gave back: see StoreMemory.swift. Here
// because Swift has no variables of a thread.
extern _Thread_local int64_t kith_thread_bytes;
static inline void kith_count_bytes(int64_t bytes) { kith_thread_bytes += bytes; }
static inline int64_t kith_counted_bytes(void) { return kith_thread_bytes; }

#endif
