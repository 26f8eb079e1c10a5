// The examples of RFC 7208, 7.4, and the limits of expansion.

#include "auth/spf_macro.h"

#include <gtest/gtest.h>

namespace connectord::auth {
namespace {

SpfMacroValues values_for(std::string_view client) {
  SpfMacroValues values;
  values.sender = "strong-bad@email.example.com";
  values.domain = "email.example.com";
  values.client = *net::IpAddress::parse(client);
  values.helo = "client.example.net";
  values.unix_time = 1'700'000'000;
  values.validated_name = [] { return std::optional<std::string>("mx.example.org"); };
  return values;
}

struct Expansion {
  std::string_view text;
  std::string_view expected;
  std::string_view client = "192.0.2.3";
};

class SpfMacros : public ::testing::TestWithParam<Expansion> {};

TEST_P(SpfMacros, ExpandAsInTheRfc) {
  const auto expanded = expand_spf_explanation(GetParam().text, values_for(GetParam().client));
  ASSERT_TRUE(expanded.has_value());
  EXPECT_EQ(*expanded, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Spf, SpfMacros,
    ::testing::Values(Expansion{"%{s}", "strong-bad@email.example.com"}, Expansion{"%{o}", "email.example.com"},
                      Expansion{"%{d}", "email.example.com"}, Expansion{"%{d4}", "email.example.com"},
                      Expansion{"%{d3}", "email.example.com"}, Expansion{"%{d2}", "example.com"},
                      Expansion{"%{d1}", "com"}, Expansion{"%{dr}", "com.example.email"},
                      Expansion{"%{d2r}", "example.email"}, Expansion{"%{l}", "strong-bad"},
                      Expansion{"%{l-}", "strong.bad"}, Expansion{"%{lr}", "strong-bad"},
                      Expansion{"%{lr-}", "bad.strong"}, Expansion{"%{l1r-}", "strong"},
                      Expansion{"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
                      Expansion{"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
                      Expansion{"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
                      Expansion{"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
                      Expansion{"%{ir}.%{v}", "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6",
                                "2001:db8::cb01"},
                      Expansion{"%{p} %{h} %{r} %{t} %{c}",
                                "mx.example.org client.example.net unknown 1700000000 2001:db8::1", "2001:db8::1"},
                      Expansion{"%{D2} %{S}", "example.com strong-bad%40email.example.com"}));

TEST(SpfMacros, CutANameFromTheLeftAtALabel) {
  auto values = values_for("192.0.2.3");
  values.helo = std::string(60, 'a') + "." + std::string(100, 'b') + "." + std::string(60, 'c') + "." +
                std::string(60, 'D') + ".";
  const auto name = expand_spf_domain("%{h}%{h}x.example", values);
  ASSERT_TRUE(name.has_value());
  EXPECT_LE(name->size(), 253U);
  EXPECT_EQ(*name, std::string(100, 'b') + "." + std::string(60, 'c') + "." + std::string(60, 'd') + ".x.example");
}

// The example of 7.3, with a local part that is far too long: what the cut removes is the same however it is come by.
TEST(SpfMacros, CutAReversedValueAtTheSameLabelAsTheWholeWouldBe) {
  auto values = values_for("192.0.2.3");
  std::string parts;
  for (int i = 0; i < 930; ++i) parts += (i == 0 ? "" : ".") + std::string(1, static_cast<char>('a' + i % 26));
  values.sender = parts + "@example.com";
  std::string whole;
  for (int i = 929; i >= 0; --i) whole += std::string(1, static_cast<char>('a' + i % 26)) + ".";
  whole += "x.example";
  const auto cut = whole.substr(whole.find('.', whole.size() - 254) + 1);
  EXPECT_EQ(expand_spf_domain("%{lr}.x.example", values), cut);
  EXPECT_EQ(expand_spf_domain("%{l900r}.x.example", values), cut);
  EXPECT_EQ(expand_spf_domain("%{s}%{lr}.x.example.", values), cut);
  EXPECT_EQ(expand_spf_domain("%{l2r}.x.example", values), "b.a.x.example");
  EXPECT_EQ(expand_spf_domain("%{l3}.x.example", values), "r.s.t.x.example") << "930 parts end in the 20th letter";
}

TEST(SpfMacros, OfALocalPartThatIsNotAsciiMatchNothingEvenWhereTheyAreCutOff) {
  auto values = values_for("192.0.2.3");
  values.sender = "bÃ¶b@example.com";
  const auto name = expand_spf_domain("%{l}." + std::string(300, 'x') + ".example", values);
  ASSERT_FALSE(name.has_value());
  EXPECT_EQ(name.error(), SpfMacroStop::no_match);
}

TEST(SpfMacros, OfATermAreCounted) {
  std::string most;
  for (std::size_t i = 0; i < max_spf_macros; ++i) most += "%{d}";
  EXPECT_EQ(spf_domain_spec_error(most), std::nullopt);
  EXPECT_EQ(spf_domain_spec_error(most + "%{d}"), "more than 32 macros");
  EXPECT_EQ(spf_domain_spec_error(most + "%%.example"), std::nullopt);
  EXPECT_EQ(spf_macro_string_error(most + "%{d}", SpfMacroUse::explanation), "more than 32 macros");
}

TEST(SpfMacros, AskForTheClientsNameOnlyWhereItIsUsed) {
  auto values = values_for("192.0.2.3");
  int asked = 0;
  values.validated_name = [&]() -> std::optional<std::string> {
    ++asked;
    return std::nullopt;
  };
  EXPECT_TRUE(expand_spf_domain("%{d}.%{i}.example", values).has_value());
  EXPECT_EQ(asked, 0);
  const auto waiting = expand_spf_domain("%{p}.example", values);
  ASSERT_FALSE(waiting.has_value());
  EXPECT_EQ(waiting.error(), SpfMacroStop::missing);
}

}  // namespace
}  // namespace connectord::auth
