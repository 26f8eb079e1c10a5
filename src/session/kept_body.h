#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/base/file_descriptor.h"
#include "connectord/mime/bytes.h"

namespace connectord::session {

// The body of one message, kept while it streams in: in memory, and what is larger in a file without a name, which ends
// with it. Not thread-safe.
class KeptBody final : public mime::Bytes {
 public:
  static constexpr std::size_t max_in_memory = std::size_t{128} << 10;
  static constexpr std::uint64_t max_size = std::uint64_t{512} << 20;

  void add(std::string_view chunk);
  // Why there is more than is kept, in words; empty if all is.
  const std::string& problem() const { return problem_; }

  std::uint64_t size() const override { return size_; }
  std::string_view from(std::uint64_t offset) const override;

 private:
  bool open_file();
  void give_up(std::string problem);

  std::string memory_;  // until there is a file
  base::FileDescriptor file_;
  std::uint64_t size_ = 0;
  std::string problem_;
  mutable std::string window_;  // of the file
  mutable std::uint64_t window_begin_ = 0;
};

}  // namespace connectord::session
