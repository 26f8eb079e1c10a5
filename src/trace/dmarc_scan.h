#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/trace/dmarc_rows.h"
#include "sqlite.h"

namespace connectord::trace {

// What the key of one message is made of, as its row has it.
struct DmarcKeyParts {
  std::int64_t action = 0;
  std::string_view client;  // bytes
  std::string_view mail_from;
  std::string_view details;
};

// Writes the key, and returns the domain whose record counts, a part of `details`; empty where the message counts in no
// report. Takes any bytes.
std::string_view write_dmarc_key(const DmarcKeyParts& parts, std::string& key);

// Reads one piece. Throws sqlite::Error.
DmarcRowsEnd read_dmarc_rows(sqlite::Database& database, const DmarcRows& which, const TakeDmarcRow& take);

}  // namespace connectord::trace
