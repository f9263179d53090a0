// The clock of rounds whose wall time would say what else the machine does: others do not count, and a disk that is waited for neither.

import Glibc

/// Processor time of all threads of this process so far, in nanoseconds.
func processorTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
