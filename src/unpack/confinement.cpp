#include "confinement.h"

#include <grp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "connectord/base/openssl.h"

namespace connectord::unpack {
namespace {

tl::unexpected<std::string> failed(const char* what) {
  return tl::unexpected(std::string(what) + ": " + std::strerror(errno));
}

bool limit(__rlimit_resource_t resource, std::uint64_t most) {
  const rlimit limit{.rlim_cur = most, .rlim_max = most};
  return ::setrlimit(resource, &limit) == 0;
}

tl::expected<void, std::string> set_limits(const Confinement& confinement) {
  const auto seconds = static_cast<std::uint64_t>(confinement.max_cpu_time.count());
  const bool is_limited = limit(RLIMIT_AS, confinement.max_memory) && limit(RLIMIT_CPU, seconds) &&
                          limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0) && limit(RLIMIT_CORE, 0) &&
                          limit(RLIMIT_MEMLOCK, 0);
  if (!is_limited) return failed("setrlimit");
  return {};
}

// Where root started it, which is right for tests only.
tl::expected<void, std::string> become_nobody() {
  constexpr uid_t nobody = 65'534;
  if (::geteuid() != 0) return {};
  if (::setgroups(0, nullptr) != 0 || ::setresgid(nobody, nobody, nobody) != 0 ||
      ::setresuid(nobody, nobody, nobody) != 0) {
    return failed("setresuid");
  }
  return {};
}

// Memory cannot be made executable, so that no code is run but what is there.
bool allow_memory(scmp_filter_ctx filter) {
  const scmp_arg_cmp not_executable{.arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = 0};
  return ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable) == 0 &&
         ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap2), 1, not_executable) == 0 &&
         ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable) == 0;
}

tl::expected<void, std::string> filter_system_calls() {
  // There is one thread, and its end is the process's. Killing a process by name takes seccomp(2), which the filter of
  // connectord's unit leaves out; this much prctl(2) can do.
  const std::unique_ptr<void, base::Free<::seccomp_release>> filter(::seccomp_init(SCMP_ACT_KILL_THREAD));
  if (filter == nullptr) return tl::unexpected(std::string("seccomp_init"));
  for (const int call : std::array{SCMP_SYS(read),         SCMP_SYS(write),     SCMP_SYS(writev),
                                   SCMP_SYS(lseek),        SCMP_SYS(close),     SCMP_SYS(fstat),
                                   SCMP_SYS(fstat64),      SCMP_SYS(_llseek),   SCMP_SYS(clock_gettime64),
                                   SCMP_SYS(munmap),       SCMP_SYS(mremap),    SCMP_SYS(madvise),
                                   SCMP_SYS(brk),          SCMP_SYS(futex),     SCMP_SYS(clock_gettime),
                                   SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(rt_sigreturn),
                                   SCMP_SYS(exit),         SCMP_SYS(exit_group)}) {
    if (::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0) != 0) return failed("seccomp_rule_add");
  }
  // The C library looks for tables of charsets and for time zones, and goes on without.
  for (const int call : std::array{SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(newfstatat), SCMP_SYS(stat),
                                   SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(readlink)}) {
    if (::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EACCES), call, 0) != 0) return failed("seccomp_rule_add");
  }
  if (!allow_memory(filter.get())) return failed("seccomp_rule_add");
  if (::seccomp_load(filter.get()) != 0) return failed("seccomp_load");
  return {};
}

}  // namespace

tl::expected<void, std::string> confine(const Confinement& confinement) {
  if (auto done = become_nobody(); !done) return done;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    return failed("prctl");
  // It ends with whoever asked it.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return failed("prctl");
#ifdef CONNECTORD_UNCONFINED
  // What sanitizers put into a program takes memory without bounds, and more system calls.
  static_cast<void>(confinement);
  static_cast<void>(set_limits);
  static_cast<void>(filter_system_calls);
  return {};
#else
  if (auto done = set_limits(confinement); !done) return done;
  return filter_system_calls();
#endif
}

}  // namespace connectord::unpack
