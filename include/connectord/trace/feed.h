#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/trace/search.h"

// What a second place takes of a trace, in the order in which it came: the file itself is the queue. Texts are as the
// file has them, and valid during the call that hands them over. Times are milliseconds since 1970.
namespace connectord::trace {

// How far the second place has it.
struct FeedCursor {
  std::int64_t row = 0;     // of messages and recipients
  std::int64_t report = 0;  // of what came later: deliveries, requeueings, sizes
  std::int64_t word = 0;    // of the texts that messages refer to by number
  std::int64_t finding = 0;
  std::int64_t certificate = 0;

  friend bool operator==(const FeedCursor&, const FeedCursor&) = default;
};

// Stored: do not change.
enum class KeptTextKind : std::uint8_t { word = 0, finding = 1, certificate = 2 };

// A text that messages refer to by its number.
struct KeptText {
  KeptTextKind kind = KeptTextKind::word;
  std::int64_t number = 0;
  std::string_view text;
};

// In `outbound_connector` of a message whose recipients leave by different ones.
inline constexpr std::string_view several_outbound = "*";

// A message in the form in which it is kept.
struct KeptMessage {
  std::int64_t id = 0;  // the row of its first recipient
  std::int64_t time = 0;
  std::int64_t connected = 0;
  std::int64_t began = 0;
  Stage stage = Stage::message;
  Direction direction = Direction::inbound;
  model::Action action = model::Action::accept;
  std::int64_t recipients = 0;
  std::optional<std::int64_t> size;
  std::string_view queue_id;
  std::string_view message_id;
  std::string_view client;  // 4 or 16 bytes; empty where it is not known
  std::string_view original_client;
  std::string_view helo;
  std::string_view tls;
  std::string_view cipher;
  std::string_view mail_from;
  std::string_view from;
  std::string_view subject;
  std::string_view connector;
  std::string_view outbound_connector;
  std::string_view reply;
  std::int64_t certificate = 0;  // its number; 0 where `certificate_text` has it
  std::string_view certificate_text;
  std::string_view details;
  std::string_view findings;  // with numbers of texts
  std::string_view rules;     // with numbers of words
};

// What such a message says. The functions return the text that has a number, or an empty one.
struct KeptTexts {
  std::function<std::string(std::int64_t)> word;
  std::function<std::string(std::int64_t)> finding;
  std::function<std::string(std::int64_t)> certificate;
};
Message message_of(const KeptMessage& kept, const KeptTexts& texts);

// What a message is found by, as numbers (32 bits, signed): two texts may have the same. std::nullopt for none.
struct MessageTerms {
  std::optional<std::int32_t> sender;
  std::optional<std::int32_t> sender_domain;
  std::optional<std::int32_t> message_id;
  std::optional<std::int32_t> queue_id;
  std::optional<std::int32_t> client;
  std::vector<std::int32_t> others;  // of authors who are not the sender, the original client and rules
};

struct RecipientTerms {
  std::optional<std::int32_t> address;
  std::optional<std::int32_t> domain;
};

struct KeptRecipient {
  std::int64_t row = 0;
  std::string_view address;
  Status status = Status::getting_status;
  std::int64_t status_time = 0;  // 0: none
  std::string_view outbound_connector;
  RecipientTerms terms;
};

struct KeptDelivery {
  std::int64_t message = 0;
  std::int64_t message_time = 0;
  std::int64_t time = 0;
  std::int64_t row = 0;  // 0: of no recipient
  Status status = Status::delivered;
  std::int64_t delay = 0;
  std::optional<Protection> protection;
  std::string_view queue_id;
  std::string_view address;
  std::string_view relay;
  std::string_view enhanced;
  std::string_view tls;
  std::string_view text;
  std::string_view times;
};

// Of "a/b/c/d" in milliseconds, as `times` has it; std::nullopt for anything else.
std::optional<DeliveryTimes> delivery_times_of(const std::string& times);

// What a recipient's status is now.
struct KeptStatus {
  std::int64_t row = 0;
  std::int64_t message_time = 0;
  Status status = Status::getting_status;
  std::int64_t status_time = 0;
};

struct KeptRequeueing {
  std::int64_t message = 0;
  std::int64_t message_time = 0;
  std::int64_t time = 0;
  std::string_view queue_id;
  std::int32_t term = 0;
};

// A size that became known later. The message may have been handed over with it.
struct KeptSize {
  std::int64_t message = 0;
  std::int64_t message_time = 0;
  std::int64_t size = 0;
};

class FeedTaker {
 public:
  virtual ~FeedTaker() = default;
  virtual void take(const KeptText& text) = 0;
  // `rules`: the patterns of those that it matched.
  virtual void take(const KeptMessage& message, const MessageTerms& terms, std::span<const std::string> rules) = 0;
  // Of the message that was taken last.
  virtual void take(const KeptRecipient& recipient) = 0;
  virtual void take(const KeptDelivery& delivery) = 0;
  virtual void take(const KeptStatus& status) = 0;
  virtual void take(const KeptRequeueing& child) = 0;
  virtual void take(const KeptSize& size) = 0;
  // Nothing more is handed over then, but for the rest of one message.
  virtual bool is_full() const { return false; }
};

struct FeedBounds {
  std::size_t messages = 5'000;
  std::size_t reports = 5'000;
};

struct FeedPart {
  FeedCursor end;  // where it ended
  std::size_t messages = 0;
  std::size_t reports = 0;
  std::int64_t lost = 0;  // rows that were removed before they could be handed over
  bool has_more = false;
};

// Where a trace stands.
struct FeedSource {
  std::string file;              // a name that this file alone has
  std::int64_t from = 0;         // rows up to this one were there before the feed began, and are not handed over
  std::int64_t last_row = 0;     // 0: none
  std::int64_t last_time = 0;    // of the newest message
  std::int64_t last_report = 0;  // 0: none
  FeedCursor noted;              // how far the second place had it when that was last noted; texts are not noted
};

// Reads what comes behind a cursor, over a connection of its own, in one short read transaction. Not thread-safe: one
// for each thread. On failure says why.
class Feed {
 public:
  virtual ~Feed() = default;
  virtual tl::expected<FeedSource, std::string> source() = 0;
  // The time of the message that a row belongs to; std::nullopt where there is no such row.
  virtual tl::expected<std::optional<std::int64_t>, std::string> time_of(std::int64_t row) = 0;
  virtual tl::expected<FeedPart, std::string> read(const FeedCursor& after, const FeedBounds& most,
                                                   FeedTaker& taker) = 0;
};

// Opens the file at the first call.
std::unique_ptr<Feed> make_feed(const std::string& path);

}  // namespace connectord::trace
