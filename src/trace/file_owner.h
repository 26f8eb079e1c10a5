#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

// With whose rights root may open a file that somebody else can put another one in the place of.
namespace connectord::trace {

struct FileOwner {
  uid_t user = 0;
  gid_t group = 0;
};

// The first on the way from the root folder to that file, symbolic links followed, who is not root and decides what the
// names on the rest of the way lead to; std::nullopt where that is root all the way, and for a process that is not
// root itself. Where a folder is open to a group or to everybody, that is whoever owns what has the name in it. On
// failure says why it cannot be known.
tl::expected<std::optional<FileOwner>, std::string> owner_of_way_to(const std::string& path);

// While it lives, this thread opens, makes and removes files with that user's rights alone (setfsuid(2)); a process
// that cannot get its own rights back ends. Does nothing without an owner, nor for anybody but root. Other threads
// keep their rights: by seteuid(2) they would change theirs too.
class ActingAs {
 public:
  // Throws std::system_error where that user's rights cannot be taken.
  explicit ActingAs(const std::optional<FileOwner>& owner);
  ~ActingAs();
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;

 private:
  void restore() const;

  bool acts_ = false;
  gid_t own_group_ = 0;
  std::vector<gid_t> own_groups_;
};

}  // namespace connectord::trace
