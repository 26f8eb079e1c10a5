#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace connectord::api {

// Who changed what, when, and how it was before: one JSON object a line, appended and synchronized before the change is
// made, so that no change goes without its line. The file is opened for each line, so that it can be moved away at any
// time. Thread-safe.
class AuditLog {
 public:
  explicit AuditLog(std::string path, std::function<std::int64_t()> unix_time)
      : path_(std::move(path)), unix_time_(std::move(unix_time)) {}

  // While still root: makes the file where it is missing, and gives it to whom the process becomes.
  tl::expected<void, std::string> give_to(std::optional<uid_t> owner, std::optional<gid_t> group) const;

  // Adds the time to `entry`. On failure says why; then nothing may be changed.
  tl::expected<void, std::string> write(const nlohmann::ordered_json& entry);

 private:
  std::string path_;
  std::function<std::int64_t()> unix_time_;
  std::mutex mutex_;
};

}  // namespace connectord::api
