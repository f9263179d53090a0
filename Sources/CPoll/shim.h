#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

// Has the kernel end waits of the calling thread when they are over, and not up to 50 µs later. A function of C because prctl
// takes any number of arguments.
static inline void kith_exact_timers(void) { prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }
