#include "connectord/session/message_log.h"

#include <string>
#include <utility>

namespace connectord::session {
namespace {

// A line stays readable, whatever a client writes.
constexpr std::size_t longest_value = 256;

std::string cut(std::string_view value) {
  if (value.size() <= longest_value) return std::string(value);
  return std::string(value.substr(0, longest_value)) + "...";
}

std::string client(const model::Facts& facts) {
  const std::string address = facts.client_address ? facts.client_address->to_string() : "unknown";
  return cut(facts.client_name) + "[" + address + "]:" + std::to_string(facts.client_port);
}

// "require.tls(contoso): expected TLS, seen no TLS"
std::string summary(const model::Finding& finding) {
  std::string text(finding.check);
  if (!finding.connector.empty()) text += "(" + finding.connector + ")";
  text += ": expected " + finding.expected + ", seen " + finding.seen;
  return text;
}

bool is_logged(const model::Finding& finding) {
  return finding.outcome == model::Outcome::fail || finding.outcome == model::Outcome::temperror;
}

}  // namespace

void log_decision(log::Logger& log, std::string_view queue_id, const model::Facts& facts,
                  const model::Decision& decision, std::uint32_t removed_tags) {
  log::Fields fields;
  fields.reserve(16);
  fields.emplace_back("client", client(facts));
  fields.emplace_back("helo", cut(facts.helo));
  fields.emplace_back("from", "<" + cut(facts.mail_from.address) + ">");
  if (!facts.recipients.empty()) fields.emplace_back("to", "<" + cut(facts.recipients.front()) + ">");
  fields.emplace_back("nrcpt", std::to_string(facts.recipients.size()));
  fields.emplace_back("tls", facts.tls ? cut(facts.tls->protocol) : "none");
  if (!facts.sasl_username.empty()) fields.emplace_back("sasl_username", cut(facts.sasl_username));
  fields.emplace_back("connector", decision.connector.empty() ? "none" : decision.connector);
  fields.emplace_back("action", model::to_string(decision.action));
  if (decision.reply) fields.emplace_back("reply", model::to_string(*decision.reply));
  if (removed_tags > 0) fields.emplace_back("removed_tags", std::to_string(removed_tags));
  for (const model::Finding& finding : decision.findings) {
    if (is_logged(finding)) fields.emplace_back("finding", cut(summary(finding)));
    if (is_logged(finding) && !finding.hint.empty()) fields.emplace_back("hint", cut(finding.hint));
  }
  log.write({log::Severity::info, queue_id.empty() ? "NOQUEUE" : queue_id, "", std::move(fields)});
}

}  // namespace connectord::session
