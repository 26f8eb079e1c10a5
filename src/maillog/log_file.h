#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/base/file_descriptor.h"
#include "log_position.h"

namespace connectord::maillog {

// One file of a log, open for reading.
class LogFile {
 public:
  static tl::expected<LogFile, std::string> open(const std::string& path);

  std::uint64_t device() const { return device_; }
  std::uint64_t inode() const { return inode_; }
  // As it is now; 0 if that cannot be asked.
  std::uint64_t size() const;
  // The fingerprint of the 512 bytes before `offset`, or of fewer at the beginning.
  std::uint64_t fingerprint(std::uint64_t offset) const;
  // True if `position` is a place in this content, whatever file it was in: logrotate's copytruncate copies.
  bool holds(const LogPosition& position) const;
  // Reads into `buffer` from `offset` and returns the number of bytes.
  tl::expected<std::size_t, std::string> read(std::uint64_t offset, std::vector<char>& buffer) const;

 private:
  LogFile(base::FileDescriptor fd, std::uint64_t device, std::uint64_t inode)
      : fd_(std::move(fd)), device_(device), inode_(inode) {}

  base::FileDescriptor fd_;
  std::uint64_t device_;
  std::uint64_t inode_;
};

// The older files of the log `path` that logrotate(8) has left uncompressed ("path.1", "path-20261121"), oldest first.
std::vector<std::string> rotated_files(const std::string& path);

}  // namespace connectord::maillog
