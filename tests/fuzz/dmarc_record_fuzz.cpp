#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "connectord/auth/dmarc.h"
#include "connectord/auth/dmarc_record.h"
#include "connectord/auth/report_uri.h"
#include "connectord/base/text.h"

// Any TXT record at _dmarc of the author domain: there is a result, and the record's faults are reported in printable
// text.

namespace {

using namespace connectord;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

// The text of a URI is itself one, and only the size behind it is gone.
bool is_kept_without_size(auth::ReportUri uri) {
  uri.max_bytes.reset();
  return auth::parse_report_uri(uri.text) == uri;
}

std::shared_ptr<const dns::Answer> answer_to(const dns::Question& question, std::string_view record) {
  dns::Answer answer;
  answer.status = dns::Status::nxdomain;
  if (question.name == "_dmarc.example.com") {
    answer.status = dns::Status::found;
    answer.texts.emplace_back(record);
  }
  return std::make_shared<const dns::Answer>(std::move(answer));
}

model::DmarcOutcome check(const char* from, std::string_view record) {
  const auth::DmarcQuery query{
      mail::parse_author({from}),
      {{auth::DmarcIdentifier::Source::dkim, auth::DmarcIdentifier::State::authenticated, "bounce.example.com"}}};
  dns::DnsAnswers answers;
  for (int round = 0; round < 10; ++round) {
    if (auto outcome = auth::check_dmarc(query, answers)) return *outcome;
    for (const auto& question : answers.take_missing()) answers.add(question, answer_to(question, record));
  }
  __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto record = auth::parse_dmarc_record(text);
  if (record) require(record->problem.size() < 1000 && record->problem == base::printable(record->problem, 1000));
  if (record) {
    const auto uris = auth::parse_report_uris(record->aggregate_reports, 20);
    require(uris.empty() != record->has_report_address && uris.size() <= 20);
    for (const auto& uri : uris) require(is_kept_without_size(uri));
  }
  for (const char* from : {"a@example.com", "a@news.example.com"}) {
    const auto outcome = check(from, text);
    const bool applies = record && record->usable;
    require((outcome.result == model::DmarcResult::none) == !applies);
    require(outcome.policy <= outcome.published);
  }
  return 0;
}
