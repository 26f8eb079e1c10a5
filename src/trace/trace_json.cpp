#include "connectord/trace/trace_json.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "connectord/base/time.h"
#include "connectord/trace/row_name.h"

namespace connectord::trace {
namespace {

using Json = nlohmann::ordered_json;

Json known(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json known_time(std::int64_t milliseconds) {
  return milliseconds == 0 ? Json() : Json(iso_time(milliseconds));
}

Json spf_json(const model::SpfOutcome& spf) {
  return {{"result", to_string(spf.result)}, {"domain", spf.domain},           {"identity", to_string(spf.identity)},
          {"mechanism", spf.mechanism},      {"explanation", spf.explanation}, {"problem", spf.problem}};
}

Json signature_json(const model::DkimSignature& signature) {
  return {{"result", to_string(signature.result)}, {"domain", signature.domain},
          {"selector", signature.selector},        {"algorithm", signature.algorithm},
          {"key_bits", signature.key_bits},        {"body_length_limited", signature.body_length_limited},
          {"testing", signature.testing},          {"problem", signature.problem}};
}

Json dmarc_json(const model::DmarcOutcome& dmarc) {
  return {{"result", to_string(dmarc.result)},
          {"domain", dmarc.from_domain},
          {"policy", to_string(dmarc.policy)},
          {"record_domain", dmarc.record_domain},
          {"organizational_domain", dmarc.organizational_domain},
          {"spf_aligned", dmarc.spf_aligned},
          {"dkim_aligned", dmarc.dkim_aligned},
          {"testing", dmarc.testing},
          {"problem", dmarc.problem}};
}

Json arc_json(const model::ArcOutcome& arc) {
  Json object{{"result", to_string(arc.result)}, {"sealers", Json::array()}, {"problem", arc.problem}};
  for (const auto& set : arc.sets) object["sealers"].push_back(set.domain);
  return object;
}

Json certificate_json(const Certificate& certificate) {
  const bool is_known = !certificate.subject.empty() || !certificate.issuer.empty() || !certificate.sha256.empty() ||
                        !certificate.public_key_sha256.empty();
  if (!is_known) return {};
  return {{"subject", known(certificate.subject)},
          {"issuer", known(certificate.issuer)},
          {"sha256", known(certificate.sha256)},
          {"public_key_sha256", known(certificate.public_key_sha256)}};
}

Json findings_json(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"check", finding.check},
                    {"connector", finding.connector},
                    {"outcome", to_string(finding.outcome)},
                    {"expected", finding.expected},
                    {"seen", finding.seen},
                    {"hint", finding.hint}});
  }
  return list;
}

Json rules_json(const std::vector<model::RuleHit>& rules) {
  Json list = Json::array();
  for (const model::RuleHit& hit : rules) {
    list.push_back({{"rule", hit.rule},
                    {"mode", model::word_of(hit.mode)},
                    {"matched", hit.matched},
                    {"actions", hit.actions},
                    {"recipients", hit.recipients},
                    {"severity", hit.severity ? Json(model::word_of(*hit.severity)) : Json()},
                    {"skipped_because", known(hit.skipped_because)},
                    {"microseconds", hit.microseconds}});
  }
  return list;
}

Json times_json(const std::optional<DeliveryTimes>& times) {
  if (!times) return nullptr;
  return {{"before_queue_manager", times->before_queue_manager},
          {"in_queue_manager", times->in_queue_manager},
          {"connection", times->connection},
          {"transmission", times->transmission}};
}

Json attempt_json(const Attempt& attempt) {
  const Delivery& delivery = attempt.delivery;
  return {{"time", iso_time(delivery.time)},
          {"row", attempt.row == 0 ? Json() : Json(attempt.row)},
          {"queue_id", delivery.queue_id},
          {"recipient", known(delivery.recipient)},
          {"address", known(delivery.address)},
          {"status", to_string(delivery.status)},
          {"relay", known(delivery.relay)},
          {"enhanced", known(delivery.enhanced)},
          {"tls", known(delivery.tls)},
          {"protection", delivery.protection ? Json(model::word_of(*delivery.protection)) : Json()},
          {"delay_ms", delivery.delay},
          {"delays_ms", times_json(delivery.times)},
          {"text", known(delivery.text)}};
}

}  // namespace

