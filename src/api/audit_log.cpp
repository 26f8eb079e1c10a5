#include "connectord/api/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "connectord/base/file_descriptor.h"
#include "connectord/base/time.h"
#include "json_body.h"

namespace connectord::api {
namespace {

constexpr mode_t only_ours = 0640;

tl::unexpected<std::string> not_logged(const std::string& path, std::string_view what) {
  return tl::unexpected(path + ": cannot " + std::string(what) + ": " + std::strerror(errno) +
                        "; see server.audit_log, and no change is made without it");
}

// A file of no other name: in a folder that others may write to, a link to somebody else's file might stand there.
base::FileDescriptor open_to_append(const std::string& path) {
  base::FileDescriptor fd(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, only_ours));
  struct stat status {};
  if (fd.get() < 0 || (::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1)) return fd;
  errno = EMLINK;
  return base::FileDescriptor();
}

}  // namespace

tl::expected<void, std::string> AuditLog::open() const {
  if (open_to_append(path_).get() < 0) return not_logged(path_, "open the audit log");
  return {};
}

tl::expected<void, std::string> AuditLog::write(const nlohmann::ordered_json& entry) {
  if (path_.empty()) return {};
  Json line{{"time", base::utc_text(unix_time_())}};
  line.update(entry);
  const std::string text = to_text(line);
  const base::MutexLock lock(mutex_);
  const base::FileDescriptor fd = open_to_append(path_);
  if (fd.get() < 0) return not_logged(path_, "open the audit log");
  // In one piece: connectorctl token may append at the same moment.
  const ssize_t written = ::write(fd.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()) || ::fsync(fd.get()) != 0) {
    return not_logged(path_, "write the audit log");
  }
  return {};
}

}  // namespace connectord::api
