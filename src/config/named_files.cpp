#include "connectord/config/named_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "connectord/base/file_descriptor.h"
#include "connectord/base/files.h"
#include "connectord/base/shell_word.h"
#include "connectord/config/fleet_copy.h"
#include "connectord/net/path_trust.h"

namespace connectord::config {
namespace {

using FoundReader = tl::expected<std::optional<base::Account>, std::string>;

FoundReader with_groups(base::Account account) {
  account.groups = base::groups_of(account.name, account.gid);
  return account;
}

FoundReader account_named(const std::string& user) {
  auto account = base::find_account(user);
  if (account) return with_groups(std::move(*account));
  return tl::unexpected("the user \"" + user +
                        "\" of server.user must be able to read it, and there is none; make it with: "
                        "adduser --system --group --no-create-home " +
                        user);
}

FoundReader owner_of_folder(const std::string& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return std::nullopt;
  auto account = base::find_account(status.st_uid);
  if (account) return with_groups(std::move(*account));
  return tl::unexpected("the owner of " + folder + " must be able to read it, and has no account; write server.user");
}

// Whoever is neither root nor connectord's user reads as he can, and what he cannot says nothing about the daemon.
FoundReader reader_of(const model::Configuration& configuration) {
  const std::string& user = configuration.server.user;
  const uid_t self = ::geteuid();
  if (self == 0) return user.empty() ? owner_of_folder(configuration.fleet->state) : account_named(user);
  auto own = base::find_account(self);
  if (!own || (!user.empty() && own->name != user)) return std::nullopt;
  return own;
}

bool is_denied(const std::string& path, int flags) {
  return base::FileDescriptor(::open(path.c_str(), flags | O_CLOEXEC)).get() < 0 && errno == EACCES;
}

// The first folder on the way that may not be passed.
std::string closed_folder(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string next = path.substr(0, path.find('/', slash + 1));
    if (is_denied(next, O_PATH)) return path.substr(0, slash);
  }
  return {};
}

bool is_the_users_to_change(const model::Configuration& configuration, const std::string& path) {
  const std::string& user = configuration.server.user;
  // Nearly all are root's, and looking for an account takes longer.
  if (user.empty() || net::only_root_can_change(path)) return false;
  const FoundReader account = account_named(user);
  return account && net::can_change(**account, path) && !net::can_change(**account, configuration.sources.main);
}

std::string group_of(const base::Account& account) {
  return base::name_of_group(account.gid).value_or(std::to_string(account.gid));
}

}  // namespace

NamedFileRights::NamedFileRights(const model::Configuration& configuration, Words words) : words_(words) {
  if (words_ == Words::hosts) return;
  reader_ = reader_of(configuration);
  if (reader_) acting_.emplace(*reader_);
}

NamedFileRights::NamedFileRights(const model::Configuration& configuration, const model::Location& place)
    : NamedFileRights(configuration, words_at(configuration, place)) {}

NamedFileRights NamedFileRights::for_the_copy(const model::Configuration& configuration) {
  return {configuration, configuration.fleet ? Words::fleets : Words::hosts};
}

NamedFileRights::Words NamedFileRights::words_at(const model::Configuration& configuration,
                                                 const model::Location& place) {
  if (!place.file) return Words::hosts;
  if (configuration.fleet && generation_of_copy(configuration.fleet->state, *place.file)) return Words::fleets;
  return is_the_users_to_change(configuration, *place.file) ? Words::users : Words::hosts;
}

std::string NamedFileRights::obstacle(const std::string& path) const {
  if (!reader_) return reader_.error();
  if (!*reader_) return {};
  const base::Account& reader = **reader_;
  if (!acting_->is_in_force()) return "cannot act as the user " + reader.name + ", who must be able to read it";
  if (!is_denied(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)) return {};
  const std::string who = "the user " + reader.name + " may not ";
  const std::string why = words_ == Words::fleets
                              ? ", as connectord's user must for what the fleet's hosts have in common; run: "
                              : ", as connectord's user must for what is named where it may write; run: ";
  if (const std::string folder = closed_folder(path); !folder.empty()) {
    return who + "enter the folder " + folder + why + "chmod a+x " + base::shell_word(folder);
  }
  const std::string word = base::shell_word(path);
  return who + "read the file" + why + "chgrp " + group_of(reader) + " " + word + " && chmod 640 " + word;
}

tl::expected<std::string, std::string> read_named_text(const model::Configuration& configuration,
                                                       const model::Location& place, const std::string& path) {
  return read_named_file(configuration, place, path, [&path] {
    return base::read_file(path).map_error([](const std::error_code& error) { return error.message(); });
  });
}

bool is_read_as_user(const model::Configuration& configuration, const model::Location& place) {
  return NamedFileRights::words_at(configuration, place) != NamedFileRights::Words::hosts;
}

}  // namespace connectord::config
