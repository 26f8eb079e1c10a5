#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "connectord/trace/entry.h"
#include "connectord/trace/store.h"
#include "delivery_volumes.h"
#include "feed_journal.h"
#include "message_table.h"
#include "search_index.h"
#include "sqlite.h"

namespace connectord::trace {

// Joins what the mail server's log reports to messages, by queue ID and recipient: the tables `delivery` and `child`,
// and the status of recipients. Belongs to one thread. Throws sqlite::Error; wants a transaction around all of it. What
// is of no message in the trace is left out, and false is returned.
class DeliveryJoiner {
 public:
  DeliveryJoiner(sqlite::Database& database, MessageTable& messages, SearchIndex& index, FeedJournal& feed);

  bool record(const Queued& queued);
  bool record(const Requeueing& child);
  bool record(Delivery delivery);
  // Forgets what is remembered of a transaction that was rolled back.
  void reload() { rows_of_ = 0; }

 private:
  struct KnownMessage {
    std::int64_t id = 0;
    std::int64_t recipients = 0;
    bool has_size = false;
    Status first_status = Status::getting_status;
    std::string rcpt_to{};  // where there is but one recipient
  };

  std::optional<KnownMessage> find_message(const std::string& queue_id, std::int64_t time);
  std::optional<KnownMessage> message_if_queued(std::int64_t id, const std::string& queue_id, std::int64_t time);
  bool has_child(std::int64_t message, const std::string& queue_id);
  void load_rows(const KnownMessage& message);
  std::optional<std::int64_t> find_row(const std::string& recipient) const;
  std::optional<std::int64_t> find_unqualified(const Delivery& delivery) const;
  std::optional<std::int64_t> row_of(const KnownMessage& message, Delivery& delivery);
  bool insert_delivery(std::int64_t message, std::optional<std::int64_t> row, const Delivery& delivery, Status logged);
  void set_status(std::int64_t row, const Delivery& delivery);
  void set_status_of_all(const KnownMessage& message, const Delivery& delivery);

  sqlite::Database& database_;
  MessageTable& messages_;
  SearchIndex& index_;
  FeedJournal& feed_;
  DeliveryCounter counter_;
  sqlite::Statement insert_delivery_;
  sqlite::Statement find_message_;
  sqlite::Statement set_status_;
  // The rows of the message that was asked for last, since deliveries of one message come together.
  std::int64_t rows_of_ = 0;
  std::unordered_map<std::string, std::int64_t> rows_;
  std::unordered_map<std::string, std::int64_t> rows_by_local_part_;  // 0 where there are several
};

}  // namespace connectord::trace
