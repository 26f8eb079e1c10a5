#include "program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "connectord/base/file_descriptor.h"
#include "connectord/base/files.h"

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
    const std::string file = folders.substr(start, end - start) + "/" + name;
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

struct FileActions {
  FileActions() { ::posix_spawn_file_actions_init(&actions); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t actions{};
};

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
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

int wait_for(pid_t pid) {
  constexpr int signalled = 128;
  int status = 0;
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
  FileActions files;
  ::posix_spawn_file_actions_adddup2(&files.actions, in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files.actions, out.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files.actions, error.get(), STDERR_FILENO);
  const std::vector<std::string> environment = plain_environment();
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, file.c_str(), &files.actions, nullptr, pointers_to(command).data(),
                                   pointers_to(environment).data());
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
