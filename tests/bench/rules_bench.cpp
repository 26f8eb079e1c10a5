#include <benchmark/benchmark.h>

#include <array>

#include "connectord/engine/decide.h"
#include "connectord/engine/policy.h"
#include "connectord/mail/path.h"
#include "connectord/match/text_set.h"
#include "connectord/mime/disclaimer.h"
#include "connectord/mime/recipe.h"
#include "connectord/mime/structure.h"

namespace connectord::engine {
namespace {

// A fifth each by sender, recipient's domain, subject's words, a field's words, and a pattern.
model::Rule numbered(std::int32_t number) {
  const std::string text = std::to_string(number);
  model::Rule rule;
  rule.name = "rule " + text;
  rule.priority = number;
  model::RuleConditions& when = rule.when.emplace();
  switch (number % 5) {
    case 0:
      when.sender = {"user" + text + "@contoso.example"};
      break;
    case 1:
      when.recipient_domains = {*net::DomainPattern::parse("*.d" + text + ".example")};
      break;
    case 2:
      when.subject_words = {"secret project " + text};
      break;
    case 3:
      when.header = {{"X-Case", {"case" + text}, {}, {}}};
      break;
    default:
      when.subject_patterns = {"ticket-" + text + "[a-z]+"};
  }
  rule.actions.emplace_back().kind = model::RuleActionKind::reject;
  return rule;
}

model::Facts ordinary_message() {
  model::Facts facts;
  facts.stage = model::Facts::Stage::message;
  facts.client_address = net::IpAddress::parse("192.0.2.1");
  facts.mail_from = mail::parse_reverse_path("<alice@sender.example>");
  facts.recipients = {"user@example.net"};
  facts.header.emplace();
  for (int i = 0; i < 15; ++i) {
    facts.header->push_back({"X-Field-" + std::to_string(i), " a value of some length", "a value of some length"});
  }
  facts.header->push_back({"From", " Alice <alice@sender.example>", "Alice <alice@sender.example>"});
  facts.header->push_back({"To", " user@example.net", "user@example.net"});
  facts.header->push_back({"Subject", " Minutes of our meeting on Monday", "Minutes of our meeting on Monday"});
  return facts;
}

void decide_with_rules(benchmark::State& state) {
  model::Configuration configuration;
  configuration.organization.accepted_domains = {*net::DomainPattern::parse("example.net")};
  for (std::int32_t i = 0; i < state.range(0); ++i) configuration.rules.push_back(numbered(i));
  const auto policy = Policy::compile(std::move(configuration)).policy;
  const model::Facts facts = ordinary_message();
  for (auto _ : state) benchmark::DoNotOptimize(decide(*policy, facts));
}
BENCHMARK(decide_with_rules)->Arg(0)->Arg(50)->Arg(500)->Arg(5000);

// Ordinary text of that many bytes, in lines.
std::string prose(std::size_t size) {
  static constexpr std::array<std::string_view, 12> words = {
      "minutes", "of", "our", "meeting", "on", "Monday", "please", "review", "figures", "before", "Friday", "thanks"};
  std::string text;
  text.reserve(size + 16);
  for (std::size_t i = 0; text.size() < size; ++i) {
    text += words[(i * 7 + i / 11) % words.size()];
    text += i % 10 == 9 ? "\r\n" : " ";
  }
  return text;
}

// What rules with words and patterns about the body ask, each another one; none is there.
void find_in_body(benchmark::State& state, bool as_patterns) {
  match::TextSet set;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const std::string number = std::to_string(i);
    if (as_patterns) {
      set.add_pattern("case-" + number + "[0-9a-f]{4,8}\\b", static_cast<match::TextSet::Owner>(i + 1));
    } else {
      set.add_word("secret project " + number, static_cast<match::TextSet::Owner>(i + 1));
    }
  }
  if (!set.compile()) return state.SkipWithError("the patterns are beyond the bounds");
  const std::string text = prose(1'000'000);
  for (auto _ : state) {
    std::vector<match::TextSet::Owner> owners;
    benchmark::DoNotOptimize(set.find(text, owners));
  }
}
void find_patterns_in_body(benchmark::State& state) {
  find_in_body(state, true);
}
void find_words_in_body(benchmark::State& state) {
  find_in_body(state, false);
}
BENCHMARK(find_patterns_in_body)->Arg(200)->Unit(benchmark::kMicrosecond);
BENCHMARK(find_words_in_body)->Arg(200)->Unit(benchmark::kMicrosecond);

// A text and an attachment, as most large messages are.
std::string with_attachment(std::size_t size) {
  std::string body =
      "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello.\r\n--b\r\nContent-Type: "
      "application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  const std::string line = std::string(76, 'A') + "\r\n";
  while (body.size() < size) body += line;
  return body + "--b--\r\n";
}

std::size_t handed_over(const mime::Bytes& bytes, std::string& out) {
  out.clear();
  mime::visit(bytes, {0, bytes.size()}, [&out](std::string_view piece) {
    out += piece;
    return true;
  });
  return out.size();
}

// From the whole message to the changed one, as it is handed over.
void put_in_disclaimer(benchmark::State& state) {
  const std::string body = with_attachment(static_cast<std::size_t>(state.range(0)));
  const mime::MemoryBytes bytes(body);
  const std::vector<mail::HeaderField> header = {{"Content-Type", " multipart/mixed; boundary=b"}};
  std::string out;
  out.reserve(body.size() + 4'096);
  for (auto _ : state) {
    const auto structures = mime::read_structure(header, bytes);
    const auto edit =
        mime::insert_disclaimer(structures.front(), bytes, {.html = {}, .text = "Example Net, Main Street 1"});
    if (!edit) return state.SkipWithError("not inserted");
    benchmark::DoNotOptimize(handed_over(mime::EditedBytes(edit->body, bytes), out));
  }
}
BENCHMARK(put_in_disclaimer)->Arg(5'000)->Arg(10'000'000)->Unit(benchmark::kMicrosecond);

void copy_three_times(benchmark::State& state) {
  const std::string body = with_attachment(static_cast<std::size_t>(state.range(0)));
  const mime::MemoryBytes bytes(body);
  std::string out;
  out.reserve(body.size());
  for (auto _ : state) {
    for (int i = 0; i < 3; ++i) benchmark::DoNotOptimize(handed_over(bytes, out));
  }
}
BENCHMARK(copy_three_times)->Arg(5'000)->Arg(10'000'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace connectord::engine
