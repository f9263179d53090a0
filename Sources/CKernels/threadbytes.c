#include "ckernels.h"

_Thread_local int64_t kith_thread_bytes = 0;