std::string iso_time(std::int64_t milliseconds) {
  const std::time_t seconds = milliseconds / base::second_ms;
  std::tm broken_down{};
  ::gmtime_r(&seconds, &broken_down);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &broken_down);
  std::snprintf(text.data() + length, text.size() - length, ".%03dZ", static_cast<int>(milliseconds % base::second_ms));
  return text.data();
}

Json to_json(const model::Authentication& authentication) {
  Json object;
  object["spf"] = authentication.spf ? spf_json(*authentication.spf) : Json();
  object["dkim"] = authentication.dkim ? Json::array() : Json();
  if (authentication.dkim) {
    for (const auto& signature : *authentication.dkim) object["dkim"].push_back(signature_json(signature));
  }
  object["dmarc"] = authentication.dmarc ? dmarc_json(*authentication.dmarc) : Json();
  object["arc"] = authentication.arc ? arc_json(*authentication.arc) : Json();
  return object;
}

Json to_json(const Row& row) {
  const Message& message = *row.message;
  Json object;
  object["id"] = row.id;
  if (!row.message->host.empty()) {
    object["row"] = row_name(row);
    object["host"] = row.message->host;
  }
  object["message"] = message.id;
  object["time"] = iso_time(message.time);
  object["connected"] = known_time(message.connected);
  object["began"] = known_time(message.began);
  object["direction"] = to_string(message.direction);
  object["stage"] = to_string(message.stage);
  object["queue_id"] = known(message.queue_id);
  object["message_id"] = known(message.message_id);
  object["client_address"] = known(message.client_address);
  object["client_port"] = message.client_port == 0 ? Json() : Json(message.client_port);
  object["client_name"] = known(message.client_name);
  object["original_client"] = known(message.original_client);
  object["helo"] = known(message.helo);
  object["tls"] = known(message.tls);
  object["cipher"] = known(message.cipher);
  object["certificate"] = certificate_json(message.certificate);
  object["sasl_username"] = known(message.sasl_username);
  object["mail_from"] = message.mail_from;
  object["rcpt_to"] = known(row.rcpt_to);
  object["from"] = known(message.from);
  object["subject"] = known(message.subject);
  object["size"] = message.size ? Json(*message.size) : Json();
  object["connector"] = known(message.connector);
  object["identified_by"] = known(message.identified_by);
  object["outbound_connector"] = known(row.outbound_connector);
  object["tag"] = known(message.tag);
  object["action"] = model::to_string(message.action);
  object["reply"] = known(message.reply);
  object["quarantine"] = known(message.quarantine);
  object["dmarc_override"] = known(message.dmarc_override);
  object["status"] = to_string(row.status);
  object["status_time"] = known_time(row.status_time);
  object["authentication"] = to_json(message.authentication);
  object["rules"] = rules_json(message.rules);
  object["findings"] = findings_json(message.findings);
  return object;
}

Json to_json(const MessageTraceDetail& detail) {
  Json object{{"rows", Json::array()}, {"attempts", Json::array()}, {"children", Json::array()}};
  for (const Row& row : detail.rows) object["rows"].push_back(to_json(row));
  for (const Attempt& attempt : detail.attempts) object["attempts"].push_back(attempt_json(attempt));
  for (const Requeueing& child : detail.children) {
    object["children"].push_back({{"time", iso_time(child.time)}, {"queue_id", child.child_queue_id}});
  }
  return object;
}

Json to_json(const Report& report) {
  Json object{{"since", iso_time(report.since)}, {"until", iso_time(report.until)}, {"volumes", Json::array()}};
  for (const Volume& volume : report.volumes) {
    object["volumes"].push_back({{"time", iso_time(volume.time)},
                                 {"group", volume.group},
                                 {"messages", volume.messages},
                                 {"recipients", volume.recipients},
                                 {"bytes", volume.bytes}});
  }
  return object;
}

}  // namespace connectord::trace
