#include "row_reader.h"

#include <algorithm>
#include <utility>

#include "encode.h"

namespace connectord::trace {
namespace {

enum class RecipientColumn : std::uint8_t { id, address, status, status_time, outbound_connector };
constexpr const char* recipients_sql =
    "SELECT id, address, status, status_time, outbound_connector FROM recipient WHERE id >= ?1 AND id <= ?2 ";

enum class StatusColumn : std::uint8_t { status, status_time };
constexpr const char* status_sql = "SELECT status, status_time FROM recipient WHERE id = ?1";

}  // namespace

RowReader::RowReader(sqlite::Database& database, MessageReader& reader, std::optional<Status> status, Order order)
    : reader_(reader),
      status_(status),
      rows_(database, recipients_sql + std::string(status ? "AND status = ?3 " : "") + "ORDER BY id" +
                          (order == Order::highest_first ? " DESC" : "")),
      status_of_one_(database, status_sql) {}

void RowReader::begin(std::shared_ptr<const Message> message, std::string_view rcpt_to, Numbers numbers) {
  message_ = std::move(message);
  rcpt_to_ = rcpt_to;
  const std::int64_t first = std::max(numbers.first, message_->id);
  const std::int64_t last = std::min(numbers.last, message_->id + message_->recipients - 1);
  has_one_recipient_ = message_->recipients == 1;
  is_done_ = first > last;
  rows_.reset();
  if (has_one_recipient_ || is_done_) return;
  rows_.bind(1, first).bind(2, last);
  if (status_) rows_.bind(3, static_cast<std::int64_t>(*status_));
}

std::optional<Row> RowReader::next() {
  if (is_done_) return std::nullopt;
  if (has_one_recipient_) {
    is_done_ = true;
    return only_row();
  }
  if (!rows_.step()) {
    is_done_ = true;
    rows_.reset();
    return std::nullopt;
  }
  const std::int64_t own = rows_.integer(RecipientColumn::outbound_connector);
  return Row{.id = rows_.integer(RecipientColumn::id),
             .rcpt_to = rows_.string(RecipientColumn::address),
             .status = model::stored_value<Status>(rows_.integer(RecipientColumn::status)),
             .status_time = rows_.integer(RecipientColumn::status_time),
             .message = message_,
             .outbound_connector = own == 0 ? message_->outbound_connector : reader_.word(own)};
}

std::optional<Row> RowReader::only_row() {
  Row row{.id = message_->id,
          .rcpt_to = rcpt_to_,
          .status = first_status(message_->action),
          .message = message_,
          .outbound_connector = message_->outbound_connector};
  const sqlite::ScopedReset reset(status_of_one_);
  if (status_of_one_.bind(1, row.id).step()) {
    row.status = model::stored_value<Status>(status_of_one_.integer(StatusColumn::status));
    row.status_time = status_of_one_.integer(StatusColumn::status_time);
  }
  return status_ && row.status != *status_ ? std::nullopt : std::optional(std::move(row));
}

}  // namespace connectord::trace
