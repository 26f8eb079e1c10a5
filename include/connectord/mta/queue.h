#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/mta/postfix_setup.h"
#include "connectord/mta/sendmail_cf.h"

// What the mail server has taken and not delivered yet. Times are seconds since 1970.
namespace connectord::mta {

struct QueuedRecipient {
  std::string address;
  std::string reason;  // why it was not delivered at the last attempt; empty where there was none yet
};

struct QueuedMessage {
  std::string queue_id;
  bool held = false;  // not tried until somebody releases it
  std::int64_t arrived = 0;
  std::uint64_t size = 0;  // bytes
  std::string sender;      // empty for a bounce
  std::vector<QueuedRecipient> recipients;
  std::optional<std::int64_t> next_try{};  // empty where it is being tried, or is not known
};

// How long it tries. Seconds; empty where that is not known.
struct QueueTimes {
  std::optional<long> lifetime{};         // maximal_queue_lifetime; Timeout.queuereturn
  std::optional<long> bounce_lifetime{};  // the same for mail with an empty sender
  std::optional<long> minimal_backoff{};  // between two attempts at one message
  std::optional<long> maximal_backoff{};
};

struct Queue {
  std::vector<QueuedMessage> messages;
  QueueTimes times;
  std::size_t left_out = 0;  // messages beyond max_queued_messages
};
inline constexpr std::size_t max_queued_messages = 50'000;

// What postqueue(1) -j prints, an object a line. What is no message is passed over. Pure.
Queue parse_postqueue(std::string_view text);
// What Sendmail's mailq(1) prints. `now` gives the year, which it leaves out; times are this machine's. Pure but for
// the time zone.
Queue parse_mailq(std::string_view text, std::int64_t now);

// Asks the mail server's own programs. On failure says what they say, and what to do. When a message of Postfix is
// tried next stands in its queue file's time, which only root sees.
tl::expected<Queue, std::string> read_queue(const PostfixSetup& setup);
tl::expected<Queue, std::string> read_queue(const SendmailCf& cf, std::int64_t now);

}  // namespace connectord::mta
