#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectord/log/logger.h"
#include "connectord/probe/results.h"

namespace connectord::probe {

// Something that somebody should know of: one line for the log, and one for a mail.
struct Alert {
  log::Severity severity = log::Severity::warning;
  std::string message;
};

// What is new since the last validation: from passed to failed and back, another obstacle, another certificate of a
// host, and one that has come within 30, 7 or 1 days of its end. Nothing is reported twice. Pure.
std::vector<Alert> changes(const std::optional<LastResult>& last, const Report& report);

// When a connector is to be validated next, in seconds since 1970: `every` after the last time, and up to a tenth of
// it later, by its name, so that not all go out at once. One that never was is due within that tenth, or ten minutes.
std::int64_t next_time(const std::optional<LastResult>& last, const std::string& name, std::int64_t every,
                       std::int64_t started);

// A message (RFC 5322) about these, with CRLF line ends. `host` is this host's name.
std::string compose_mail(const Report& report, const std::vector<Alert>& notices, const std::string& host,
                         const std::string& recipient);

}  // namespace connectord::probe
