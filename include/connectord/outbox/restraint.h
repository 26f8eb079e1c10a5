#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/base/mutex.h"
#include "connectord/mail/header_field.h"
#include "connectord/outbox/key.h"

// When we write nothing.
namespace connectord::outbox {

// Why no notice and no incident report may be written about a message, in words: it has the null sender, it was sent by
// a program or to many (mail::sent_by), or it is a report (multipart/report). Empty where one may. What we wrote
// ourselves has the null sender. Pure and thread-safe.
std::string why_not_answered(std::string_view envelope_sender, const std::vector<mail::HeaderField>& header);

// Whether we wrote this message: it has a token for its Message-ID and its body, of which `body_sha256` is the digest
// in lower-case hexadecimal. Nobody else can have us take other words for ours.
bool is_own_mail(const std::vector<mail::HeaderField>& header, std::string_view body_sha256, const Key& key,
                 std::int64_t unix_time);

// So many notices an hour for each rule, so that no stranger makes us send mail in masses. Thread-safe.
class NoticeLimit {
 public:
  static constexpr std::size_t max_rules = 10'000;

  explicit NoticeLimit(std::size_t max_an_hour = 60) : max_an_hour_(max_an_hour) {}

  // Counts one, if there is room for it. `unix_time` is now.
  bool take(const std::string& rule, std::int64_t unix_time) EXCLUDES(mutex_);

 private:
  std::size_t max_an_hour_;
  base::Mutex mutex_;
  std::map<std::string, std::deque<std::int64_t>> taken_ GUARDED_BY(mutex_);
};

}  // namespace connectord::outbox
