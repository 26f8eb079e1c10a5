// The SPF parser, the macro expander and the evaluator on any input. The first byte chooses the client and how much of
// DNS fails; the rest, line by line, are the texts of the names that the evaluation asks for, in its order.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "auth/spf_record.h"
#include "connectord/auth/spf.h"

namespace {

using namespace connectord;

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

// An answer made of the next line; the seed decides now and then for a failure.
std::shared_ptr<const dns::Answer> answer_for(const dns::Question& question, std::string_view& zone, unsigned seed) {
  auto answer = std::make_shared<dns::Answer>();
  if (seed % 5 == 4) {
    answer->status = static_cast<dns::Status>(seed / 5 % 6);
    return answer;
  }
  const std::string line(take_line(zone));
  answer->status = line.empty() ? dns::Status::nodata : dns::Status::found;
  if (line.empty()) return answer;
  if (question.type == dns::Type::txt) answer->texts = {line};
  if (question.type == dns::Type::a) answer->addresses = {net::IpAddress::from_v4({192, 0, 2, 1})};
  if (question.type == dns::Type::mx) answer->exchangers.assign(line.size() % 13, {10, line});
  if (question.type == dns::Type::ptr) answer->names.assign(line.size() % 13, line);
  return answer;
}

// RFC 7208, 4.6.4, bounds what one check may ask for.
constexpr std::size_t max_questions = 250;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const unsigned seed = data[0];
  std::string_view zone(reinterpret_cast<const char*>(data) + 1, size - 1);
  (void)auth::parse_spf_record(zone);

  auth::SpfQuery query;
  query.client = *net::IpAddress::parse((seed & 1U) != 0 ? "2001:db8::1" : "192.0.2.1");
  query.mail_from = "strong-bad@example.com";
  query.helo = zone.substr(0, 40);
  query.receiver = "mx.example.org";
  dns::DnsAnswers answers;
  std::size_t asked = 0;
  for (;;) {
    const auto outcome = auth::check_spf(query, answers);
    const auto missing = answers.take_missing();
    if (outcome) {
      (void)auth::received_spf(query, *outcome);
      return 0;
    }
    asked += missing.size();
    if (missing.empty() || asked > max_questions) std::abort();
    for (const auto& question : missing) {
      answers.add(question, answer_for(question, zone, seed + static_cast<unsigned>(asked)));
    }
  }
}
