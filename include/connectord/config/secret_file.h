#pragma once

#include <sys/types.h>

#include <string>
#include <tl/expected.hpp>

// Files with secrets: private keys, passwords. The functions hold no state and are thread-safe.
namespace connectord::config {

// Who reads secrets: connectord after it gave up root's rights, so that a reload can read what the start could.
struct SecretReader {
  std::string name;  // for messages
  uid_t uid = 0;
  gid_t gid = 0;  // the primary group
};

// `server_user` is server.user. Only root becomes somebody else; any other process reads as itself. On failure says
// that there is no such user.
tl::expected<SecretReader, std::string> reader_of_secrets(const std::string& server_user);

// The content of a file that `reader` can read, and nobody else but root: a regular file of at most 64 KiB, owned by
// root or `reader`, with no rights for others, none to write for its group, and to read for `reader`'s own group or
// root's only. The folders above must let `reader` pass; access control lists are not looked at.
// On failure says what is wrong and what to write instead, and nothing of the content.
tl::expected<std::string, std::string> read_secret_file(const std::string& path, const SecretReader& reader);

// Makes a file that only its owner can use, of mode 0600, and gives it to `reader` where the process is root. Whatever
// is there already is not touched. On failure says why, and nothing is left behind.
tl::expected<void, std::string> write_secret_file(const std::string& path, const std::string& content,
                                                  const SecretReader& reader);

}  // namespace connectord::config
