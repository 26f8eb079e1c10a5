#include "connectord/maillog/mail_log_reader.h"

#include <systemd/sd-journal.h>

#include <cstring>

#include "log_file.h"

namespace connectord::maillog {
namespace {

constexpr std::string_view subject = "mail_log";
constexpr std::string_view journal = "journal";

}  // namespace

MailLogReader::MailLogReader(MailLogOptions options, MailLogSink& sink, log::Logger& log)
    : options_(std::move(options)), sink_(sink), log_(log) {}

MailLogReader::~MailLogReader() {
  stop();
}

void MailLogReader::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void MailLogReader::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void MailLogReader::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (read_some()) continue;
    const base::MutexLock lock(mutex_);
    sleep_.wait_for(mutex_, stop, options_.interval, [] { return false; });
  }
}

bool MailLogReader::open() {
  auto position = sink_.position();
  if (!position) {
    note(position.error());
    return false;
  }
  position_ = std::move(*position);
  source_ = options_.source == journal ? open_mail_journal(position_)
                                       : open_mail_log_file(options_.source, position_, options_.now);
  return true;
}

bool MailLogReader::read_some() {
  if (!source_ && !open()) return false;
  if (!has_waiting_) {
    auto batch = source_->read();
    if (!batch) {
      note(batch.error());
      return false;
    }
    if (source_->lost_lines()) {
      log_.warning(subject, "the log was rotated away before it was read to its end; some deliveries are not recorded",
                   {{"source", options_.source}});
    }
    if (batch->position == position_ && batch->events.empty()) {
      note_recovery();
      return false;
    }
    waiting_ = std::move(*batch);
    has_waiting_ = true;
  }
  if (const auto taken = sink_.take(waiting_); !taken) {
    note(taken.error());
    return false;
  }
  has_waiting_ = false;
  position_ = std::move(waiting_.position);
  note_recovery();
  return true;
}

void MailLogReader::note(const std::string& problem) {
  if (has_outage_) return;
  has_outage_ = true;
  log_.warning(subject, "delivery results are not recorded for now; trying again",
               {{"source", options_.source}, {"error", problem}});
}

void MailLogReader::note_recovery() {
  if (!std::exchange(has_outage_, false)) return;
  log_.info(subject, "delivery results are recorded again", {{"source", options_.source}});
}

tl::expected<void, std::string> check_mail_log(const std::string& source) {
  if (source != journal) return LogFile::open(source).map([](const LogFile&) {});
  sd_journal* opened = nullptr;
  const int error = sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
  if (error < 0) return tl::unexpected(std::string("the journal: ") + std::strerror(-error));
  sd_journal_close(opened);
  return {};
}

}  // namespace connectord::maillog
