#include "log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>

#include "connectord/maillog/text_cursor.h"

namespace connectord::maillog {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t fingerprint_span = 512;

// FNV-1a: it distinguishes files, and protects from nothing.
std::uint64_t hash(const char* data, std::size_t size) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < size; ++i) {
    value = (value ^ static_cast<unsigned char>(data[i])) * 0x100000001b3;
  }
  return value;
}

std::string why(const std::string& path) {
  return path + ": " + std::strerror(errno);
}

// ".1"
std::optional<unsigned> rotation_number(std::string_view suffix) {
  TextCursor cursor(suffix);
  if (!cursor.take(".")) return std::nullopt;
  const auto number = cursor.number<unsigned>();
  return cursor.at_end() ? number : std::nullopt;
}

// "-20261121", "-20261121-1795305138" (logrotate(8): dateext), ".20261121-235218" (postconf(5):
// maillog_file_rotate_suffix)
bool is_rotation_date(std::string_view suffix) {
  return suffix.size() > 8 && (suffix.front() == '-' || suffix.front() == '.') &&
         std::all_of(suffix.begin() + 1, suffix.end(), [](char c) { return base::is_digit(c) || c == '-'; });
}

}  // namespace

tl::expected<LogFile, std::string> LogFile::open(const std::string& path) {
  base::FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) return tl::unexpected(why(path));
  if (!S_ISREG(status.st_mode)) return tl::unexpected(path + " is not a regular file");
  return LogFile(std::move(fd), status.st_dev, status.st_ino);
}

std::uint64_t LogFile::size() const {
  struct stat status {};
  return ::fstat(fd_.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::uint64_t LogFile::fingerprint(std::uint64_t offset) const {
  std::vector<char> before(std::min(offset, fingerprint_span));
  const auto length = read(offset - before.size(), before);
  return length ? hash(before.data(), *length) : 0;
}

bool LogFile::holds(const LogPosition& position) const {
  return size() >= position.offset && fingerprint(position.offset) == position.fingerprint;
}

tl::expected<std::size_t, std::string> LogFile::read(std::uint64_t offset, std::vector<char>& buffer) const {
  std::size_t length = 0;
  while (length < buffer.size()) {
    const auto place = static_cast<off_t>(offset + length);
    const ssize_t got = ::pread(fd_.get(), buffer.data() + length, buffer.size() - length, place);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected(why("read"));
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  return length;
}

std::vector<std::string> rotated_files(const std::string& path) {
  const fs::path log(path);
  const std::string name = log.filename().string();
  std::vector<std::string> dated;
  std::map<unsigned, std::string, std::greater<>> numbered;
  std::error_code error;
  for (fs::directory_iterator entry(log.parent_path(), error), end; !error && entry != end; entry.increment(error)) {
    const std::string other = entry->path().filename().string();
    if (other.substr(0, name.size()) != name) continue;
    const std::string_view suffix = std::string_view(other).substr(name.size());
    if (const auto number = rotation_number(suffix)) {
      numbered[*number] = entry->path().string();
    } else if (is_rotation_date(suffix)) {
      dated.push_back(entry->path().string());
    }
  }
  std::sort(dated.begin(), dated.end());
  for (auto& [number, rotated] : numbered) dated.push_back(std::move(rotated));
  return dated;
}

}  // namespace connectord::maillog
