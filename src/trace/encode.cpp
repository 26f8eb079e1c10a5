#include "encode.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "json_text.h"

namespace connectord::trace {
namespace {

// What is kept of each text. Longer ones are rare, and are cut.
constexpr std::size_t max_kept_address_length = 512;  // RFC 5321, 4.5.3.1 allows 256
constexpr std::size_t max_name_length = 256;
constexpr std::size_t max_field_length = 998;  // RFC 5322, 2.1.1
constexpr std::size_t max_subject_length = 256;
constexpr std::size_t max_explanation_length = 768;
constexpr std::size_t max_findings = 64;
constexpr std::size_t max_rules = 64;
constexpr std::size_t max_recipients_of_rule = 20;
constexpr std::size_t max_signatures = 10;

// Not within a character of UTF-8.
std::string_view cut(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0U) == 0x80) --longest;
  return text.substr(0, longest);
}

std::string_view name(std::string_view text) {
  return cut(text, max_name_length);
}

std::string_view explained(std::string_view text) {
  return cut(text, max_explanation_length);
}

// Values of fields come with folding and leading space.
std::string one_line(std::string_view value, std::size_t longest) {
  std::string line;
  line.reserve(std::min(value.size(), longest + 4));
  for (const char c : base::trimmed(value)) {
    if (c == '\r' || c == '\n') continue;
    line += base::is_control(c) ? ' ' : c;
    if (line.size() > longest + 4) break;
  }
  return std::string(cut(line, longest));
}

// The members of an object; empty ones are left out.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) {}
  std::string& member(std::string_view key) {
    out_ += out_.empty() ? '{' : ',';
    append_quoted(out_, key);
    return out_ += ':';
  }
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) append_quoted(member(key), value);
  }
  void number(std::string_view key, std::int64_t value) {
    if (value != 0) member(key) += std::to_string(value);
  }
  void close() {
    if (!out_.empty()) out_ += '}';
  }

 private:
  std::string& out_;
};

std::string certificate_of(const model::ClientCertificate& certificate) {
  const std::string& subject =
      certificate.subject_name.empty() ? certificate.subject_common_name : certificate.subject_name;
  const std::string& issuer =
      certificate.issuer_name.empty() ? certificate.issuer_common_name : certificate.issuer_name;
  const std::string sha256 = certificate.sha256.value_or("");
  const std::string key = certificate.public_key_sha256.value_or("");
  std::string text;
  if (subject.empty() && issuer.empty() && sha256.empty() && key.empty()) return text;
  JsonArray(text).add(explained(subject)).add(explained(issuer)).add(name(sha256)).add(name(key));
  return text;
}

// What is the same as something that is kept already is kept as an empty text.
std::string_view unless_same(std::string_view text, std::string_view other) {
  return text == other ? std::string_view() : text;
}

void add_spf(const model::SpfOutcome& spf, Members& members) {
  JsonArray(members.member("spf"))
      .add(to_string(spf.result))
      .add(name(spf.domain))
      .add_number(static_cast<int>(spf.identity))
      .add(name(spf.mechanism))
      .add(explained(spf.explanation))
      .add(explained(spf.problem));
}

void add_dkim(const std::vector<model::DkimSignature>& signatures, Members& members) {
  JsonArray list(members.member("dkim"));
  for (std::size_t i = 0; i < std::min(signatures.size(), max_signatures); ++i) {
    const model::DkimSignature& signature = signatures[i];
    JsonArray(list.next())
        .add(to_string(signature.result))
        .add(name(signature.domain))
        .add(name(signature.selector))
        .add(name(signature.algorithm))
        .add_number(signature.key_bits)
        .add_number(signature.body_length_limited ? 1 : 0)
        .add_number(signature.testing ? 1 : 0)
        .add(explained(signature.problem));
  }
}

void add_dmarc(const model::DmarcOutcome& dmarc, bool with_record, Members& members) {
  JsonArray list(members.member("dmarc"));
  list.add(to_string(dmarc.result))
      .add(name(dmarc.from_domain))
      .add(unless_same(name(dmarc.record_domain), name(dmarc.from_domain)))
      .add(unless_same(name(dmarc.organizational_domain), name(dmarc.from_domain)))
      .add_number(dmarc.record_domain.empty() ? 0 : 1)
      .add_number(dmarc.organizational_domain.empty() ? 0 : 1)
      .add(to_string(dmarc.policy))
      .add_number(dmarc.testing ? 1 : 0)
      .add_number(dmarc.spf_aligned ? 1 : 0)
      .add_number(dmarc.dkim_aligned ? 1 : 0)
      .add(explained(dmarc.problem));
  if (with_record && !dmarc.record.empty()) list.add(name(dmarc.record)).add(to_string(dmarc.published));
}

void add_arc(const model::ArcOutcome& arc, Members& members) {
  JsonArray list(members.member("arc"));
  list.add(to_string(arc.result)).add(explained(arc.problem));
  for (const model::ArcSet& set : arc.sets) list.add(name(set.domain));
}

void add_authentication(const model::Authentication& results, bool with_record, Members& members) {
  if (results.spf) add_spf(*results.spf, members);
  if (results.dkim) add_dkim(*results.dkim, members);
  if (results.dmarc) add_dmarc(*results.dmarc, with_record, members);
  if (results.arc) add_arc(*results.arc, members);
}

