#include "connectord/base/background.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace connectord::base {
namespace {

int niceness() {
  errno = 0;
  return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
}

TEST(Background, IsOfTheCallingThreadAlone) {
  const int before = niceness();
  int within = before;
  std::thread([&within] {
    work_in_background();
    within = niceness();
  }).join();
  EXPECT_GE(within, 10);
  EXPECT_EQ(niceness(), before);
}

}  // namespace
}  // namespace connectord::base
