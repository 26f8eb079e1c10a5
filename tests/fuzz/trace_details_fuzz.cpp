#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/base/text.h"
#include "trace/dmarc_scan.h"
#include "trace/encode.h"

// What is read back from the trace's file, which may be damaged: any bytes give a message whose texts are UTF-8. And
// what was written of any texts is read again as it was.

namespace {

using namespace connectord;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

trace::Message empty_message() {
  trace::Message message;
  message.time = 1'795'262'400'000;
  return message;
}

void require_texts(const trace::Message& message) {
  for (const std::string* text : {&message.client_name, &message.sasl_username, &message.tag, &message.quarantine,
                                  &message.dmarc_override, &message.identified_by}) {
    require(base::is_utf8(*text));
  }
  const model::Authentication& results = message.authentication;
  if (results.spf) require(base::is_utf8(results.spf->domain) && base::is_utf8(results.spf->problem));
  if (results.dkim) {
    for (const model::DkimSignature& signature : *results.dkim) {
      require(base::is_utf8(signature.domain) && base::is_utf8(signature.problem));
    }
  }
  if (results.dmarc) require(base::is_utf8(results.dmarc->from_domain) && base::is_utf8(results.dmarc->problem));
  if (results.arc) {
    for (const model::ArcSet& set : results.arc->sets) require(base::is_utf8(set.domain));
  }
}

void decode(std::string_view bytes) {
  trace::Message message = empty_message();
  trace::decode_details(bytes, message);
  require_texts(message);
  const trace::Certificate certificate = trace::decode_certificate(bytes);
  require(base::is_utf8(certificate.subject) && base::is_utf8(certificate.sha256));
  if (const auto finding = trace::decode_pattern(bytes)) {
    require(base::is_utf8(finding->check) && base::is_utf8(finding->hint));
  }
  for (const trace::Finding& finding : trace::decode_findings(bytes, [](std::int64_t) { return "[\"check\"]"; })) {
    require(base::is_utf8(finding.check) && base::is_utf8(finding.seen));
  }
}

// What a DMARC report is made of is read in another way, and must be the same.
void count(std::string_view details, const model::Authentication* expected) {
  std::string key;
  const std::string_view domain =
      trace::write_dmarc_key({.client = "abcd", .mail_from = "a@contoso.com", .details = details}, key);
  const auto facts = trace::read_dmarc_key(domain.empty() ? details : std::string_view(key));
  if (expected == nullptr) return;
  require(facts.has_value() && facts->client == "97.98.99.100" && facts->mail_from_domain == "contoso.com");
  require(facts->results.spf->domain == expected->spf->domain && facts->results.dmarc->record == "p=none");
  require(facts->results.dkim->front().problem == expected->dkim->front().problem);
}

using Texts = std::array<std::string, 8>;

// The bytes between NULs. False where one is not kept as it is.
bool split(std::string_view bytes, Texts& texts) {
  for (std::string& text : texts) {
    const std::size_t end = std::min(bytes.find('\0'), bytes.size());
    text = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (text.size() > 256 || !base::is_utf8(text)) return false;
  }
  return true;
}

void write_and_read(const Texts& texts) {
  const auto& [name, helo, user, connector, tag, quarantine, domain, problem] = texts;
  model::Facts facts;
  facts.client_name = name;
  facts.helo = helo;
  facts.sasl_username = user;
  facts.authentication.spf.emplace().domain = domain;
  facts.authentication.dkim.emplace().emplace_back().problem = problem;
  facts.authentication.dmarc.emplace().from_domain = domain;
  facts.authentication.dmarc->record = "p=none";
  facts.authentication.arc.emplace().sets.emplace_back().domain = domain;
  facts.certificate.sha256 = problem;
  model::Decision decision;
  decision.connector = connector;
  decision.tag = tag;
  decision.quarantine = quarantine;
  const std::vector<std::string> recipients;
  trace::Message message = empty_message();
  const trace::Entry entry{
      .facts = facts, .decision = decision, .recipients = recipients, .time = message.time, .is_reported = true};
  const trace::StoredEntry stored = trace::encode(entry);
  message.helo = stored.helo;
  message.connector = stored.connector;
  trace::decode_details(stored.details, message);
  if (!domain.empty()) count(stored.details, &facts.authentication);
  require(message.client_name == name && message.sasl_username == user && message.tag == tag);
  require(message.quarantine == quarantine && message.helo == helo);
  require(message.authentication.spf->domain == domain && message.authentication.dmarc->from_domain == domain);
  require(message.authentication.dkim->front().problem == problem);
  require(message.authentication.arc->sets.front().domain == domain);
  require(trace::decode_certificate(stored.certificate).sha256 == problem);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  decode(bytes);
  count(bytes, nullptr);
  Texts texts;
  if (split(bytes, texts)) write_and_read(texts);
  return 0;
}
