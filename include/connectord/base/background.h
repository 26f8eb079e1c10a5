#pragma once

namespace connectord::base {

// Of the calling thread: what mail waits for comes before it from now on, where there are fewer processors than work.
// It still gets some of the time. Does nothing where the system does not let it.
void work_in_background();

// Of the calling thread: it gets its share of the time, but does not interrupt others when it wakes up, and lets them
// interrupt it soon.
void interrupt_nobody();

}  // namespace connectord::base
