#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postfix_fixture.h"

namespace connectord::mta {
namespace {

using namespace test;  // NOLINT: what the tests of a plan share

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

MtaRequirements with_delivery(const DeliveryNeeds& needs) {
  MtaRequirements required = connectord();
  required.outbound = true;
  required.socketmap = net::Endpoint::parse("unix:/var/spool/postfix/connectord/socketmap.sock").value();
  required.deliveries = {needs};
  return required;
}

std::vector<ServiceChange> planned(const PostfixSetup& setup, const MtaRequirements& required) {
  Plan plan;
  plan_deliveries(setup, required, plan);
  return plan.services;
}

const DeliveryNeeds everything{"shop", "connectord-shop", "/etc/ours.pem", "/etc/ours.key", true, true};

// As postconf(1) reads the lines back.
PostfixService service_of_everything() {
  return {"connectord-shop",
          "unix",
          "smtp",
          false,
          {{"smtp_sasl_auth_enable", "yes"},
           {"smtp_sasl_password_maps", "socketmap:unix:connectord/socketmap.sock:sasl-password/shop"},
           {"smtp_sasl_tls_security_options", "noanonymous"},
           {"smtp_tls_chain_files", "/etc/ours.key,/etc/ours.pem"},
           {"smtp_tls_policy_maps", "socketmap:unix:connectord/socketmap.sock:tls-policy/shop"},
           {"smtp_tls_wrappermode", "yes"}}};
}

TEST(PlanDeliveries, MakesAServiceWithAllThatTheConnectorNeeds) {
  const auto changes = planned(postfix(), with_delivery(everything));
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].service, "connectord-shop");
  EXPECT_EQ(changes[0].lines,
            "# connectord: what leaves by the outbound connector shop; connectorctl attach postfix keeps it\n"
            "connectord-shop unix - - n - - smtp\n"
            "    -o smtp_sasl_auth_enable=yes\n"
            "    -o smtp_sasl_password_maps=socketmap:unix:connectord/socketmap.sock:sasl-password/shop\n"
            "    -o smtp_sasl_tls_security_options=noanonymous\n"
            "    -o smtp_tls_chain_files=/etc/ours.key,/etc/ours.pem\n"
            "    -o smtp_tls_policy_maps=socketmap:unix:connectord/socketmap.sock:tls-policy/shop\n"
            "    -o smtp_tls_wrappermode=yes\n");
  EXPECT_EQ(
      changes[0].reason,
      "mail of the outbound connector shop leaves by it, with a certificate of its own, TLS from the first byte, a "
      "password of its own");
}

TEST(PlanDeliveries, KeepsTheSitesOwnPoliciesForWhatTheConnectorLeavesOpen) {
  PostfixSetup setup = postfix(
      {{"smtp_tls_policy_maps", "socketmap:unix:connectord/socketmap.sock:tls-policy, hash:/etc/postfix/policy"}});
  setup.services.push_back({"smtp", "unix", "smtp", true, {}});
  const auto changes = planned(setup, with_delivery({"shop", "connectord-shop", "", "", true, false}));
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_THAT(changes[0].lines, HasSubstr("    -o { smtp_tls_policy_maps = socketmap:unix:connectord/socketmap.sock:"
                                          "tls-policy/shop, hash:/etc/postfix/policy }\n"));
  EXPECT_THAT(changes[0].lines, HasSubstr("connectord-shop unix - - y - - smtp\n"));
  EXPECT_THAT(changes[0].lines, Not(HasSubstr("smtp_sasl_auth_enable")));
}

TEST(PlanDeliveries, SaysWhenAServiceIsMissingDiffersOrIsLeftOver) {
  const MtaRequirements required = with_delivery(everything);
  PostfixSetup setup = postfix();
  EXPECT_EQ(advice_of(setup, planned(setup, required)[0]).what,
            "the service connectord-shop in /etc/postfix/master.cf is missing, so mail waits");
  setup.services.push_back(service_of_everything());
  EXPECT_THAT(planned(setup, required), IsEmpty());
  setup.services.back().overrides["smtp_tls_wrappermode"] = "no";
  const auto differing = planned(setup, required);
  ASSERT_THAT(differing, SizeIs(1));
  EXPECT_EQ(advice_of(setup, differing[0]).what,
            "the service connectord-shop in /etc/postfix/master.cf is not as its connector needs it");
  const auto left_over = planned(setup, connectord());
  ASSERT_THAT(left_over, SizeIs(1));
  EXPECT_EQ(left_over[0].lines, "");
  EXPECT_EQ(advice_of(setup, left_over[0]).what, "the service connectord-shop in /etc/postfix/master.cf is left over");
}

TEST(PlanDeliveries, LeavesServicesOfOthersAlone) {
  PostfixSetup setup = postfix();
  setup.services.push_back({"connectord-x", "unix", "pipe", false, {}});
  setup.services.push_back({"relay", "unix", "smtp", false, {}});
  EXPECT_THAT(planned(setup, connectord()), IsEmpty());
}

}  // namespace
}  // namespace connectord::mta
