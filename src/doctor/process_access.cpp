#include "process_access.h"

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "connectord/base/accounts.h"
#include "connectord/mta/files.h"

namespace connectord::doctor {
namespace {

constexpr int not_tried = 255;  // no errno is as high

// The numbers behind "Uid:" and so on.
std::optional<std::vector<unsigned>> numbers_of(const std::string& status, const std::string& key) {
  std::istringstream lines(status);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key + ":")) continue;
    std::istringstream words(line.substr(key.size() + 1));
    std::vector<unsigned> numbers;
    for (unsigned number = 0; words >> number;) numbers.push_back(number);
    return numbers;
  }
  return std::nullopt;
}

int access_with(const std::string& file, int mode, const ProcessRights& rights) {
  if (::setgroups(rights.groups.size(), rights.groups.data()) != 0) return not_tried;
  if (::setgid(rights.group) != 0 || ::setuid(rights.user) != 0) return not_tried;
  return ::access(file.c_str(), mode) == 0 ? 0 : errno;
}

}  // namespace

std::optional<ProcessRights> read_rights(const std::string& status) {
  // Of the four numbers the second is the one that counts now.
  const auto users = numbers_of(status, "Uid");
  const auto groups = numbers_of(status, "Gid");
  const auto further = numbers_of(status, "Groups");
  if (!users || users->size() != 4 || !groups || groups->size() != 4 || !further) return std::nullopt;
  return ProcessRights{(*users)[1], (*groups)[1], {further->begin(), further->end()}};
}

std::optional<ProcessRights> rights_of(pid_t process) {
  const auto status = mta::read_file("/proc/" + std::to_string(process) + "/status");
  return status ? read_rights(*status) : std::nullopt;
}

std::optional<ProcessRights> rights_of_user(const std::string& name) {
  const auto account = base::find_account(name);
  if (!account) return std::nullopt;
  return ProcessRights{account->uid, account->gid, base::groups_of(name, account->gid)};
}

std::optional<int> error_of_access(const std::string& file, int mode, const ProcessRights& rights) {
  if (::geteuid() != 0) return std::nullopt;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(access_with(file, mode, rights));
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return std::nullopt;
  if (WEXITSTATUS(status) == not_tried) return std::nullopt;
  return WEXITSTATUS(status);
}

}  // namespace connectord::doctor
