#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/trace/search.h"
#include "message_reader.h"
#include "sqlite.h"

namespace connectord::trace {

// The rows of messages, one for each recipient.
class RowReader {
 public:
  enum class Order : std::uint8_t { lowest_first, highest_first };
  struct Numbers {
    std::int64_t first = 0;
    std::int64_t last = std::numeric_limits<std::int64_t>::max();
  };

  // Only rows with this status, if one is given. Throws sqlite::Error, as all of this does.
  RowReader(sqlite::Database& database, MessageReader& reader, std::optional<Status> status, Order order);

  // Starts with a message, whose column rcpt_to is given; next() returns rows with these numbers only.
  void begin(std::shared_ptr<const Message> message, std::string_view rcpt_to, Numbers numbers);
  std::optional<Row> next();

 private:
  std::optional<Row> only_row();

  MessageReader& reader_;
  std::optional<Status> status_;
  sqlite::Statement rows_;
  sqlite::Statement status_of_one_;
  std::shared_ptr<const Message> message_;
  std::string rcpt_to_;
  bool has_one_recipient_ = false;
  bool is_done_ = true;
};

}  // namespace connectord::trace
