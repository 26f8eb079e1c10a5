// What is so now: certificates, validations, the queue, keys, and the trace itself.
#include "connectord/base/text.h"
#include "judgement.h"

namespace connectord::insights {
namespace {

void judge_certificate(const Judgement& judgement, const std::string& connector,
                       const probe::SeenCertificate& certificate) {
  const std::int64_t left = certificate.not_after - judgement.seen.now;
  if (certificate.not_after == 0 || left > judgement.limits.certificate_ends) return;
  const bool is_soon = left < judgement.limits.certificate_ends_soon;
  judgement.found.push_back(
      {.severity = is_soon ? Severity::critical : Severity::warning,
       .name = "certificate_ends",
       .about = certificate.host,
       .connector = connector,
       .outbound = true,
       .what = "the certificate of " + base::printable(certificate.host, 200) +
               (left < 0 ? " has ended at " : " ends at ") + base::utc_text(certificate.not_after),
       .why = "mail of " + connector + " waits from then on, where it asks for a valid one",
       .variant = left < 0 ? "ended" : "ends",
       .values = {{"host", base::printable(certificate.host, 200)},
                  {"time", base::utc_text(certificate.not_after)},
                  {"connector", connector}},
       .write = "connectorctl validate " + connector,
       .evidence = {{"days left", left < 0 ? 0 : static_cast<std::uint64_t>(left / base::day_seconds)}}});
}

void judge_validations(const Judgement& judgement) {
  for (const model::OutboundConnector& connector : judgement.seen.configuration.outbound) {
    const auto last = judgement.seen.validations.find(connector.name);
    if (!connector.enabled || last == judgement.seen.validations.end()) continue;
    for (const auto& certificate : last->second.certificates) judge_certificate(judgement, connector.name, certificate);
    if (last->second.passed) continue;
    judgement.found.push_back(
        {.severity = Severity::warning,
         .name = "validation_failed",
         .about = connector.name,
         .connector = connector.name,
         .outbound = true,
         .what = "the last validation of " + connector.name + " failed, at " + base::utc_text(last->second.time),
         .why = base::printable(last->second.summary, 400),
         .values = {{"connector", connector.name}, {"time", base::utc_text(last->second.time)}},
         .write = "connectorctl validate " + connector.name});
  }
}

// A key or an authority that nobody has seen at this partner: renewed as it should be, or somebody else.
void judge_clients(const Judgement& judgement) {
  for (const auto& [connector, clients] : judgement.seen.clients) {
    const auto before = judgement.seen.former_clients.find(connector);
    if (before == judgement.seen.former_clients.end()) continue;
    for (const auto& [digest, certificate] : clients) {
      if (before->second.count(digest) > 0) continue;
      bool is_known_issuer = false;
      for (const auto& [other, old] : before->second)
        is_known_issuer = is_known_issuer || old.issuer == certificate.issuer;
      constexpr std::size_t enough = 16;
      judgement.found.push_back({.severity = is_known_issuer ? Severity::info : Severity::warning,
                                 .name = "certificate_new",
                                 .about = connector + "." + digest.substr(0, enough),
                                 .connector = connector,
                                 .what = connector + " shows a certificate that was not seen in four weeks before: " +
                                         base::printable(certificate.subject, 200) + ", of " +
                                         base::printable(certificate.issuer, 200),
                                 .why = is_known_issuer ? "of the same authority as before: it has been renewed"
                                                        : "of another authority than before: ask the partner",
                                 .variant = is_known_issuer ? "same_issuer" : "other_issuer",
                                 .values = {{"connector", connector},
                                            {"subject", base::printable(certificate.subject, 200)},
                                            {"issuer", base::printable(certificate.issuer, 200)}},
                                 .write = "connectorctl certificates",
                                 .evidence = {{"certificates before", before->second.size()}},
                                 .search = {{"connector", connector}, {"since", "24h"}}});
    }
  }
}

void judge_waiting(const Judgement& judgement) {
  if (!judgement.seen.queue) return;
  const Thresholds& limits = judgement.limits;
  for (const mta::QueueLine& line : judgement.seen.queue->lines) {
    const std::int64_t waits = judgement.seen.now - line.oldest;
    const bool is_many = line.messages >= limits.queued && waits > limits.queued_for;
    const bool is_long = !line.connector.empty() && line.tried > 0 && waits > limits.partner_waits;
    if (!is_many && !is_long) continue;
    const std::string whose = line.connector.empty() ? "" : line.connector + ": ";
    judgement.found.push_back(
        {.severity = is_many ? Severity::critical : Severity::warning,
         .name = "queue_waits",
         .about = line.connector.empty() ? base::printable(line.next_hop, 200) : line.connector,
         .connector = line.connector,
         .outbound = !line.connector.empty(),
         .what = whose + counted(line.messages) + (line.messages == 1 ? " waits for " : " wait for ") +
                 base::printable(line.next_hop, 200) + ", the oldest since " + base::utc_text(line.oldest),
         .why = base::printable(line.last_error, 400),
         .variant = line.connector.empty() ? "mail_server" : "connector",
         .values = {{"n", line.messages},
                    {"next_hop", base::printable(line.next_hop, 200)},
                    {"time", base::utc_text(line.oldest)},
                    {"connector", line.connector}},
         .write = line.connector.empty() ? "connectorctl queue" : "connectorctl validate " + line.connector,
         .evidence = {{"messages", line.messages, judgement.seen.queue->messages}}});
  }
}

void judge_keys(const Judgement& judgement) {
  for (const auto& [name, made] : judgement.seen.keys) {
    const std::int64_t age = judgement.seen.now - made;
    if (age < judgement.limits.key_age) continue;
    const auto dot = name.find("._domainkey.");
    judgement.found.push_back({.severity = Severity::info,
                               .name = "dkim_key_old",
                               .about = name,
                               .what = "the DKIM key " + name + " is older than a year",
                               .why = "who has got hold of it signs as you for as long as it is published",
                               .values = {{"key", name}},
                               .write = "connectorctl dkim new " + name.substr(dot == std::string::npos ? 0 : dot + 12),
                               .evidence = {{"days", static_cast<std::uint64_t>(age / base::day_seconds)}}});
  }
}

void judge_trace(const Judgement& judgement) {
  if (!judgement.seen.outage.empty()) {
    judgement.found.push_back({.severity = Severity::critical,
                               .name = "trace_not_written",
                               .about = "",
                               .what = "the record of messages cannot be written",
                               .why = base::printable(judgement.seen.outage, 400),
                               .write = "journalctl -u connectord"});
  }
  if (judgement.seen.waiting < judgement.limits.waiting) return;
  judgement.found.push_back(
      {.severity = Severity::warning,
       .name = "trace_lags",
       .about = "",
       .what = std::to_string(judgement.seen.waiting) + " entries of the record of messages wait to be written",
       .why = "the disk is slower than the mail",
       .values = {{"count", judgement.seen.waiting}},
       .write = "iostat -x 5",
       .evidence = {{"entries", judgement.seen.waiting}}});
}

}  // namespace

void judge_state(const Judgement& judgement) {
  judge_validations(judgement);
  judge_clients(judgement);
  judge_waiting(judgement);
  judge_keys(judgement);
  judge_trace(judgement);
}

}  // namespace connectord::insights
