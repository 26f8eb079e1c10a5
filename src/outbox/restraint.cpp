#include "connectord/outbox/restraint.h"

#include <algorithm>

#include "connectord/base/time.h"
#include "connectord/mail/automatic.h"
#include "connectord/mime/content_value.h"

namespace connectord::outbox {
namespace {

std::string why_not_for(const mail::HeaderField& field) {
  const mail::SentBy sender = mail::sent_by(field);
  if (sender == mail::SentBy::program) return "a program sent it (Auto-Submitted)";
  if (sender == mail::SentBy::list) return "it was sent to many (List-*, Precedence)";
  if (mail::is_named(field.name, "Content-Type")) {
    const std::string type = mime::parse_content_value(field.value).value;
    if (type == "multipart/report" || type == "message/delivery-status" || type == "message/disposition-notification") {
      return "it is a report (" + type + ")";
    }
  }
  return {};
}

std::string_view one_word(std::string_view value) {
  const auto begin = value.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  value.remove_prefix(begin);
  return value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
}

}  // namespace

bool is_own_mail(const std::vector<mail::HeaderField>& header, std::string_view body_sha256, const Key& key,
                 std::int64_t unix_time) {
  constexpr int max_tokens = 10;
  const auto message_id = std::find_if(header.begin(), header.end(),
                                       [](const auto& field) { return mail::is_named(field.name, "Message-ID"); });
  if (message_id == header.end()) return false;
  const std::string bound_to = written_binding(one_word(message_id->value), body_sha256);
  int tokens = 0;
  return std::any_of(header.begin(), header.end(), [&](const mail::HeaderField& field) {
    return mail::is_named(field.name, Key::token_header) && ++tokens <= max_tokens &&
           key.verify(one_word(field.value), purpose_written, bound_to, unix_time, max_written_age);
  });
}

std::string why_not_answered(std::string_view envelope_sender, const std::vector<mail::HeaderField>& header) {
  if (envelope_sender.empty()) return "it has the null sender";
  for (const mail::HeaderField& field : header) {
    if (std::string why = why_not_for(field); !why.empty()) return why;
  }
  return {};
}

bool NoticeLimit::take(const std::string& rule, std::int64_t unix_time) {
  constexpr std::int64_t hour = base::hour_ms / base::second_ms;
  const base::MutexLock lock(mutex_);
  if (taken_.size() >= max_rules && !taken_.contains(rule)) taken_.clear();
  auto& times = taken_[rule];
  // A clock that was set back must not make all that was taken count for long.
  std::erase_if(times, [&](std::int64_t time) { return time <= unix_time - hour || time > unix_time; });
  if (times.size() >= max_an_hour_) return false;
  times.push_back(unix_time);
  return true;
}

}  // namespace connectord::outbox
