#include "connectord/config/secret_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "connectord/base/accounts.h"
#include "connectord/base/files.h"
#include "connectord/base/shell_word.h"
#include "source_file.h"

namespace connectord::config {
namespace {

constexpr std::size_t largest = std::size_t{64} << 10;

tl::unexpected<std::string> wrong(std::string what, const std::string& remedy) {
  return tl::unexpected(std::move(what) + "; run: " + remedy);
}

std::string user_name(uid_t uid) {
  const auto account = base::find_account(uid);
  return account ? account->name : std::to_string(uid);
}

std::string group_name(gid_t gid) {
  return base::name_of_group(gid).value_or(std::to_string(gid));
}

std::string octal(mode_t mode) {
  std::string text = "0000";
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, mode >>= 3U) {
    *digit = static_cast<char>('0' + (mode & 7U));
  }
  return text;
}

bool grants(mode_t mode, uid_t owner, gid_t group, const SecretReader& reader, mode_t right) {
  if (reader.uid == 0) return true;
  if (owner == reader.uid) return (mode & (right << 6U)) != 0;
  if (group == reader.gid) return (mode & (right << 3U)) != 0;
  return (mode & right) != 0;
}

// The first folder above that `reader` cannot pass; empty for none.
std::string closed_folder(const std::string& path, const SecretReader& reader) {
  std::error_code error;
  // What symbolic links lead to is what counts.
  const std::filesystem::path whole = std::filesystem::canonical(path, error);
  if (error) return {};
  std::filesystem::path folder;
  for (const auto& part : whole.parent_path()) {
    folder /= part;
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) continue;
    if (!grants(status.st_mode, status.st_uid, status.st_gid, reader, S_IXOTH)) return folder.string();
  }
  return {};
}

tl::expected<void, std::string> check_rights(const std::string& path, const SourceFile& file,
                                             const SecretReader& reader) {
  // Of its own group, so that the daemon can read its secret and cannot change it.
  const bool for_root = reader.uid == 0;
  const std::string remedy = "chown " + (for_root ? "root" : "root:" + group_name(reader.gid)) + " " +
                             base::shell_word(path) + " && chmod " + (for_root ? "0600 " : "0640 ") +
                             base::shell_word(path);
  if (file.owner != 0 && file.owner != reader.uid) {
    return wrong("the file belongs to " + user_name(file.owner) + ", who could change it", remedy);
  }
  if ((file.mode & (S_IRWXO | S_IWGRP | S_IXGRP)) != 0) {
    return wrong("others may use the file (its mode is " + octal(file.mode) + ")", remedy);
  }
  if ((file.mode & S_IRGRP) != 0 && file.group != 0 && file.group != reader.gid) {
    return wrong("the group " + group_name(file.group) + " may read the file", remedy);
  }
  if (!grants(file.mode, file.owner, file.group, reader, S_IROTH)) {
    return wrong("the user " + reader.name + " may not read the file, and connectord becomes that user", remedy);
  }
  if (const std::string folder = closed_folder(path, reader); !folder.empty()) {
    return wrong("the user " + reader.name + " may not enter the folder " + folder,
                 "chmod a+x " + base::shell_word(folder));
  }
  return {};
}

}  // namespace

tl::expected<SecretReader, std::string> reader_of_secrets(const std::string& server_user) {
  const uid_t self = ::geteuid();
  if (self != 0 || server_user.empty()) return SecretReader{user_name(self), self, ::getegid()};
  const auto account = base::find_account(server_user);
  if (!account) {
    return tl::unexpected("there is no user \"" + server_user +
                          "\"; make it with: adduser --system --group --no-create-home " + server_user);
  }
  return SecretReader{server_user, account->uid, account->gid};
}

tl::expected<std::string, std::string> read_secret_file(const std::string& path, const SecretReader& reader) {
  auto file = SourceFile::read(path);
  if (!file) return tl::unexpected(std::move(file.error()));
  if (auto checked = check_rights(path, *file, reader); !checked) return tl::unexpected(std::move(checked.error()));
  if (file->text.size() > largest) {
    return tl::unexpected("the file is larger than " + std::to_string(largest >> 10U) + " KiB, as no secret is");
  }
  return std::move(file->text);
}

tl::expected<void, std::string> write_secret_file(const std::string& path, const std::string& content,
                                                  const SecretReader& reader) {
  base::FileRights rights{.mode = S_IRUSR | S_IWUSR};
  if (::geteuid() == 0) {
    rights.owner = reader.uid;
    rights.group = reader.gid;
  }
  return base::create_file(path, content, rights).map_error([](const std::error_code& error) {
    if (error == std::errc::file_exists) return std::string("the file is there already; it is kept");
    return "cannot make the file: " + std::generic_category().message(error.value());
  });
}

}  // namespace connectord::config
