#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/base/mutex.h"
#include "connectord/log/logger.h"
#include "connectord/maillog/mail_log_event.h"

namespace connectord::maillog {

// What some lines of the log report, and where the reading continues behind them. A position is opaque, and kept as it
// is.
struct LoggedBatch {
  std::vector<Event> events;
  std::string position;
};

// A mail log, read from a position onwards. Not thread-safe.
class MailLogSource {
 public:
  virtual ~MailLogSource() = default;

  // What was written since, up to some hundred KiB; without events and with the position that it had, if nothing was.
  // On failure says why it cannot be read now; it can be tried again, and nothing is skipped.
  virtual tl::expected<LoggedBatch, std::string> read() = 0;

  // Lines that were lost to a rotation, since the last call: 0, or 1 for an unknown number.
  virtual bool lost_lines() = 0;
};

// `now` gives the time by which lines without a year are read.
using Now = std::function<std::chrono::sys_seconds()>;

// A file that a syslog program, postlogd(8) or Sendmail's syslog writes, and that is rotated by renaming or by copying
// and truncating (logrotate(8): create, copytruncate). The position is the device and inode, the offset, and a hash of
// what stands before it. What was written before a rotation is read to its end, and so are FILE.1, FILE.2,
// FILE-20261121 and so on, if they were made after the position; compressed ones are not. An empty position is the end
// of the file. A line is read when its line end is there. Lines of more than 64 KiB are passed over.
std::unique_ptr<MailLogSource> open_mail_log_file(std::string path, const std::string& position, Now now);

// What has the syslog facility "mail" in the systemd journal, and does not come from an ordinary user's process. The
// position is a cursor (sd_journal_get_cursor(3)). `folder` is for journals elsewhere; empty is the system's.
std::unique_ptr<MailLogSource> open_mail_journal(const std::string& position, const std::string& folder = "");

// Takes what was read. Called from one thread.
class MailLogSink {
 public:
  virtual ~MailLogSink() = default;
  // Where the reading begins.
  virtual tl::expected<std::string, std::string> position() = 0;
  // Keeps the events and the position in one step, or neither and says why; then the same comes again.
  virtual tl::expected<void, std::string> take(const LoggedBatch& batch) = 0;
};

struct MailLogOptions {
  std::string source;                         // an absolute path, or "journal"
  std::chrono::milliseconds interval{1'000};  // how often it looks for new lines
  Now now = [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); };
};

// Reads a mail log on a thread of its own from start() to stop(). While the log cannot be read, or the sink takes
// nothing, it tries again; the connectord log has one warning when that begins, and one line when it is over.
class MailLogReader {
 public:
  MailLogReader(MailLogOptions options, MailLogSink& sink, log::Logger& log);
  ~MailLogReader();
  MailLogReader(const MailLogReader&) = delete;
  MailLogReader& operator=(const MailLogReader&) = delete;

  void start();
  // Returns when the batch under way is kept or given up.
  void stop();

 private:
  void run(const std::stop_token& stop);
  // True if there may be more at once.
  bool read_some();
  bool open();
  void note(const std::string& problem);
  void note_recovery();

  MailLogOptions options_;
  MailLogSink& sink_;
  log::Logger& log_;
  std::unique_ptr<MailLogSource> source_;
  LoggedBatch waiting_;  // for the sink
  std::string position_;
  bool has_waiting_ = false;
  bool has_outage_ = false;

  base::Mutex mutex_;  // guards nothing; the thread sleeps by it
  base::ConditionVariable sleep_;
  std::jthread thread_;  // last, so that all it uses is there
};

// Fails with the reason where this process cannot read the log.
tl::expected<void, std::string> check_mail_log(const std::string& source);

}  // namespace connectord::maillog
