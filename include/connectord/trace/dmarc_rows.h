#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/model/authentication.h"
#include "connectord/model/decision.h"

// What the trace has for DMARC aggregate reports: messages by what a report says of them, without the rest, so that
// millions of them are read in seconds.
namespace connectord::trace {

// One message that counts in a report: it has come to its end, and its domain's record was kept (Entry::is_reported).
// The texts are valid during the call.
struct DmarcRow {
  std::int64_t time = 0;           // milliseconds since 1970
  std::string_view policy_domain;  // whose record it is
  std::string_view key;            // the same for messages that are alike in all that a report says
};

// Which of them. Times are milliseconds since 1970.
struct DmarcRows {
  std::int64_t since = 0;
  std::int64_t until = 0;     // exclusive
  std::int64_t after = 0;     // where the piece before ended
  std::size_t most = 20'000;  // of one piece, during which the trace's own log cannot be shortened
};

// Where a piece ended; std::nullopt: there are no more.
using DmarcRowsEnd = std::optional<std::int64_t>;
using TakeDmarcRow = std::function<void(const DmarcRow&)>;

// What a key says.
struct DmarcFacts {
  std::string client;  // the address for which SPF was asked: the original client's behind a gateway
  model::Action action = model::Action::accept;
  bool is_quarantined = false;    // a header of ours says so
  std::string mail_from_domain;   // as the client spelled it; empty for the null sender
  std::string dmarc_override;     // Decision::dmarc_override
  model::Authentication results;  // spf, dkim and dmarc
};

// std::nullopt for what is none, as in a damaged file.
std::optional<DmarcFacts> read_dmarc_key(std::string_view key);

}  // namespace connectord::trace
