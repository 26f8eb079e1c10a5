#include "connectord/mta/listener_access.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "connectord/base/accounts.h"
#include "connectord/net/listener.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

struct Attempt {
  bool prepared = false;  // the child became what it should
  int folder = -1;        // which of the folders it cannot pass
  int error = 0;          // of connect()
};

std::string group_of(const base::Account& account) {
  return base::name_of_group(account.gid).value_or(std::to_string(account.gid));
}

// "a", "a/b" of "a/b/c.sock"; "/", "/a" of "/a/c.sock".
std::vector<std::string> folders_of(const std::string& path) {
  std::vector<std::string> folders;
  for (auto folder = std::filesystem::path(path).parent_path(); !folder.empty(); folder = folder.parent_path()) {
    folders.push_back(folder.string());
    if (folder == folder.root_path()) break;
  }
  std::reverse(folders.begin(), folders.end());
  return folders;
}

int connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

Attempt attempt_as(const base::Account& account, const std::string& queue_directory, bool chrooted,
                   const std::string& path, const std::vector<std::string>& folders) {
  Attempt attempt;
  const bool is_root = ::geteuid() == 0;
  if (::chdir(queue_directory.c_str()) != 0) return attempt;
  // In the order of Postfix's chroot_uid().
  if (is_root && ::setgid(account.gid) != 0) return attempt;
  if (is_root && ::initgroups(account.name.c_str(), account.gid) != 0) return attempt;
  if (is_root && chrooted && (::chroot(queue_directory.c_str()) != 0 || ::chdir("/") != 0)) return attempt;
  if (is_root && ::setuid(account.uid) != 0) return attempt;
  attempt.prepared = true;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    if (::access(folders[i].c_str(), X_OK) == 0 || errno != EACCES) continue;
    attempt.folder = static_cast<int>(i);
    return attempt;
  }
  attempt.error = connect_unix(path);
  return attempt;
}

// In a process of its own, since what it gives up does not come back.
Attempt attempt_in_child(const base::Account& account, const std::string& queue_directory, bool chrooted,
                         const std::string& path, const std::vector<std::string>& folders) {
  Attempt attempt;
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return attempt;
  const base::FileDescriptor reading(pipe[0]);
  base::FileDescriptor writing(pipe[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const Attempt made = attempt_as(account, queue_directory, chrooted, path, folders);
    [[maybe_unused]] const auto written = ::write(writing.get(), &made, sizeof made);
    ::_exit(0);
  }
  writing = base::FileDescriptor();
  if (pid < 0 || ::read(reading.get(), &attempt, sizeof attempt) != sizeof attempt) attempt = {};
  ::waitpid(pid, nullptr, 0);
  return attempt;
}

class Reach {
 public:
  Reach(const PostfixSetup& setup, const MtaRequirements& required) : setup_(setup), required_(required) {}

  std::vector<Advice> run() {
    check("milter", required_.milter, {"smtpd", "cleanup"});
    check("policy", required_.policy, {"smtpd"});
    check("socketmap", required_.socketmap, {"cleanup", "trivial-rewrite", "smtp"});
    return std::move(found_);
  }

 private:
  void check(const std::string& key, const std::optional<net::Endpoint>& endpoint,
             const std::vector<std::string>& programs) {
    if (!endpoint) return;
    if (endpoint->kind == net::Endpoint::Kind::inet) {
      if (!net::knock(*endpoint)) report_silent(key, *endpoint, "nobody listens there");
      return;
    }
    const std::string word = service_word(*endpoint, setup_.queue_directory).substr(std::strlen("unix:"));
    const bool chrooted = std::any_of(setup_.services.begin(), setup_.services.end(), [&](const auto& service) {
      return service.chroot && std::find(programs.begin(), programs.end(), service.program) != programs.end();
    });
    if (word.front() == '/' && chrooted) return;  // the plan refuses that
    const auto account = base::find_account(setup_.effective("mail_owner"));
    if (!account) {
      found_.push_back(
          {"there is no user \"" + setup_.effective("mail_owner") + "\" (mail_owner of main.cf)", "make it"});
      return;
    }
    try_unix(key, *endpoint, word, *account, chrooted);
  }

  void try_unix(const std::string& key, const net::Endpoint& endpoint, const std::string& word,
                const base::Account& account, bool chrooted) {
    std::vector<std::string> folders = folders_of(word);
    if (word.front() != '/') folders.insert(folders.begin(), ".");
    const Attempt attempt = attempt_in_child(account, setup_.queue_directory, chrooted, word, folders);
    if (!attempt.prepared) {
      found_.push_back(
          {"cannot try to reach " + endpoint.to_string() + " as the user " + account.name, "run this as root"});
    } else if (attempt.folder >= 0) {
      report_folder(endpoint, folders[static_cast<std::size_t>(attempt.folder)], account);
    } else if (attempt.error == EACCES && ::geteuid() == 0) {
      report_rights(endpoint, account);
    } else if (attempt.error != 0 && attempt.error != EACCES && attempt.error != EAGAIN) {
      report_silent(key, endpoint, std::strerror(attempt.error));
    }
  }

  void report_silent(const std::string& key, const net::Endpoint& endpoint, const std::string& why) {
    found_.push_back({"connectord does not answer at server." + key + ", " + endpoint.to_string() + ": " + why,
                      "start connectord with " + required_.file +
                          ", or restart it if the listener is new: systemctl restart "
                          "connectord"});
  }

  void report_folder(const net::Endpoint& endpoint, const std::string& folder, const base::Account& account) {
    if (::geteuid() != 0) return;
    const std::string whole = folder == "." ? setup_.queue_directory
                                            : (folder.front() == '/' ? folder : setup_.queue_directory + "/" + folder);
    found_.push_back({"the user " + account.name + " may not pass through " + whole + ", so Postfix cannot reach " +
                          endpoint.to_string(),
                      "chgrp " + group_of(account) + " " + whole + " && chmod g+x " + whole});
  }

  void report_rights(const net::Endpoint& endpoint, const base::Account& account) {
    found_.push_back(
        {"the user " + account.name + " may not connect to " + endpoint.to_string(),
         "in [server] of " + required_.file + ": socket_group = \"" + group_of(account) +
             "\" and socket_mode = \"0660\", then restart connectord (started as root, which alone may give a "
             "socket to another group)"});
  }

  const PostfixSetup& setup_;
  const MtaRequirements& required_;
  std::vector<Advice> found_;
};

}  // namespace

std::vector<Advice> unreachable_listeners(const PostfixSetup& setup, const MtaRequirements& required) {
  return Reach(setup, required).run();
}

}  // namespace connectord::mta
