#include "connectord/auth/report_uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace connectord::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ReportUri, TellsToWhichDomainReportsGo) {
  struct Case {
    const char* text;
    const char* domain;
  };
  for (const auto& [text, domain] :
       {Case{"mailto:d@Example.ORG", "example.org"}, Case{" MAILTO:d@example.org!10m", "example.org"},
        Case{"mailto:d@example.org.?subject=a@other.example", "example.org"},
        Case{"mailto:a@b@example.org", "example.org"}, Case{"mailto:d@example%2Eorg", "example.org"},
        Case{"mailto:d@b%C3%BCcher.example", "xn--bcher-kva.example"}, Case{"mailto:d@example%2", ""},
        Case{"mailto:d@example.org%2Ce@example.com", "example.com"}, Case{"mailto:d@-_..-", ""},
        Case{"mailto:d@[192.0.2.1]", ""}, Case{"https://example.org/dmarc", ""}}) {
    const auto uri = parse_report_uri(text);
    ASSERT_TRUE(uri) << text;
    EXPECT_EQ(uri->domain, domain) << text;
  }
}

TEST(ReportUri, LeavesOutWhatIsNone) {
  const auto uris = parse_report_uris("x, mailto:a@example.org!1k ,,mailto:,https://example.org/d", 10);
  EXPECT_THAT(uris, ElementsAre(ReportUri{"mailto:a@example.org", "example.org", 1024},
                                ReportUri{"https://example.org/d", ""}));
  EXPECT_THAT(parse_report_uris("", 10), IsEmpty());
}

TEST(ReportUri, KeepsNoMoreThanAsked) {
  std::string list;
  for (int i = 0; i < 100; ++i) list += "mailto:a@example.org,";
  EXPECT_EQ(parse_report_uris(list, 20).size(), 20U);
}

TEST(ReportUri, KnowsTheSizesOfFormerRecords) {
  constexpr std::uint64_t mebi = std::uint64_t{1} << 20U;
  const auto size = [](const char* text) {
    return parse_report_uri(std::string("mailto:d@example.org") + text)->max_bytes;
  };
  EXPECT_EQ(size(""), std::nullopt);
  EXPECT_EQ(size("!10M"), 10 * mebi);
  EXPECT_EQ(size("!512"), 512U);
  EXPECT_EQ(size("!x"), std::nullopt);
  EXPECT_EQ(size("!99999999t"), std::nullopt);
}

TEST(ReportUri, HasTheAddressDecoded) {
  const auto address = [](const char* text) { return mail_address_of(*parse_report_uri(text)); };
  EXPECT_EQ(address("mailto:d%2Bx@example.org?subject=a"), "d+x@example.org");
  EXPECT_EQ(address("https://example.org/a@b"), "");
}

}  // namespace
}  // namespace connectord::auth
