#include "connectord/base/background.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace connectord::base {
namespace {

// sched_setattr(2)'s first version. The C library has had it since 2.41, and the kernel's header does not go together
// with an older one.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  // nanoseconds
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

// In Linux these are the thread's own (sched(7)). Since Linux 6.12 a thread may ask for shorter turns than others have:
// mail that wakes up on a busy processor would otherwise wait for the end of one, some 3 ms. Older ones ignore that.
void set(SchedulingAttributes wanted) {
  wanted.runtime = 100'000;  // the shortest there is
  [[maybe_unused]] const long done = ::syscall(SYS_sched_setattr, 0, &wanted, 0);
}

}  // namespace

void interrupt_nobody() {
  SchedulingAttributes wanted;
  wanted.policy = SCHED_BATCH;
  set(wanted);
}

void work_in_background() {
  SchedulingAttributes wanted;
  wanted.nice = 19;  // a seventieth of what a thread has beside it that is as busy
  set(wanted);
}

}  // namespace connectord::base
