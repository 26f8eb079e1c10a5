#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "connectord/maillog/mail_log_reader.h"
#include "log_file.h"
#include "mail_log_line.h"

namespace connectord::maillog {
namespace {

constexpr std::size_t max_bytes_at_once = 262'144;
static_assert(max_bytes_at_once > 2 * max_log_line_length);

class LogFileSource : public MailLogSource {
 public:
  LogFileSource(std::string path, const std::string& position, Now now)
      : path_(std::move(path)), at_(parse_position(position)), now_(std::move(now)), buffer_(max_bytes_at_once) {}

  tl::expected<LoggedBatch, std::string> read() override {
    if (!file_) {
      if (auto opened = at_ ? resume() : begin_at_end(); !opened) return tl::unexpected(opened.error());
    }
    const auto length = file_->read(at_->offset, buffer_);
    if (!length) return tl::unexpected(path_ + ": " + length.error());
    // Only now, so that a truncation before the read and one after it are both seen.
    if (!file_->holds(*at_)) {
      file_.reset();
      if (auto opened = resume(); !opened) return tl::unexpected(opened.error());
      return batch({});
    }
    const std::string_view text(buffer_.data(), *length);
    Events events;
    if (!take_lines(events, text) && is_over()) go_on(events, text);
    return batch(std::move(events));
  }

  bool lost_lines() override { return std::exchange(lost_lines_, false); }

 private:
  using Events = std::vector<Event>;
  using Opened = tl::expected<void, std::string>;

  LoggedBatch batch(Events events) { return {std::move(events), format_position(*at_)}; }

  void go_to(LogFile file, std::uint64_t offset, bool within_long_line = false) {
    at_ = LogPosition{file.device(), file.inode(), offset, file.fingerprint(offset), within_long_line};
    file_ = std::move(file);
    next_seen_ = false;
  }

  // Behind the last complete line.
  Opened begin_at_end() {
    auto file = LogFile::open(path_);
    if (!file) return tl::unexpected(file.error());
    const std::uint64_t size = file->size();
    std::vector<char> last(std::min<std::uint64_t>(size, max_log_line_length));
    const auto length = file->read(size - last.size(), last);
    if (!length) return tl::unexpected(path_ + ": " + length.error());
    const auto line_end = std::string_view(last.data(), *length).rfind('\n');
    if (line_end == std::string_view::npos && size > 0) {
      const bool whole = size == last.size();
      go_to(std::move(*file), whole ? 0 : size, !whole);
    } else {
      go_to(std::move(*file), line_end == std::string_view::npos ? 0 : size - last.size() + line_end + 1);
    }
    return {};
  }

  // Finds the content in which the position lies: the log, or the file that it has become in the meantime.
  Opened resume() {
    auto current = LogFile::open(path_);
    if (current && is_here(*current)) {
      go_to(std::move(*current), at_->offset, at_->within_long_line);
      return {};
    }
    for (const auto& rotated : rotated_files(path_)) {
      auto file = LogFile::open(rotated);
      if (!file || !is_here(*file)) continue;
      go_to(std::move(*file), at_->offset, at_->within_long_line);
      return {};
    }
    if (!current) return tl::unexpected(current.error());
    lost_lines_ = true;
    go_to(std::move(*current), 0);
    return {};
  }

  // At the beginning of a file there is nothing to compare, so it must be that very file.
  bool is_here(const LogFile& file) const {
    const bool same = file.device() == at_->device && file.inode() == at_->inode;
    return file.holds(*at_) && (same || at_->offset > 0);
  }

  void take_line(Events& events, std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (auto event = parse_mail_log_line(line, clock_)) events.push_back(std::move(*event));
  }

  // Takes the complete lines, and moves the position behind them; false if there is none.
  bool take_lines(Events& events, std::string_view text) {
    clock_.now = now_();
    std::string_view rest = text;
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      if (!std::exchange(at_->within_long_line, false)) take_line(events, rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    if (at_->within_long_line || rest.size() > max_log_line_length) {
      at_->within_long_line = true;
      rest = {};
    }
    if (rest.size() == text.size()) return false;
    at_->offset += text.size() - rest.size();
    at_->fingerprint = file_->fingerprint(at_->offset);
    next_seen_ = false;
    return true;
  }

  // The next file with a line in it: whoever writes the log has gone over to it then, and adds nothing to this one.
  // Names change with each rotation, so they are looked at anew each time.
  std::optional<LogFile> next_file() const {
    auto current = LogFile::open(path_);
    if (current && is_open(*current)) return std::nullopt;
    std::vector<LogFile> older;
    for (const auto& rotated : rotated_files(path_)) {
      if (auto file = LogFile::open(rotated)) older.push_back(std::move(*file));
    }
    // One that is no longer there was compressed or removed, and older than all that are.
    auto next = std::find_if(older.begin(), older.end(), [this](const LogFile& file) { return is_open(file); });
    next = next == older.end() ? older.begin() : next + 1;
    next = std::find_if(next, older.end(), has_line);
    if (next != older.end()) return std::move(*next);
    if (!current || !has_line(*current)) return std::nullopt;
    return std::move(*current);
  }

  static bool has_line(const LogFile& file) {
    std::vector<char> first(max_log_line_length + 1);
    const auto length = file.read(0, first);
    return length && (*length == first.size() || std::memchr(first.data(), '\n', *length) != nullptr);
  }

  bool is_open(const LogFile& file) const { return file.device() == at_->device && file.inode() == at_->inode; }

  // At the end of a file: true the second time that there is a next one. Nothing was added to this one in between.
  bool is_over() { return std::exchange(next_seen_, next_file().has_value()) && next_seen_; }

  // To the next file, behind its first lines: a position at its beginning would have nothing to be found again by, if
  // the file is copied and truncated. The `rest`, a last line without an end, is as complete as it will ever be.
  void go_on(Events& events, std::string_view rest) {
    auto next = next_file();
    if (!next) return;
    if (!at_->within_long_line) take_line(events, rest);
    go_to(std::move(*next), 0);
    if (const auto length = file_->read(0, buffer_)) take_lines(events, {buffer_.data(), *length});
  }

  std::string path_;
  std::optional<LogPosition> at_;
  Now now_;
  LogClock clock_ = LogClock::of_this_machine({});
  std::vector<char> buffer_;
  std::optional<LogFile> file_;
  bool next_seen_ = false;
  bool lost_lines_ = false;
};

}  // namespace

std::unique_ptr<MailLogSource> open_mail_log_file(std::string path, const std::string& position, Now now) {
  return std::make_unique<LogFileSource>(std::move(path), position, std::move(now));
}

}  // namespace connectord::maillog
