// Sendmail's queue, as its mailq(1) prints it.
#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <sstream>

#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/mta/queue.h"
#include "connectord/mta/time_limit.h"
#include "program.h"

namespace connectord::mta {
namespace {

constexpr std::size_t max_text_length = 1024;

bool is_queue_id(std::string_view word) {
  constexpr std::size_t shortest = 8;
  if (word.size() < shortest) return false;
  for (const char c : word) {
    if (!base::is_alpha(c) && !base::is_digit(c)) return false;
  }
  return true;
}

// "Nov 21 12:00" of this machine's time zone. The year is the one in which it is not in the future.
std::int64_t time_of(const std::string& month, int day, const std::string& clock, std::int64_t now) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr std::size_t letters = 3;
  const std::size_t place = month.size() == letters ? months.find(month) : std::string_view::npos;
  const std::size_t colon = clock.find(':');
  if (place == std::string_view::npos || colon == std::string::npos) return 0;
  const std::time_t present = now;
  std::tm time{};
  ::localtime_r(&present, &time);
  time.tm_mon = static_cast<int>(place / letters);
  time.tm_mday = day;
  std::from_chars(clock.data(), clock.data() + colon, time.tm_hour);
  std::from_chars(clock.data() + colon + 1, clock.data() + clock.size(), time.tm_min);
  time.tm_sec = 0;
  time.tm_isdst = -1;
  std::tm asked = time;
  const std::time_t found = ::mktime(&asked);
  if (found <= now + base::day_seconds) return found;
  --time.tm_year;
  return ::mktime(&time);
}

std::string without_brackets(std::string text) {
  if (text.starts_with('<') && text.ends_with('>')) return text.substr(1, text.size() - 2);
  return text;
}

class MailqReader {
 public:
  explicit MailqReader(std::int64_t now) : now_(now) {}

  Queue read(std::string_view text) && {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) take(line);
    finish();
    return std::move(queue_);
  }

 private:
  void take(const std::string& line) {
    if (!line.empty() && !base::is_space(line.front())) return take_message(line);
    if (!is_open_) return;
    const std::string text(base::trimmed(line));
    if (text.starts_with('<')) {
      message_.recipients.push_back({without_brackets(text).substr(0, max_text_length), reason_});
    } else if (!text.starts_with("(---")) {  // whose alias the next recipients come from
      take_reason(text);
    }
  }

  // "8BITMIME   (Deferred: Connection refused by mx.contoso.com.)"; the type of the body may be missing.
  void take_reason(const std::string& text) {
    const std::size_t begin = text.find('(');
    if (begin == std::string::npos || !text.ends_with(')') || text.substr(0, begin).find('<') != std::string::npos)
      return;
    reason_ = text.substr(begin + 1, std::min(text.size() - begin - 2, max_text_length));
  }

  // "26BNxxxx000001*     5 Fri Nov 21 12:00 <alice@example.com>": the mark says that it is being tried, is too young or
  // the machine too busy. With -v a priority stands in the weekday's place, and behind it a plus where the sender was
  // warned: "120345+Nov 21 12:00".
  void take_message(const std::string& line) {
    std::istringstream words(line);
    std::string id;
    words >> id;
    while (!id.empty() && (id.ends_with('*') || id.ends_with('-') || id.ends_with('X') || id.ends_with('?')))
      id.pop_back();
    if (!is_queue_id(id)) return;
    finish();
    std::string weekday_or_priority;
    std::string month;
    std::string clock;
    std::string sender;
    int day = 0;
    QueuedMessage message;
    words >> message.size >> weekday_or_priority;
    const std::size_t plus = weekday_or_priority.find('+');
    if (plus == std::string::npos || plus + 1 == weekday_or_priority.size()) {
      words >> month;
    } else {
      month = weekday_or_priority.substr(plus + 1);
    }
    words >> day >> clock;
    std::getline(words, sender);
    // Without these the line is none of a message that waits: "(job 26BN… is locked)".
    if (!words && sender.empty()) return;
    message.queue_id = id;
    message.arrived = time_of(month, day, clock, now_);
    message.sender = without_brackets(std::string(base::trimmed(sender))).substr(0, max_text_length);
    if (message.sender == "MAILER-DAEMON") message.sender.clear();
    message_ = std::move(message);
    is_open_ = true;
  }

  void finish() {
    if (!is_open_) return;
    is_open_ = false;
    for (QueuedRecipient& recipient : message_.recipients) {
      if (recipient.reason.empty()) recipient.reason = reason_;
    }
    reason_.clear();
    if (queue_.messages.size() >= max_queued_messages) {
      ++queue_.left_out;
    } else {
      queue_.messages.push_back(std::move(message_));
    }
    message_ = {};
  }

  std::int64_t now_;
  Queue queue_;
  QueuedMessage message_;
  std::string reason_;
  bool is_open_ = false;
};

// cf/README, Timeout.queuereturn: five days where nothing is said.
std::optional<long> option_or(const SendmailCf& cf, const char* option, const char* otherwise) {
  const std::string value = cf.option(option);
  return mta_seconds(value.empty() ? otherwise : value, 'd');
}

}  // namespace

Queue parse_mailq(std::string_view text, std::int64_t now) {
  return MailqReader(now).read(text);
}

tl::expected<Queue, std::string> read_queue(const SendmailCf& cf, std::int64_t now) {
  // -Ac's queue, of mail that was not handed to the daemon yet, is not mail that a connector lets wait. Without -v
  // addresses are cut at 38 characters, and so lose their domains.
  const auto output = output_of({"sendmail", "-v", "-bp"});
  if (!output) return tl::unexpected(output.error());
  Queue queue = parse_mailq(*output, now);
  const auto lifetime = option_or(cf, "Timeout.queuereturn", "5d");
  queue.times = {lifetime, lifetime, option_or(cf, "MinQueueAge", "0s"), std::nullopt};
  return queue;
}

}  // namespace connectord::mta
