#include "source_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace connectord::config {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

tl::unexpected<std::string> cannot(std::string_view what, int error) {
  return tl::unexpected("cannot " + std::string(what) + " the file: " + std::generic_category().message(error));
}

std::string too_large(const SourceKind& kind) {
  return "the file is larger than " + std::to_string(kind.largest >> 20) + " MiB; " + std::string(kind.too_large);
}

// Reads to the end, which for some files (/proc) is not where their size says.
tl::expected<std::string, std::string> read_all(int descriptor, std::size_t expected_size, const SourceKind& kind) {
  std::string text;
  std::size_t used = 0;
  for (;;) {
    text.resize(std::max(used + 4096, expected_size + 1));
    const ssize_t count = ::read(descriptor, text.data() + used, text.size() - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot("read", errno);
    used += static_cast<std::size_t>(count);
    if (used > kind.largest) return tl::unexpected(too_large(kind));
    if (count == 0) break;
  }
  text.resize(used);
  return text;
}

}  // namespace

tl::expected<SourceFile, std::string> SourceFile::read(const std::string& path, const SourceKind& kind) {
  if (path.find('\0') != std::string::npos) return cannot("open", ENOENT);
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (descriptor.value() < 0) return cannot("open", errno);
  struct stat status {};
  if (::fstat(descriptor.value(), &status) != 0) return cannot("examine", errno);
  if (S_ISDIR(status.st_mode)) return tl::unexpected("this is a directory; " + std::string(kind.directory));
  if (!S_ISREG(status.st_mode)) return tl::unexpected<std::string>("this is no regular file");
  if (std::cmp_greater(status.st_size, kind.largest)) return tl::unexpected(too_large(kind));
  auto text = read_all(descriptor.value(), static_cast<std::size_t>(status.st_size), kind);
  if (!text) return tl::unexpected(std::move(text.error()));
  constexpr mode_t rights = 07777;
  return SourceFile{std::move(*text), status.st_dev, status.st_ino,
                    status.st_uid,    status.st_gid, status.st_mode & rights};
}

std::string why_not_text(std::string_view content, const SourceKind& kind) {
  const auto nul = content.find('\0');
  if (nul == std::string_view::npos) return {};
  return "the file is binary, not " + std::string(kind.words) + ": it has a NUL at byte " + std::to_string(nul + 1);
}

}  // namespace connectord::config