std::string details_of(const Entry& entry) {
  const model::Facts& facts = entry.facts;
  const model::Decision& decision = entry.decision;
  std::string text;
  text.reserve(512);
  Members members(text);
  members.number("port", facts.client_port);
  members.text("name", unless_same(name(facts.client_name), name(facts.helo)));
  if (facts.client_name.empty() && !facts.helo.empty()) members.number("nameless", 1);
  members.text("user", name(facts.sasl_username));
  members.number("by", static_cast<int>(decision.identified_by));
  members.text("tag", unless_same(name(decision.tag), name(decision.connector)));
  if (decision.tag.empty() && !decision.connector.empty()) members.number("tagless", 1);
  members.text("quarantine", explained(decision.quarantine));
  members.text("override", explained(decision.dmarc_override));
  add_authentication(facts.authentication, entry.is_reported, members);
  if (entry.stages) {
    // A zero would not be written; less than a millisecond counts as one.
    members.number("took", std::max(entry.stages->end_of_message, std::int64_t{1}));
    members.number("authentication", entry.stages->authentication);
  }
  members.close();
  return text;
}

StoredFinding stored(const model::Finding& finding) {
  StoredFinding made;
  made.pattern.reserve(finding.expected.size() + finding.hint.size() + 64);
  JsonArray(made.pattern)
      .add(finding.check)
      .add(name(finding.connector))
      .add_number(static_cast<int>(finding.outcome))
      .add(explained(finding.expected))
      .add(explained(finding.hint));
  made.seen = explained(finding.seen);
  return made;
}

StoredRule stored(const model::RuleHit& hit) {
  StoredRule made;
  {
    JsonArray pattern(made.pattern);
    pattern.add(name(hit.rule))
        .add(model::word_of(hit.mode))
        .add_number(hit.matched ? 1 : 0)
        .add(hit.severity ? model::word_of(*hit.severity) : "");
    JsonArray actions(pattern.next());
    for (const std::string& action : hit.actions) actions.add(action);
  }
  made.microseconds = hit.microseconds;
  made.skipped_because = explained(hit.skipped_because);
  for (std::size_t i = 0; i < std::min(hit.recipients.size(), max_recipients_of_rule); ++i) {
    made.recipients.emplace_back(cut(hit.recipients[i], max_kept_address_length));
  }
  return made;
}

}  // namespace

std::string_view without_angle_brackets(std::string_view text) {
  text = base::trimmed(text);
  if (text.size() >= 2 && text.front() == '<' && text.back() == '>') return text.substr(1, text.size() - 2);
  return text;
}

std::string address_bytes(const net::IpAddress& address) {
  const net::IpAddress::Bytes& bytes = address.bytes();
  const std::size_t from = address.is_v4() ? 12 : 0;
  return {bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end()};
}

Status first_status(model::Action action) {
  switch (action) {
    case model::Action::accept:
      return Status::getting_status;
    case model::Action::defer:
      return Status::pending;
    case model::Action::quarantine:
      return Status::quarantined;
    case model::Action::reject:
    case model::Action::discard:
      return Status::failed;
  }
  return Status::getting_status;
}

StoredEntry encode(const Entry& entry) {
  const model::Facts& facts = entry.facts;
  const model::Decision& decision = entry.decision;
  StoredEntry made;
  made.time = entry.time;
  made.connected = entry.connected;
  made.began = entry.began;
  made.stage = entry.stage;
  made.direction = entry.direction;
  made.action = decision.action;
  made.status = first_status(decision.action);
  made.queue_id = name(entry.queue_id);
  made.message_id = without_angle_brackets(one_line(entry.message_id, max_field_length));
  if (facts.client_address) made.client = address_bytes(*facts.client_address);
  if (facts.original && facts.original->moved) made.original_client = address_bytes(facts.original->address);
  made.helo = name(facts.helo);
  if (facts.tls) {
    made.tls = name(facts.tls->protocol);
    made.cipher = name(facts.tls->cipher);
  }
  made.mail_from = cut(facts.mail_from.address, max_kept_address_length);
  made.from = one_line(entry.from, max_field_length);
  made.subject = one_line(entry.subject, max_subject_length);
  if (entry.size) made.size = static_cast<std::int64_t>(*entry.size);
  made.connector = name(decision.connector);
  made.outbound_connector = name(entry.outbound_connector);
  if (decision.reply) made.reply = explained(to_string(*decision.reply));
  made.certificate = certificate_of(facts.certificate);
  made.details = details_of(entry);
  for (std::size_t i = 0; i < std::min(decision.findings.size(), max_findings); ++i) {
    made.findings.push_back(stored(decision.findings[i]));
  }
  for (std::size_t i = 0; i < std::min(decision.rules.size(), max_rules); ++i) {
    made.rules.push_back(stored(decision.rules[i]));
  }
  for (const std::string& recipient : entry.recipients)
    made.recipients.emplace_back(cut(recipient, max_kept_address_length));
  if (made.recipients.empty()) made.recipients.emplace_back();
  if (entry.outbound_connectors.size() == made.recipients.size() && made.recipients.size() > 1) {
    for (const std::string& connector : entry.outbound_connectors)
      made.outbound_connectors.emplace_back(name(connector));
  }
  return made;
}

std::size_t StoredEntry::bytes() const {
  constexpr std::size_t fixed = 1024;
  std::size_t sum = fixed + details.size() + from.size() + subject.size() + reply.size() + message_id.size();
  for (const StoredFinding& finding : findings) sum += finding.pattern.size() + finding.seen.size() + 64;
  for (const std::string& recipient : recipients) sum += recipient.size() + 32;
  for (const StoredRule& rule : rules) {
    sum += rule.pattern.size() + rule.skipped_because.size() + 64;
    for (const std::string& recipient : rule.recipients) sum += recipient.size() + 32;
  }
  return sum;
}

}  // namespace connectord::trace
