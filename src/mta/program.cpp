#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "connectord/base/file_descriptor.h"
#include "connectord/base/files.h"
#include "connectord/base/spawn.h"

extern char** environ;  // NOLINT: POSIX says so

namespace connectord::mta {
namespace {

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string folders = path == nullptr ? "" : path;
  folders += ":/usr/sbin:/usr/local/sbin:/sbin:/usr/bin:/bin";
  for (std::size_t start = 0; start <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', start), folders.size());
    std::string file = folders.substr(start, end - start) + "/" + name;
    if (file.front() == '/' && ::access(file.c_str(), X_OK) == 0) return file;
    start = end + 1;
  }
  return {};
}

// Input and output are in memory, not in pipes: nothing can block, whatever the program reads and writes first.
base::FileDescriptor memory_file() {
  return base::FileDescriptor(::memfd_create("connectorctl", MFD_CLOEXEC));
}

bool fill(const base::FileDescriptor& file, std::string_view content) {
  return base::write_all(file.get(), content) && ::lseek(file.get(), 0, SEEK_SET) == 0;
}

std::string content_of(const base::FileDescriptor& file) {
  constexpr std::size_t longest = 16UL << 20U;
  std::string content;
  std::array<char, 1UL << 16U> piece{};
  for (;;) {
    const ssize_t count = ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(content.size()));
    if (count <= 0 || content.size() > longest) return content;
    content.append(piece.data(), static_cast<std::size_t>(count));
  }
}

// The caller's, but for the language: what programs print is read.
std::vector<std::string> plain_environment() {
  std::vector<std::string> variables = {"LC_ALL=C"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (!text.starts_with("LC_ALL=") && !text.starts_with("MAIL_CONFIG=")) variables.emplace_back(text);
  }
  return variables;
}

// Ends a program that does not end by itself, so that whoever looks at a mail server that hangs does not hang with it.
void end_when_late(pid_t pid) {
  constexpr int max_milliseconds = 120'000;
  const base::FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (process.get() < 0) return;
  pollfd waiting{process.get(), POLLIN, 0};
  if (::poll(&waiting, 1, max_milliseconds) == 0) ::kill(pid, SIGKILL);
}

int wait_for(pid_t pid) {
  constexpr int signalled = 128;
  int status = 0;
  end_when_late(pid);
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : signalled + WTERMSIG(status);
}

}  // namespace

tl::expected<ProgramOutput, std::string> run_program(const std::vector<std::string>& command, std::string_view input) {
  const std::string file = find_program(command.front());
  if (file.empty()) return tl::unexpected(command.front() + ": there is no such program");
  const base::FileDescriptor in = memory_file();
  if (!fill(in, input)) return tl::unexpected(file + ": no memory for its input");
  const base::FileDescriptor out = memory_file();
  const base::FileDescriptor error = memory_file();
  base::SpawnFileActions files;
  ::posix_spawn_file_actions_adddup2(&files.value, in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files.value, out.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files.value, error.get(), STDERR_FILENO);
  const std::vector<std::string> environment = plain_environment();
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, file.c_str(), &files.value, nullptr, base::pointers_to(command).data(),
                                   base::pointers_to(environment).data());
  if (failed != 0) return tl::unexpected(file + ": " + std::strerror(failed));
  const int status = wait_for(pid);
  return ProgramOutput{status, content_of(out), content_of(error)};
}

tl::expected<std::string, std::string> output_of(const std::vector<std::string>& command) {
  auto output = run_program(command);
  if (!output) return tl::unexpected(output.error());
  if (output->status == 0) return std::move(output->out);
  std::string words;
  for (const std::string& word : command) words += (words.empty() ? "" : " ") + word;
  std::string said = output->error + output->out;
  while (said.ends_with('\n')) said.pop_back();
  return tl::unexpected(words + ": exit status " + std::to_string(output->status) + (said.empty() ? "" : ": " + said));
}

}  // namespace connectord::mta
