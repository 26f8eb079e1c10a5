#include <gtest/gtest.h>

#include "engine/outbound_builder.h"

namespace connectord::engine {
namespace {

using namespace test;  // NOLINT: short forms of connectors
using model::TlsLevel;

struct OutboundConflictCase {
  std::string_view what;
  std::vector<model::OutboundConnector> connectors;
  std::vector<std::string> expected;  // parts of the messages, one each
};

void check_all(const std::vector<OutboundConflictCase>& cases) {
  for (const OutboundConflictCase& one : cases) {
    const auto compiled = Policy::compile(site(one.connectors));
    EXPECT_EQ(compiled.policy == nullptr, !one.expected.empty()) << one.what;
    std::string reported;
    for (const auto& problem : compiled.problems) reported += problem.key + ": " + problem.message + "\n";
    ASSERT_EQ(compiled.problems.size(), one.expected.size()) << one.what << "\n" << reported;
    for (std::size_t i = 0; i < one.expected.size(); ++i) {
      EXPECT_NE((compiled.problems[i].key + ": " + compiled.problems[i].message).find(one.expected[i]),
                std::string::npos)
          << one.what << "\n"
          << reported;
    }
  }
}

TEST(OutboundConflicts, TwoForTheSameMailAreAnError) {
  check_all({
      {"domain",
       {outbound("a").to({"x.example"}), outbound("b").to({"y.example", "x.example"})},
       {"outbound.recipient_domains: connector \"b\" and \"a\" (configuration) are both for x.example; give each"}},
      {"an exact name and a wildcard", {outbound("a").to({"x.example"}), outbound("b").to({"*.x.example"})}, {}},
      {"all", {outbound("a").to({"*"}), outbound("b").to({"*"})}, {"are both for *;"}},
      {"tag",
       {outbound("a").of({"t", "u"}), outbound("b").to({"*"}).of({"u"})},
       {"are both for * of mail that came in over u;"}},
      {"tag and any origin", {outbound("a").to({"x.example"}).of({"t"}), outbound("b").to({"x.example"})}, {}},
      {"a sender",
       {outbound("a").from({"A@example.net"}).by({"[a.example]"}),
        outbound("b").from({"b@example.net", "a@EXAMPLE.net"}).by({"[b.example]"})},
       {"are both for * of mail of a@example.net; give each senders of its own"}},
      {"a sender's domain",
       {outbound("a").to({"x.example"}).from_domains({"example.net"}),
        outbound("b").to({"x.example"}).from_domains({"*.example.net", "example.net"})},
       {"are both for x.example of mail of senders in example.net;"}},
      {"a sender, his domain and everybody",
       {outbound("a").from({"a@example.net"}).by({"[a.example]"}),
        outbound("b").from_domains({"example.net"}).by({"[b.example]"}), outbound("c").to({"*"})},
       {}},
      {"rules", {outbound("a").to({"x.example"}).by_rule(), outbound("b").to({"x.example"}).by_rule()}, {}},
      {"disabled", {outbound("a").to({"x.example"}).disabled(), outbound("b").to({"x.example"})}, {}},
      {"once for each pair",
       {outbound("a").to({"x.example", "y.example"}), outbound("b").to({"x.example", "y.example"})},
       {"are both for x.example"}},
  });
}

TEST(OutboundConflicts, OneNextHopHasOneProtection) {
  const auto a = outbound("a").to({"a.example"}).by({"[h.example]:25"}).tls(TlsLevel::require);
  check_all({
      {"TLS and none",
       {a, outbound("b").to({"b.example"}).by({"[h.example]:25"})},
       {"outbound.tls: connector \"b\" and \"a\" (configuration) want different TLS for next hop [h.example]:25, and a "
        "mail "
        "server asks by next hop only; write the same in both, or reach the host by another name or port in one"}},
      {"levels",
       {a, outbound("b").to({"b.example"}).by({"[h.example]:25"}).tls(TlsLevel::verify)},
       {"want different TLS"}},
      {"the same", {a, outbound("b").to({"b.example"}).by({"[h.example]:25"}).tls(TlsLevel::require)}, {}},
      {"another port", {a, outbound("b").to({"b.example"}).by({"[h.example]:26"})}, {}},
      {"disabled", {a, outbound("b").to({"b.example"}).by({"[h.example]:25"}).disabled()}, {}},
      {"credentials",
       {outbound("a").to({"a.example"}).by({"[h.example]"}).credentials("/a"),
        outbound("b").to({"b.example"}).by({"[h.example]"}).credentials("/b")},
       {"outbound.route.credentials: connector \"b\" and \"a\" (configuration) want different credentials for next "
        "hop"}},
      {"credentials by sender",
       {outbound("a").from({"a@example.net"}).by({"[h.example]"}).credentials("/a"),
        outbound("b").from({"b@example.net"}).by({"[h.example]"}).credentials("/b"),
        outbound("c").to({"c.example"}).by({"[h.example]"}).credentials("/c").tls(TlsLevel::require)},
       {}},
      {"a certificate of ours and none",
       {outbound("a").to({"a.example"}).by({"[h.example]"}).showing("/a.pem", "/a.key"),
        outbound("b").to({"b.example"}).by({"[h.example]"})},
       {}},
      {"MX of one domain by tag and of any origin",
       {outbound("a").to({"x.example"}).tls(TlsLevel::require), outbound("b").to({"x.example"}).of({"t"})},
       {"want different TLS for next hop x.example"}},
      {"MX within a scoped wildcard",
       {outbound("a").to({"x.example"}).tls(TlsLevel::require), outbound("b").to({"*"}).of({"t"})},
       {"want different TLS for next hop x.example"}},
      {"MX of any origin, the more specific has it",
       {outbound("a").to({"x.example"}).tls(TlsLevel::require), outbound("b").to({"*"})},
       {}},
      {"a smart host whose MX is looked up, and its domain",
       {outbound("a").to({"a.example"}).by({"x.example"}).tls(TlsLevel::require), outbound("b").to({"x.example"})},
       {"want different TLS for next hop x.example"}},
  });
}

}  // namespace
}  // namespace connectord::engine
