#include "generation_table.h"

#include "connectord/base/digest.h"

namespace connectord::fleet {
namespace {

postgres::Error no_such(std::string message) {
  postgres::Error error{.kind = postgres::Error::Kind::refused, .message = message};
  error.whole = std::move(message);
  return error;
}

}  // namespace

postgres::Result<WantedGeneration> generation_for(postgres::Connection& connection, std::int16_t host) {
  const auto rows = connection.execute(
      "SELECT g.n, g.sha256 FROM current c"
      " JOIN generation g ON g.n = CASE WHEN c.trial_host = $1::smallint THEN c.trial ELSE c.n END",
      {host});
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return tl::unexpected(no_such("the fleet's tables name no generation"));
  return WantedGeneration{rows->integer(0, 0), rows->string(0, 1)};
}

postgres::Result<Current> current_generation(postgres::Connection& connection) {
  const auto rows = connection.execute(
      "SELECT c.n, (SELECT max(n) FROM generation), c.trial, h.name FROM current c"
      " LEFT JOIN host h ON h.id = c.trial_host");
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return tl::unexpected(no_such("the fleet's tables name no generation"));
  return Current{rows->integer(0, 0), rows->integer(0, 1), rows->optional_integer(0, 2), rows->string(0, 3)};
}

postgres::Result<Generation> read_generation(postgres::Connection& connection, std::int64_t n) {
  const auto rows = connection.execute(
      "SELECT n, extract(epoch FROM made)::bigint, who, comment, sha256, document FROM generation WHERE n = $1", {n});
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return tl::unexpected(no_such("the fleet has no generation " + std::to_string(n)));
  Generation found{rows->integer(0, 0), rows->integer(0, 1), rows->string(0, 2),
                   rows->string(0, 3),  rows->string(0, 4),  rows->string(0, 5)};
  if (found.document.size() > max_document) {
    return tl::unexpected(
        no_such("generation " + std::to_string(n) + " is larger than " + std::to_string(max_document >> 20U) + " MiB"));
  }
  if (base::sha256_hex(found.document) == found.sha256) return found;
  return tl::unexpected(no_such("generation " + std::to_string(n) +
                                " is not as it was made: its SHA-256 is another; somebody has changed the table"));
}

}  // namespace connectord::fleet
