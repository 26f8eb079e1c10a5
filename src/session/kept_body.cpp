#include "kept_body.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "connectord/base/files.h"

namespace connectord::session {
namespace {

// A file that nobody else can open, and that is gone when it is closed.
base::FileDescriptor nameless_file() {
  std::error_code error;
  std::string folder = std::filesystem::temp_directory_path(error).string();
  if (error) folder = "/tmp";
  const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return base::FileDescriptor(fd);
  // Not every file system has files without names.
  std::string name = folder + "/connectord-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return base::FileDescriptor(named);
}

std::string text_of_error() {
  return std::error_code(errno, std::generic_category()).message();
}

}  // namespace

bool KeptBody::open_file() {
  file_ = nameless_file();
  if (file_.get() < 0 || !base::write_all(file_.get(), memory_)) return false;
  memory_ = {};
  return true;
}

void KeptBody::give_up(std::string problem) {
  problem_ = std::move(problem);
  memory_ = {};
  file_ = {};
  size_ = 0;
}

void KeptBody::add(std::string_view chunk) {
  if (!problem_.empty()) return;
  if (size_ + chunk.size() > max_size) return give_up("the message is larger than is kept to be looked at");
  if (file_.get() < 0 && memory_.size() + chunk.size() <= max_in_memory) {
    memory_ += chunk;
    size_ += chunk.size();
    return;
  }
  const bool written = (file_.get() >= 0 || open_file()) && base::write_all(file_.get(), chunk);
  if (!written) return give_up("the message cannot be kept to be looked at: " + text_of_error());
  size_ += chunk.size();
}

std::string_view KeptBody::from(std::uint64_t offset) const {
  if (offset >= size_) return {};
  if (file_.get() < 0) return std::string_view(memory_).substr(offset);
  const bool in_window = offset >= window_begin_ && offset < window_begin_ + window_.size();
  if (!in_window) {
    constexpr std::size_t window_size = 65'536;
    window_.resize(window_size);
    ssize_t count = 0;
    do {
      count = ::pread(file_.get(), window_.data(), window_size, static_cast<off_t>(offset));
    } while (count < 0 && errno == EINTR);
    window_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    window_begin_ = offset;
  }
  return std::string_view(window_).substr(offset - window_begin_);
}

}  // namespace connectord::session
