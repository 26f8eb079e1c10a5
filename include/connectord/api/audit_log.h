#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

#include "connectord/base/mutex.h"

namespace connectord::api {

// Who changed what, when, and how it was before: one JSON object a line, appended and synchronized before the change is
// made, so that no change goes without its line. The file is opened for each line, so that it can be moved away at any
// time. Thread-safe.
class AuditLog {
 public:
  // No path: nothing is kept.
  explicit AuditLog(std::string path, std::function<std::int64_t()> unix_time)
      : path_(std::move(path)), unix_time_(std::move(unix_time)) {}

  // Makes the file where it is missing. On failure says why.
  tl::expected<void, std::string> open() const;

  // Adds the time to `entry`. On failure says why; then nothing may be changed.
  tl::expected<void, std::string> write(const nlohmann::ordered_json& entry);

 private:
  std::string path_;
  std::function<std::int64_t()> unix_time_;
  base::Mutex mutex_;  // of the file: one line after the other
};

}  // namespace connectord::api
