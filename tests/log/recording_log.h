#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "connectord/log/logger.h"

namespace connectord::test {

// Keeps every line in its text form. Thread-safe.
class RecordingLog : public log::Logger {
 public:
  void write(const log::Record& record) override {
    const std::scoped_lock lock(mutex_);
    lines_.push_back(format_text(record));
  }
  std::vector<std::string> lines() const {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace connectord::test
