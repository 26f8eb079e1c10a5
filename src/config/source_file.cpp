#include "source_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "connectord/base/file_descriptor.h"
#include "connectord/base/files.h"

namespace connectord::config {
namespace {

tl::unexpected<std::string> cannot(std::string_view what, int error) {
  return tl::unexpected("cannot " + std::string(what) + " the file: " + std::generic_category().message(error));
}

std::string too_large(const SourceKind& kind) {
  return "the file is larger than " + std::to_string(kind.largest >> 20) + " MiB; " + std::string(kind.too_large);
}

}  // namespace

tl::expected<SourceFile, std::string> SourceFile::read(const std::string& path, const SourceKind& kind) {
  if (path.find('\0') != std::string::npos) return cannot("open", ENOENT);
  const int no_link = kind.may_be_link ? 0 : O_NOFOLLOW;
  const base::FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | no_link));
  if (descriptor.get() < 0) return cannot("open", errno);
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) return cannot("examine", errno);
  if (S_ISDIR(status.st_mode)) return tl::unexpected("this is a directory; " + std::string(kind.directory));
  if (!S_ISREG(status.st_mode)) return tl::unexpected<std::string>("this is no regular file");
  if (std::cmp_greater(status.st_size, kind.largest)) return tl::unexpected(too_large(kind));
  auto text = base::read_all(descriptor.get(), kind.largest);
  if (!text && text.error() == std::errc::file_too_large) return tl::unexpected(too_large(kind));
  if (!text) return cannot("read", text.error().value());
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
