#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "connectord/maillog/mail_log_reader.h"

namespace connectord::maillog {

// A folder with a log, that grows and is rotated as real ones are.
class LogFolder {
 public:
  LogFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "connectord-maillog-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~LogFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  LogFolder(const LogFolder&) = delete;
  LogFolder& operator=(const LogFolder&) = delete;

  std::string path() const { return (folder_ / "mail.log").string(); }
  std::string rotated(unsigned number) const { return path() + "." + std::to_string(number); }

  void write(const std::string& text) const { std::ofstream(path(), std::ios::app | std::ios::binary) << text; }

  // As logrotate(8) does it, but for the writer, which goes over to the new file at its next write().
  void rotate_by_renaming() const {
    shift();
    std::filesystem::rename(path(), rotated(1));
    write("");
  }
  void rotate_by_copying() const {
    shift();
    std::filesystem::copy_file(path(), rotated(1));
    std::filesystem::resize_file(path(), 0);
  }

  std::unique_ptr<MailLogSource> open(const std::string& position) const {
    return open_mail_log_file(path(), position,
                              [] { return std::chrono::sys_days(std::chrono::year(2026) / 11 / 22); });
  }

 private:
  void shift() const {
    for (unsigned number = 50; number > 0; --number) {
      if (std::filesystem::exists(rotated(number))) std::filesystem::rename(rotated(number), rotated(number + 1));
    }
  }

  std::filesystem::path folder_;
};

// A line about the message with this number, and its number again.
inline std::string numbered_line(unsigned number) {
  return "2026-11-21T22:52:18Z mx postfix/qmgr[17]: " + std::to_string(1'000'000 + number) + ": removed\n";
}
inline unsigned number_of(const Event& event) {
  return static_cast<unsigned>(std::stoul(event.queue_id)) - 1'000'000;
}

}  // namespace connectord::maillog
