#include <arpa/inet.h>

#include <array>
#include <nlohmann/json.hpp>

#include "connectord/base/json.h"
#include "connectord/base/json_values.h"
#include "connectord/trace/feed.h"
#include "encode.h"

namespace connectord::trace {
namespace {

using Json = nlohmann::json;

// Elements of an array by position; what is missing, or of another type, counts as empty.
class Elements {
 public:
  explicit Elements(const Json& array) : array_(array) {}
  std::string text(std::size_t position) const {
    const Json* found = at(position);
    return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
  }
  std::vector<std::string> texts(std::size_t position) const {
    std::vector<std::string> list;
    const Json* found = at(position);
    if (found == nullptr || !found->is_array()) return list;
    for (const Json& one : *found) {
      if (one.is_string()) list.push_back(one.get<std::string>());
    }
    return list;
  }
  std::int64_t number(std::size_t position) const {
    const Json* found = at(position);
    return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : 0;
  }
  bool flag(std::size_t position) const { return number(position) != 0; }

 private:
  const Json* at(std::size_t position) const {
    return array_.is_array() && position < array_.size() ? &array_[position] : nullptr;
  }
  const Json& array_;
};

// A word of a newer version's is not taken for one of ours.
template <class Enumeration>
Enumeration named(const std::string& word) {
  return model::value_of<Enumeration>(word).value_or(model::unrecognized<Enumeration>);
}

model::SpfOutcome read_spf(const Elements& from) {
  model::SpfOutcome spf;
  spf.result = named<model::SpfResult>(from.text(0));
  spf.domain = from.text(1);
  spf.identity = model::stored_value<model::SpfOutcome::Identity>(from.number(2));
  spf.mechanism = from.text(3);
  spf.explanation = from.text(4);
  spf.problem = from.text(5);
  return spf;
}

model::DkimSignature read_signature(const Elements& from) {
  model::DkimSignature signature;
  signature.result = named<model::DkimResult>(from.text(0));
  signature.domain = from.text(1);
  signature.selector = from.text(2);
  signature.algorithm = from.text(3);
  signature.key_bits = static_cast<unsigned>(from.number(4));
  signature.body_length_limited = from.flag(5);
  signature.testing = from.flag(6);
  signature.problem = from.text(7);
  return signature;
}

model::DmarcOutcome read_dmarc(const Elements& from) {
  model::DmarcOutcome dmarc;
  dmarc.result = named<model::DmarcResult>(from.text(0));
  dmarc.from_domain = from.text(1);
  dmarc.record_domain = from.text(2);
  dmarc.organizational_domain = from.text(3);
  // Those that are the author domain are left out.
  if (from.flag(4) && dmarc.record_domain.empty()) dmarc.record_domain = dmarc.from_domain;
  if (from.flag(5) && dmarc.organizational_domain.empty()) dmarc.organizational_domain = dmarc.from_domain;
  dmarc.policy = named<model::DmarcPolicy>(from.text(6));
  dmarc.testing = from.flag(7);
  dmarc.spf_aligned = from.flag(8);
  dmarc.dkim_aligned = from.flag(9);
  dmarc.problem = from.text(10);
  dmarc.record = from.text(11);
  dmarc.published = dmarc.record.empty() ? dmarc.policy : named<model::DmarcPolicy>(from.text(12));
  return dmarc;
}

model::ArcOutcome read_arc(const Json& array) {
  const Elements from(array);
  model::ArcOutcome arc;
  arc.result = named<model::ArcResult>(from.text(0));
  arc.problem = from.text(1);
  for (std::size_t i = 2; i < array.size(); ++i) {
    model::ArcSet& set = arc.sets.emplace_back();
    set.instance = static_cast<unsigned>(i - 1);
    set.domain = from.text(i);
  }
  return arc;
}

void read_authentication(const Json& details, model::Authentication& results) {
  if (const auto found = details.find("spf"); found != details.end()) results.spf = read_spf(Elements(*found));
  if (const auto found = details.find("dkim"); found != details.end() && found->is_array()) {
    auto& signatures = results.dkim.emplace();
    for (const Json& signature : *found) signatures.push_back(read_signature(Elements(signature)));
  }
  if (const auto found = details.find("dmarc"); found != details.end()) results.dmarc = read_dmarc(Elements(*found));
  if (const auto found = details.find("arc"); found != details.end() && found->is_array()) {
    results.arc = read_arc(*found);
  }
}

// Rows of the schema's version 1 have these times in `details`: as milliseconds before the answer, and one more, so
// that 0 is none. No session lasts for a year.
std::int64_t time_of_version_1(std::int64_t time, std::int64_t before) {
  constexpr std::int64_t longest = std::int64_t{366} * 24 * 3600 * 1000;
  if (before == 0 || before > longest || before < -longest || time < longest) return 0;
  return time - before + 1;
}

}  // namespace

void decode_details(std::string_view details, Message& message) {
  const Json object = base::parse_sorted_json(details);
  if (!object.is_object()) return;
  message.client_port = static_cast<std::uint16_t>(base::integer_at(object, "port"));
  message.client_name = base::text_at(object, "name");
  if (message.client_name.empty() && base::integer_at(object, "nameless") == 0) message.client_name = message.helo;
  message.sasl_username = base::text_at(object, "user");
  const auto by = model::stored_value<model::IdentifiedBy>(base::integer_at(object, "by"));
  if (by != model::IdentifiedBy::nothing) message.identified_by = to_string(by);
  message.tag = base::text_at(object, "tag");
  if (message.tag.empty() && base::integer_at(object, "tagless") == 0) message.tag = message.connector;
  message.quarantine = base::text_at(object, "quarantine");
  message.dmarc_override = base::text_at(object, "override");
  if (message.connected == 0)
    message.connected = time_of_version_1(message.time, base::integer_at(object, "connected"));
  if (message.began == 0) message.began = time_of_version_1(message.time, base::integer_at(object, "began"));
  read_authentication(object, message.authentication);
  if (object.contains("took"))
    message.stages = StageTimes{base::integer_at(object, "took"), base::integer_at(object, "authentication")};
}

Message message_of(const KeptMessage& kept, const KeptTexts& texts) {
  Message message;
  message.id = kept.id;
  message.time = kept.time;
  message.connected = kept.connected;
  message.began = kept.began;
  message.stage = kept.stage;
  message.direction = kept.direction;
  message.action = kept.action;
  message.queue_id = kept.queue_id;
  message.message_id = kept.message_id;
  message.client_address = address_text(kept.client);
  message.original_client = address_text(kept.original_client);
  message.helo = kept.helo;
  message.tls = kept.tls;
  message.cipher = kept.cipher;
  message.mail_from = kept.mail_from;
  message.from = kept.from;
  message.subject = kept.subject;
  if (kept.size) message.size = static_cast<std::uint64_t>(*kept.size);
  message.connector = kept.connector;
  if (kept.outbound_connector != several_outbound) message.outbound_connector = kept.outbound_connector;
  message.reply = kept.reply;
  message.recipients = kept.recipients;
  message.certificate = decode_certificate(kept.certificate != 0 ? texts.certificate(kept.certificate)
                                                                 : std::string(kept.certificate_text));
  decode_details(kept.details, message);
  message.findings = decode_findings(kept.findings, texts.finding);
  message.rules = decode_rules(kept.rules, texts.word);
  return message;
}

Certificate decode_certificate(std::string_view text) {
  const Json array = base::parse_sorted_json(text);
  const Elements parts(array);
  return {parts.text(0), parts.text(1), parts.text(2), parts.text(3)};
}

std::optional<Finding> decode_pattern(std::string_view pattern) {
  const Json array = base::parse_sorted_json(pattern);
  if (!array.is_array()) return std::nullopt;
  const Elements parts(array);
  Finding finding;
  finding.check = parts.text(0);
  finding.connector = parts.text(1);
  finding.outcome = model::stored_value<model::Outcome>(parts.number(2));
  finding.expected = parts.text(3);
  finding.hint = parts.text(4);
  return finding;
}

std::vector<Finding> decode_findings(std::string_view text,
                                     const std::function<std::string(std::int64_t)>& pattern_of) {
  std::vector<Finding> read;
  const Json list = base::parse_sorted_json(text);
  if (!list.is_array()) return read;
  for (const Json& one : list) {
    if (!one.is_array() || one.size() != 2 || !one[1].is_string()) continue;
    auto finding =
        decode_pattern(one[0].is_number_integer() ? pattern_of(one[0].get<std::int64_t>()) : base::json_text(one[0]));
    if (!finding) continue;
    finding->seen = one[1].get<std::string>();
    read.push_back(std::move(*finding));
  }
  return read;
}

std::optional<model::RuleHit> decode_rule_pattern(std::string_view pattern) {
  const Json array = base::parse_sorted_json(pattern);
  if (!array.is_array()) return std::nullopt;
  const Elements parts(array);
  model::RuleHit hit;
  hit.rule = parts.text(0);
  hit.mode = named<model::Mode>(parts.text(1));
  hit.matched = parts.flag(2);
  hit.severity = model::value_of<model::RuleSeverity>(parts.text(3));
  hit.actions = parts.texts(4);
  return hit;
}

std::vector<model::RuleHit> decode_rules(std::string_view text,
                                         const std::function<std::string(std::int64_t)>& pattern_of) {
  std::vector<model::RuleHit> read;
  if (text.empty()) return read;
  const Json list = base::parse_sorted_json(text);
  if (!list.is_array()) return read;
  for (const Json& one : list) {
    const Elements parts(one);
    auto hit = decode_rule_pattern(pattern_of(parts.number(0)));
    if (!hit) continue;
    hit->microseconds = parts.number(1);
    hit->skipped_because = parts.text(2);
    hit->recipients = parts.texts(3);
    read.push_back(std::move(*hit));
  }
  return read;
}

std::vector<std::int64_t> rule_numbers(std::string_view text) {
  std::vector<std::int64_t> numbers;
  if (text.empty()) return numbers;
  const Json list = base::parse_sorted_json(text);
  if (!list.is_array()) return numbers;
  for (const Json& one : list) {
    if (const std::int64_t number = Elements(one).number(0); number > 0) numbers.push_back(number);
  }
  return numbers;
}

std::string address_text(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (bytes.size() != 4 && bytes.size() != 16) return {};
  ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

}  // namespace connectord::trace
