#include "connectord/net/path_trust.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <filesystem>
#include <string_view>
#include <vector>

namespace connectord::net {
namespace {

constexpr int max_links = 40;  // as the kernel has it

std::string link_target(const std::string& link) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  return size <= 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(size));
}

// Whose hands are looked for: one account's, or those of all but root.
class Suspect {
 public:
  explicit Suspect(const base::Account* account) : account_(account) {}

  // Whatever the mode is now, an owner can give himself the right to write.
  bool can_change(const struct stat& found) const {
    if (owns(found)) return true;
    if (S_ISLNK(found.st_mode) || (S_ISDIR(found.st_mode) && (found.st_mode & S_ISVTX) != 0)) return false;
    return (found.st_mode & S_IWOTH) != 0 || ((found.st_mode & S_IWGRP) != 0 && is_in_group(found.st_gid));
  }

 private:
  bool owns(const struct stat& found) const {
    return account_ == nullptr ? found.st_uid != 0 : found.st_uid == account_->uid;
  }
  bool is_in_group(gid_t group) const {
    if (account_ == nullptr) return group != 0;
    return group == account_->gid ||
           std::find(account_->groups.begin(), account_->groups.end(), group) != account_->groups.end();
  }

  const base::Account* account_;
};

enum class Outcome { safe, changeable, missing };

// Looks at one component after the other. Nothing that was found to be out of reach can change behind its back.
class Walk {
 public:
  Walk(const std::string& path, const Suspect& suspect) : suspect_(suspect) { prepend(path); }

  Outcome outcome() {
    Outcome so_far = look("/").second;
    while (so_far == Outcome::safe && !left_.empty()) {
      const std::string name = left_.back();
      left_.pop_back();
      so_far = step(name);
    }
    return so_far;
  }

 private:
  void prepend(const std::filesystem::path& path) {
    std::vector<std::string> names;
    for (const auto& part : path) names.push_back(part.string());
    left_.insert(left_.end(), names.rbegin(), names.rend());
  }

  std::pair<struct stat, Outcome> look(const std::string& path) const {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return {status, Outcome::missing};
    return {status, suspect_.can_change(status) ? Outcome::changeable : Outcome::safe};
  }

  Outcome step(const std::string& name) {
    if (name.empty() || name == ".") return Outcome::safe;
    if (name == "/" || name == "..") {
      reached_ = name == "/" ? std::filesystem::path() : reached_.parent_path();
      return Outcome::safe;
    }
    const std::string next = "/" + (reached_ / name).string();
    const auto [status, outcome] = look(next);
    if (outcome != Outcome::safe) return outcome;
    if (S_ISLNK(status.st_mode)) {
      const std::string target = link_target(next);
      if (++links_ > max_links || target.empty()) return Outcome::missing;
      prepend(target);
    } else {
      reached_ /= name;
    }
    return Outcome::safe;
  }

  const Suspect& suspect_;
  std::filesystem::path reached_;  // below "/"; has no symbolic links
  std::vector<std::string> left_;  // the next one last
  int links_ = 0;
};

Outcome walk(const std::string& path, const Suspect& suspect) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path.empty() ? "." : path, error);
  return error ? Outcome::missing : Walk(absolute.string(), suspect).outcome();
}

}  // namespace

bool only_root_can_change(const std::string& path) {
  return walk(path, Suspect(nullptr)) == Outcome::safe;
}

bool can_change(const base::Account& account, const std::string& path) {
  return walk(path, Suspect(&account)) == Outcome::changeable;
}

}  // namespace connectord::net
