#include "connectord/mta/mta_requirements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/builder.h"
#include "engine/outbound_builder.h"

namespace connectord::mta {
namespace {

using engine::test::certificate;
using engine::test::configuration;
using engine::test::outbound;
using engine::test::partner;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string key = "spki-sha256:" + std::string(64, 'a');
const std::string whole = "sha256:" + std::string(64, 'b');

TEST(MtaRequirements, TellsKeysThatOnlyPostfixCanCompare) {
  EXPECT_FALSE(mta_requirements_of("f", configuration({partner("a").tls()})).public_keys_only);
  EXPECT_FALSE(
      mta_requirements_of("f", configuration({partner("a").from_certificate(certificate("", "", {key, whole}))}))
          .public_keys_only);
  EXPECT_TRUE(mta_requirements_of("f", configuration({partner("a").from_certificate(certificate("", "", {key})),
                                                      partner("b").require_certificate(certificate("", "", {whole}))}))
                  .public_keys_only);
  EXPECT_FALSE(
      mta_requirements_of("f", configuration({partner("a").from_certificate(certificate("", "", {key})).disabled()}))
          .public_keys_only);
}

TEST(MtaRequirements, TellsWhatSendmailCannotDoForOutboundConnectors) {
  model::Configuration made = configuration({partner("contoso").tls()});
  made.outbound = {outbound("fine").to({"a.example"}).by({"[a.example]"}).tls(model::TlsLevel::verify),
                   outbound("port").to({"b.example"}).by({"[b.example]:587"}),
                   outbound("dane").to({"c.example"}).tls(model::TlsLevel::dane),
                   outbound("tag").to({"*"}).of({"contoso"}),
                   outbound("off").to({"d.example"}).by({"[d.example]:26"}).disabled()};
  const MtaRequirements required = mta_requirements_of("f", made);
  EXPECT_TRUE(required.outbound);
  EXPECT_TRUE(required.dane);
  EXPECT_THAT(required.beyond_sendmail,
              ElementsAre(HasSubstr("connector port: Sendmail cannot be told of another port"),
                          HasSubstr("connector dane: Sendmail cannot be made to insist on DANE"),
                          HasSubstr("connector tag: Sendmail cannot choose a route by the inbound connector")));
  made.outbound.resize(1);
  EXPECT_THAT(mta_requirements_of("f", made).beyond_sendmail, IsEmpty());
  EXPECT_FALSE(mta_requirements_of("f", made).dane);
}

}  // namespace
}  // namespace connectord::mta
