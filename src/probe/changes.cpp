#include "changes.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/mail/placeholders.h"
#include "connectord/tls/certificate.h"
#include "send_mail.h"
#include "step_log.h"

namespace connectord::probe {
namespace {

using log::Severity;

void about_result(const std::optional<LastResult>& last, const Report& report, std::vector<Alert>& notices) {
  if (report.passed) {
    if (last && !last->passed) notices.push_back({Severity::info, "passes again"});
    return;
  }
  if (!last || last->passed) {
    notices.push_back({Severity::warning, "fails: " + report.summary});
  } else if (last->obstacle != to_string(report.obstacle)) {
    notices.push_back({Severity::warning, "fails in another way: " + report.summary});
  }
}

void about_new(const LastResult& last, const SeenCertificate& seen, std::vector<Alert>& notices) {
  bool known_host = false;
  for (const SeenCertificate& before : last.certificates) {
    if (before.host != seen.host) continue;
    known_host = true;
    if (before.sha256 == seen.sha256) return;
  }
  if (!known_host) return;
  notices.push_back({Severity::info, seen.host + " shows another certificate, sha256:" + seen.sha256 + " of " +
                                         base::printable(seen.subject, 200) + ", until " +
                                         tls::time_text(seen.not_after)});
}

void about_end(const std::optional<LastResult>& last, const SeenCertificate& seen, std::int64_t now,
               std::vector<Alert>& notices) {
  for (const std::int64_t days : {1, 7, 30}) {
    const std::int64_t threshold = seen.not_after - days * base::day_seconds;
    if (now < threshold) continue;
    if (last && last->time >= threshold) return;  // reported then, or at a lower one
    notices.push_back(
        {Severity::warning, "the certificate of " + seen.host + " ends at " + tls::time_text(seen.not_after)});
    return;
  }
}

// FNV-1a: the same in each run, which std::hash does not promise.
std::uint64_t number_of(const std::string& name) {
  std::uint64_t number = 14695981039346656037U;
  for (const char c : name) number = (number ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return number;
}

}  // namespace

std::vector<Alert> changes(const std::optional<LastResult>& last, const Report& report) {
  std::vector<Alert> notices;
  about_result(last, report, notices);
  for (const SeenCertificate& seen : report.certificates) {
    if (last) about_new(*last, seen, notices);
    about_end(last, seen, report.time, notices);
  }
  return notices;
}

std::int64_t next_time(const std::optional<LastResult>& last, const std::string& name, std::int64_t every,
                       std::int64_t started) {
  constexpr std::int64_t max_start_length = 600;
  const std::int64_t spread = std::max<std::int64_t>(every / 10, 1);
  const auto within = [&name](std::int64_t range) {
    return static_cast<std::int64_t>(number_of(name) % static_cast<std::uint64_t>(range));
  };
  // A time in the future is none of ours: the clock was set back.
  if (!last || last->time > started + every) return started + within(std::min(spread, max_start_length));
  return std::max(last->time + every + within(spread), started);
}

std::string compose_mail(const Report& report, const std::vector<Alert>& notices, const std::string& host,
                         const std::string& recipient) {
  std::string text = "From: connectord <connectord@" + host + ">\r\nTo: <" + recipient +
                     ">\r\nDate: " + mail::date_text(report.time) + "\r\nMessage-ID: <" + std::to_string(report.time) +
                     "." + std::string(to_string(report.direction)) + "." + report.connector + "@" + host +
                     ">\r\nSubject: connector " + report.connector + (report.passed ? ": passed" : ": failed") +
                     "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                     "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                     "The validation of the connector " +
                     report.connector + " on " + host + " has news:\r\n\r\n";
  for (const Alert& notice : notices) text += "- " + base::printable(notice.message, 600) + "\r\n";
  return text + "\r\nTo see each step: connectorctl validate " + report.connector + "\r\n";
}

}  // namespace connectord::probe
