#include "connectord/sts/tls_reporting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace connectord::sts {
namespace {

using ::testing::ElementsAre;

TEST(TlsReporting, TakesTheAddressesOfARecord) {
  EXPECT_THAT(parse_tls_reporting_record("v=TLSRPTv1; rua=mailto:a@example.com , https://example.com/v1;x=y").value(),
              ElementsAre("mailto:a@example.com", "https://example.com/v1"));
}

TEST(TlsReporting, PassesOverOtherRecords) {
  EXPECT_TRUE(is_tls_reporting_record("v=TLSRPTv1;rua=mailto:a@example.com"));
  for (const char* other : {"v=spf1 -all", "v=TLSRPTv12; rua=mailto:a@example.com", "", "V=TLSRPTv1;"}) {
    EXPECT_FALSE(is_tls_reporting_record(other)) << other;
  }
}

TEST(TlsReporting, SaysWhatIsWrong) {
  EXPECT_EQ(parse_tls_reporting_record("v=TLSRPTv1").error(), "rua is missing");
  EXPECT_EQ(parse_tls_reporting_record("v=TLSRPTv1; rua=ftp://x").error(), "\"ftp://x\" is neither mailto: nor https:");
  EXPECT_EQ(parse_tls_reporting_record("v=TLSRPTv1; rua=mailto:a@b; rua=mailto:c@d").error(), "rua stands there twice");
}

}  // namespace
}  // namespace connectord::sts
