#include <systemd/sd-journal.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "connectord/maillog/mail_log_reader.h"
#include "connectord/maillog/text_cursor.h"
#include "mail_log_line.h"

namespace connectord::maillog {
namespace {

constexpr std::string_view position_mark = "journal ";
constexpr std::size_t max_entries_at_once = 2'000;
constexpr const char* mail_facility = "SYSLOG_FACILITY=2";
// The system's own users end here (login.defs(5): SYS_UID_MAX). Anybody can write a line to syslog that looks like
// Postfix's; the journal knows who did.
constexpr std::uint32_t highest_system_user = 999;

struct JournalCloser {
  void operator()(sd_journal* journal) const { sd_journal_close(journal); }
};
using Journal = std::unique_ptr<sd_journal, JournalCloser>;

std::string why(int error) {
  return std::string("the journal: ") + std::strerror(-error);
}

class JournalSource : public MailLogSource {
 public:
  JournalSource(const std::string& position, std::string folder) : folder_(std::move(folder)) {
    if (position.substr(0, position_mark.size()) == position_mark) cursor_ = position.substr(position_mark.size());
  }

  tl::expected<LoggedBatch, std::string> read() override {
    if (!journal_) {
      if (const int error = open(); error < 0) return failed(error);
    }
    // Notices files that were added or removed by a rotation.
    if (const int error = sd_journal_process(journal_.get()); error < 0) return failed(error);
    LoggedBatch batch;
    for (std::size_t entries = 0; entries < max_entries_at_once; ++entries) {
      const int found = sd_journal_next(journal_.get());
      if (found < 0) return failed(found);
      if (found == 0) break;
      if (auto event = take_entry()) batch.events.push_back(std::move(*event));
      has_moved_ = true;
    }
    if (has_moved_) {
      if (const int error = keep_cursor(); error < 0) return failed(error);
    }
    if (!cursor_.empty()) batch.position = std::string(position_mark) + cursor_;
    return batch;
  }

  bool lost_lines() override { return std::exchange(lost_lines_, false); }

 private:
  tl::unexpected<std::string> failed(int error) {
    journal_.reset();  // is opened anew, at the last position that was given out
    has_moved_ = false;
    return tl::unexpected(why(error));
  }

  int open() {
    sd_journal* journal = nullptr;
    const int opened = folder_.empty() ? sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM)
                                       : sd_journal_open_directory(&journal, folder_.c_str(), 0);
    if (opened < 0) return opened;
    journal_.reset(journal);
    sd_journal_set_data_threshold(journal, max_log_line_length);
    if (const int error = sd_journal_add_match(journal, mail_facility, 0); error < 0) return error;
    return cursor_.empty() ? go_to_end() : go_to_cursor();
  }

  int go_to_end() {
    if (const int error = sd_journal_seek_tail(journal_.get()); error < 0) return error;
    const int found = sd_journal_previous(journal_.get());
    if (found < 0) return found;
    return found == 0 ? sd_journal_seek_head(journal_.get()) : keep_cursor();  // in an empty one all that comes is new
  }

  // To the entry that was read last, or to the one after it where that is gone.
  int go_to_cursor() {
    if (const int error = sd_journal_seek_cursor(journal_.get(), cursor_.c_str()); error < 0) return error;
    const int found = sd_journal_next(journal_.get());
    if (found <= 0) return found;
    if (sd_journal_test_cursor(journal_.get(), cursor_.c_str()) > 0) return 0;
    lost_lines_ = true;
    return sd_journal_previous(journal_.get()) == 0 ? sd_journal_seek_head(journal_.get()) : 0;
  }

  int keep_cursor() {
    char* text = nullptr;
    if (const int error = sd_journal_get_cursor(journal_.get(), &text); error < 0) return error;
    const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
    cursor_ = text;
    has_moved_ = false;
    return 0;
  }

  // Valid until the next field is asked for; empty where the entry has none.
  std::string_view field(const char* name) {
    const void* data = nullptr;
    std::size_t length = 0;
    if (sd_journal_get_data(journal_.get(), name, &data, &length) < 0) return {};
    const std::string_view text(static_cast<const char*>(data), length);
    return text.substr(std::min(text.size(), std::strlen(name) + 1));
  }

  std::optional<std::uint32_t> number_field(const char* name) {
    return TextCursor(field(name)).number<std::uint32_t>();
  }

  std::optional<Event> take_entry() {
    if (number_field("_UID").value_or(0) > highest_system_user) return std::nullopt;
    std::uint64_t time = 0;
    if (sd_journal_get_realtime_usec(journal_.get(), &time) < 0) return std::nullopt;
    const std::string program(field("SYSLOG_IDENTIFIER"));
    auto pid = number_field("SYSLOG_PID");
    if (!pid) pid = number_field("_PID");
    return parse_mail_log_message(Time(std::chrono::microseconds(time)), program, pid.value_or(0), field("MESSAGE"));
  }

  std::string folder_;
  std::string cursor_;
  Journal journal_;
  bool has_moved_ = false;
  bool lost_lines_ = false;
};

}  // namespace

std::unique_ptr<MailLogSource> open_mail_journal(const std::string& position, const std::string& folder) {
  return std::make_unique<JournalSource>(position, folder);
}

}  // namespace connectord::maillog
