#include <gtest/gtest.h>

#include "builder.h"
#include "connectord/engine/overlaps.h"

namespace connectord::engine {
namespace {

using namespace test;  // NOLINT: short forms of connectors

struct ConflictCase {
  std::string title;
  std::vector<model::InboundConnector> connectors;
  std::vector<std::string> expected;  // a part of each problem's text
};

void expect_all(const std::vector<ConflictCase>& cases, model::Problem::Severity severity) {
  for (const ConflictCase& one : cases) {
    const auto compiled = Policy::compile(configuration(one.connectors));
    ASSERT_EQ(compiled.problems.size(), one.expected.size()) << one.title;
    for (std::size_t i = 0; i < one.expected.size(); ++i) {
      EXPECT_EQ(compiled.problems[i].severity, severity) << one.title;
      EXPECT_NE(compiled.problems[i].message.find(one.expected[i]), std::string::npos)
          << one.title << ": " << compiled.problems[i].message;
    }
    const bool compiles = one.expected.empty() || severity == model::Problem::Severity::warning;
    EXPECT_EQ(compiled.policy != nullptr, compiles) << one.title;
  }
}

TEST(Conflicts, NamesTwoConnectorsThatTie) {
  const std::string key(64, 'a');
  expect_all(
      {{"the same domain",
        {internet("a").from_domains({"x.example"}), internet("b").from_domains({"X.example."})},
        {"\"b\" ties with \"a\""}},
       {"the same wildcard",
        {internet("a").from_domains({"*.x.example"}), internet("b").from_domains({"*.x.example"})},
        {"ties"}},
       {"everything", {internet("a").from_domains({"*"}), internet("b").from_domains({"*"})}, {"ties"}},
       {"the same network",
        {internet("a").from_networks({"10.0.0.0/8"}), internet("b").from_networks({"10.0.0.0-10.255.255.255"})},
        {"10.0.0.0/8"}},
       {"overlapping ranges of one size",
        {internet("a").from_networks({"10.0.0.1-10.0.0.10"}), internet("b").from_networks({"10.0.0.5-10.0.0.14"})},
        {"overlaps client network 10.0.0.1-10.0.0.10"}},
       {"the same certificate",
        {internet("a").from_certificate(certificate("x", "y")), internet("b").from_certificate(certificate("x", "y"))},
        {"certificate subject x, issuer y"}},
       {"one fingerprint of several",
        {internet("a").from_certificate(certificate("", "", {"sha256:" + key})),
         internet("b").from_certificate(certificate("", "", {"sha256:" + std::string(64, 'b'), "sha256:" + key}))},
        {"ties"}},
       {"told once however much ties",
        {internet("a").from_domains({"x.example", "y.example"}),
         internet("b").from_domains({"x.example", "y.example"})},
        {"ties"}},
       {"different priorities",
        {internet("a").from_domains({"z.example"}).priority(1), internet("b").from_domains({"y.example"})},
        {}},
       {"different sizes",
        {internet("a").from_networks({"10.0.0.0/8"}), internet("b").from_networks({"10.0.0.0/9"})},
        {}},
       {"different names",
        {internet("a").from_certificate(certificate("x", "y")), internet("b").from_certificate(certificate("x", "z"))},
        {}},
       {"a disabled one",
        {internet("a").from_domains({"x.example"}), internet("b").from_domains({"x.example"}).disabled()},
        {}},
       {"one connector with itself", {internet("a").from_networks({"10.0.0.1", "10.0.0.1-10.0.0.1"})}, {}}},
      model::Problem::Severity::error);
}

TEST(Conflicts, NamesAConnectorThatCanNeverBeChosen) {
  expect_all(
      {{"all it has is another's",
        {internet("a").from_domains({"x.example"}).priority(1), internet("b").from_domains({"x.example"})},
        {"\"b\" can never be chosen"}},
       {"taken piece by piece",
        {internet("a").from_domains({"x.example"}).priority(1), internet("c").from_networks({"10.0.0.0/8"}).priority(1),
         internet("b").from_domains({"x.example"}).from_networks({"10.0.0.0/8"})},
        {"\"b\" can never be chosen"}}},
      model::Problem::Severity::error);
}

TEST(Conflicts, WarnsOfAConnectorThatNeverGetsWhatItShares) {
  expect_all({{"it has something of its own",
               {internet("a").from_domains({"x.example", "z.example"}).priority(1),
                internet("b").from_domains({"x.example", "y.example"})},
               {"connector \"b\" never gets mail by its sender domain x.example: \"a\" ("}},
              {"told once for each pair",
               {internet("a").from_domains({"x.example", "y.example"}).priority(1),
                internet("b").from_domains({"x.example", "y.example"}).from_networks({"10.0.0.0/8"})},
               {"sender domain x.example"}},
              {"less specific is another thing",
               {internet("a").from_domains({"x.example"}).priority(1), internet("b").from_domains({"*.x.example"})},
               {}}},
             model::Problem::Severity::warning);
}

TEST(Conflicts, AreOverlapsToo) {
  const auto of = configuration({internet("a").from_domains({"x.example", "z.example"}).priority(1),
                                 internet("b").from_domains({"x.example", "y.example"}),
                                 partner("all").from_domains({"*.contoso.com"}),
                                 partner("one").from_domains({"mail.contoso.com"})});
  const auto overlaps = find_overlaps(of.inbound);
  ASSERT_EQ(overlaps.size(), 2U);
  EXPECT_EQ(overlaps[0].kind, Overlap::Kind::taken);
  EXPECT_EQ(overlaps[0].connector, "b");
  EXPECT_EQ(overlaps[0].other, "a");
  EXPECT_EQ(overlaps[0].claim, "sender domain x.example");
  EXPECT_EQ(overlaps[1].kind, Overlap::Kind::under);
  EXPECT_EQ(overlaps[1].connector, "one");
  EXPECT_EQ(overlaps[1].other, "all");
}

TEST(Conflicts, WarnsOfAPartnerUnderAnotherPartnersRequirements) {
  expect_all({{"below a wildcard",
               {partner("all").from_domains({"*.contoso.com"}), partner("one").from_domains({"mail.contoso.com"})},
               {"mail of connector \"one\" must fulfil the requirements of \"all\""}},
              {"another scenario",
               {internet("all").from_domains({"*"}), partner("one").from_domains({"mail.contoso.com"})},
               {}}},
             model::Problem::Severity::warning);
}

}  // namespace
}  // namespace connectord::engine
