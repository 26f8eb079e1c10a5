#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <vector>

#include "connectord/base/file_descriptor.h"
#include "connectord/base/files.h"
#include "connectord/base/gate.h"
#include "connectord/base/spawn.h"
#include "connectord/inspect/answer.h"
#include "connectord/inspect/examination.h"

namespace connectord::inspect {
namespace {

using base::FileDescriptor;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Over a pipe, since a memory file would let the process take memory without bounds.
struct Pipe {
  FileDescriptor out;
  FileDescriptor in;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// The bytes as a file that nobody can change any more.
FileDescriptor sealed_file(std::string_view bytes) {
  FileDescriptor file(::memfd_create("connectord-inspect", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  constexpr unsigned seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  const bool is_made = file.get() >= 0 && base::write_all(file.get(), bytes) && ::lseek(file.get(), 0, SEEK_SET) == 0 &&
                       ::fcntl(file.get(), F_ADD_SEALS, seals) == 0;
  return is_made ? std::move(file) : FileDescriptor();
}

// A process that is ended and waited for with its owner.
class Process {
 public:
  explicit Process(pid_t pid) : pid_(pid) {}
  ~Process() {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

 private:
  pid_t pid_;
};

// posix_spawn(3) takes no locks of other threads along, which fork(2) would. Nothing is inherited but the two files,
// neither the environment nor blocked signals.
pid_t spawn(const std::string& path, const std::vector<std::string>& words, const FileDescriptor& in,
            const FileDescriptor& out) {
  base::SpawnFileActions files;
  ::posix_spawn_file_actions_adddup2(&files.value, in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files.value, out.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&files.value, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&files.value, STDERR_FILENO + 1);
  base::SpawnAttributes attributes;
  sigset_t signals;
  ::sigemptyset(&signals);
  ::posix_spawnattr_setsigmask(&attributes.value, &signals);
  ::sigfillset(&signals);
  ::posix_spawnattr_setsigdefault(&attributes.value, &signals);
  ::posix_spawnattr_setflags(&attributes.value, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::array<char*, 1> environment{nullptr};
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, path.c_str(), &files.value, &attributes.value, base::pointers_to(words).data(),
                                   environment.data());
  return failed == 0 ? pid : -1;
}

// All that comes until the end; std::nullopt where that lasts too long or is too much.
std::optional<std::string> read_until(const FileDescriptor& file, std::size_t most, steady_clock::time_point deadline) {
  std::string text;
  std::array<char, 65'536> buffer{};
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    pollfd waited{.fd = file.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::nullopt;
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    if (text.size() > most) return std::nullopt;
  }
}

class ProcessUnpacker final : public Unpacker {
 public:
  ProcessUnpacker(std::string path, std::size_t max_at_once) : path_(std::move(path)), gate_(max_at_once) {}

  void unpack(std::string_view bytes, model::FileKind kind, const std::string& name,
              Examination& examination) const override {
    base::Gate::Pass pass = gate_.enter(examination.budget().deadline);
    if (!pass) return examination.uninspectable(name + ": too much to unpack now");
    const auto answer = ask(bytes, kind, examination);
    pass.reset();
    if (!answer) return examination.uninspectable(name + ": the process that unpacks it has failed");
    examination.merge(answer->contents, answer->entries, answer->unpacked);
  }

 private:
  static Limits limits_left(const Examination& examination) {
    Limits limits = examination.limits();
    limits.max_depth -= std::min(limits.max_depth, examination.depth());
    limits.max_entries = examination.budget().entries;
    limits.max_unpacked = examination.budget().unpacked;
    limits.max_text = examination.room_for_text();
    limits.max_names = examination.room_for_names();
    const auto left = examination.budget().deadline - steady_clock::now();
    limits.max_time = std::max(std::chrono::duration_cast<milliseconds>(left), milliseconds(0));
    return limits;
  }

  std::optional<Answer> ask(std::string_view bytes, model::FileKind kind, const Examination& examination) const {
    const Limits limits = limits_left(examination);
    const FileDescriptor file = sealed_file(bytes);
    auto pipe = make_pipe();
    if (file.get() < 0 || !pipe) return std::nullopt;
    // Not its name, since everybody on this machine can see arguments.
    const pid_t pid =
        spawn(path_, {"connectord-inspect", std::string(word_of(kind)), to_argument(limits)}, file, pipe->in);
    pipe->in = FileDescriptor();
    if (pid < 0) return std::nullopt;
    const Process process(pid);
    const auto lines = read_until(pipe->out, max_answer_size(limits), examination.budget().deadline);
    return lines ? read_answer(*lines) : std::nullopt;
  }

  std::string path_;
  mutable base::Gate gate_;
};

}  // namespace

std::string unpacker_path() {
  constexpr const char* name = "connectord-inspect";
  std::array<char, 4'096> own{};
  const ssize_t size = ::readlink("/proc/self/exe", own.data(), own.size() - 1);
  const std::string beside =
      base::folder_of(std::string(own.data(), size > 0 ? static_cast<std::size_t>(size) : 0)) + name;
  return size > 0 && ::access(beside.c_str(), X_OK) == 0 ? beside : std::string("/usr/libexec/") + name;
}

std::unique_ptr<Unpacker> make_process_unpacker(std::string path, std::size_t max_at_once) {
  return std::make_unique<ProcessUnpacker>(std::move(path), max_at_once);
}

}  // namespace connectord::inspect
