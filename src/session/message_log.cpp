#include "message_log.h"

#include <string>
#include <utility>

namespace connectord::session {
namespace {

// A line stays readable, whatever a client writes.
constexpr std::size_t max_value_length = 256;
// A finding may hold two fingerprints, which an administrator must be able to copy.
constexpr std::size_t max_finding_length = 768;

std::string cut(std::string_view value, std::size_t longest = max_value_length) {
  if (value.size() <= longest) return std::string(value);
  return std::string(value.substr(0, longest)) + "...";
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

std::string results_of(const std::vector<model::DkimSignature>& signatures) {
  if (signatures.empty()) return "none";
  std::string text;
  for (const model::DkimSignature& signature : signatures) {
    if (!text.empty()) text += ' ';
    text.append(to_string(signature.result)).append(":").append(signature.domain);
    if (signature.body_length_limited) text += ":l=";
  }
  return text;
}

// `direct`: of the connecting client, where skip listing found another.
void add_results(const model::Authentication& results, bool direct, log::Fields& fields) {
  if (results.spf) fields.emplace_back(direct ? "direct_spf" : "spf", to_string(results.spf->result));
  if (results.dkim) fields.emplace_back("dkim", cut(results_of(*results.dkim)));
  if (results.dmarc) fields.emplace_back(direct ? "direct_dmarc" : "dmarc", to_string(results.dmarc->result));
  if (results.arc) fields.emplace_back("arc", to_string(results.arc->result));
}

void add_authentication(const model::Facts& facts, const model::Decision& decision, log::Fields& fields) {
  if (facts.original && facts.original->moved) {
    fields.emplace_back("original_client", facts.original->address.to_string());
    add_results(facts.original->without_skipping, true, fields);
  }
  add_results(facts.authentication, false, fields);
  if (!decision.quarantine.empty()) fields.emplace_back("quarantine", cut(decision.quarantine));
}

// What was signed and how, or why not.
void add_signing(const model::Decision& decision, log::Fields& fields) {
  for (const model::Finding& finding : decision.findings) {
    if (finding.check == model::check::signing) fields.emplace_back("signing", cut(finding.seen));
    if (finding.check == model::check::sealing) fields.emplace_back("sealing", cut(finding.seen));
  }
}

// "no programs: reject", for each rule that matched; those of rules in audit apart.
void add_rules(const model::Decision& decision, log::Fields& fields) {
  for (const model::RuleHit& hit : decision.rules) {
    if (!hit.matched) continue;  // a finding says so
    std::string text = hit.rule;
    for (std::size_t i = 0; i < hit.actions.size(); ++i) text += (i == 0 ? ": " : ", ") + hit.actions[i];
    fields.emplace_back(hit.mode == model::Mode::audit ? "rule_audit" : "rule", cut(text));
  }
}

}  // namespace

void log_decision(log::Logger& log, std::string_view queue_id, const model::Facts& facts,
                  const model::Decision& decision, std::uint64_t removed_tags) {
  log::Fields fields;
  fields.reserve(16);
  fields.emplace_back("client", client(facts));
  fields.emplace_back("helo", cut(facts.helo));
  fields.emplace_back("from", "<" + cut(facts.mail_from.address) + ">");
  if (!facts.recipients.empty()) fields.emplace_back("to", "<" + cut(facts.recipients.front()) + ">");
  fields.emplace_back("nrcpt", std::to_string(facts.recipients.size()));
  fields.emplace_back("tls", facts.tls ? cut(facts.tls->protocol) : "none");
  if (!facts.sasl_username.empty()) fields.emplace_back("sasl_username", cut(facts.sasl_username));
  if (facts.own_validation) fields.emplace_back("validation", "ours");
  fields.emplace_back("connector", decision.connector.empty() ? "none" : decision.connector);
  if (!decision.outbound.empty()) fields.emplace_back("outbound_connector", decision.outbound);
  fields.emplace_back("action", model::to_string(decision.action));
  if (decision.reply) fields.emplace_back("reply", model::to_string(*decision.reply));
  if (removed_tags > 0) fields.emplace_back("removed_tags", std::to_string(removed_tags));
  add_authentication(facts, decision, fields);
  add_signing(decision, fields);
  add_rules(decision, fields);
  for (const model::Finding& finding : decision.findings) {
    if (finding.check == model::check::outbound_split_recipients) fields.emplace_back("took_along", cut(finding.seen));
    if (finding.check == model::check::mode) fields.emplace_back("audit", cut(finding.seen));
    if (finding.check == model::check::author) fields.emplace_back("author", cut(finding.seen));
    const bool overridden = finding.check == model::check::dmarc && !decision.dmarc_override.empty();
    if (overridden) fields.emplace_back("dmarc_override", cut(finding.hint));
    if (is_logged(finding)) fields.emplace_back("finding", cut(summary(finding), max_finding_length));
    if (is_logged(finding) && !finding.hint.empty()) fields.emplace_back("hint", cut(finding.hint));
  }
  log.write({log::Severity::info, queue_id.empty() ? "NOQUEUE" : queue_id, "", std::move(fields)});
}

}  // namespace connectord::session
