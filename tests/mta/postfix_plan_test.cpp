#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/mta/record.h"
#include "postfix_fixture.h"

namespace connectord::mta {
namespace {

using namespace test;  // NOLINT: what the tests of a plan share

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(PlanPostfix, AttachesToAnEmptyMainCfWithAReasonForEachLine) {
  const Plan plan = plan_postfix(postfix(), connectord());
  EXPECT_EQ(changes_of(plan), whole_attachment());
  EXPECT_EQ(text_of(plan.refusals), "");
  EXPECT_EQ(text_of(plan.warnings) + text_of(plan.open), "");
  for (const Change& change : plan.changes) EXPECT_FALSE(change.reason.empty()) << change.parameter;
}

TEST(PlanPostfix, HasNothingToChangeWhereAllIsAttached) {
  EXPECT_THAT(plan_postfix(postfix(whole_attachment()), connectord()).changes, IsEmpty());
}

TEST(PlanPostfix, PutsConnectordWhereItIsAskedAboutAllMailAndKeepsTheRest) {
  struct Case {
    const char* title;
    Values main_cf;
    const char* parameter;
    const char* after;  // nullptr: not changed
  };
  const Case cases[] = {
      {"another milter",
       {{"smtpd_milters", "inet:localhost:8891"}},
       "smtpd_milters",
       "unix:connectord/milter.sock, inet:localhost:8891"},
      {"milters in braces and with a name",
       {{"smtpd_milters", "{ inet:h:1, default_action=accept } $more"}},
       "smtpd_milters",
       "unix:connectord/milter.sock, { inet:h:1, default_action=accept } $more"},
      {"an absolute path to the same socket",
       {{"smtpd_milters", "unix:/var/spool/postfix/connectord/milter.sock"}},
       "smtpd_milters",
       nullptr},
      {"an absolute path as the chroot has it",
       {{"smtpd_milters", "unix:/connectord/milter.sock"}},
       "smtpd_milters",
       nullptr},
      {"Sendmail's word for unix, and braces",
       {{"smtpd_milters", "{ local:connectord/milter.sock, connect_timeout=5s }"}},
       "smtpd_milters",
       nullptr},
      {"local mail takes what SMTP takes", {{"non_smtpd_milters", "$smtpd_milters"}}, "non_smtpd_milters", nullptr},
      {"local mail has milters of its own",
       {{"non_smtpd_milters", "inet:h:2"}},
       "non_smtpd_milters",
       "unix:connectord/milter.sock, inet:h:2"},
      {"another policy service and permits",
       {{"smtpd_recipient_restrictions", "permit_mynetworks, check_policy_service inet:h:3"}},
       "smtpd_recipient_restrictions",
       "check_policy_service unix:connectord/policy.sock, permit_mynetworks, check_policy_service inet:h:3"},
      {"ours behind a permit",
       {{"smtpd_recipient_restrictions",
         "permit_mynetworks, check_policy_service unix:connectord/policy.sock, reject_unauth_destination"}},
       "smtpd_recipient_restrictions",
       "check_policy_service unix:connectord/policy.sock, permit_mynetworks, reject_unauth_destination"},
      {"ours last behind a permit",
       {{"smtpd_recipient_restrictions", "permit_mynetworks check_policy_service unix:connectord/policy.sock"}},
       "smtpd_recipient_restrictions",
       "check_policy_service unix:connectord/policy.sock, permit_mynetworks"},
      {"ours behind a table that may permit",
       {{"smtpd_recipient_restrictions",
         "check_client_access hash:/x, check_policy_service unix:connectord/policy.sock"}},
       "smtpd_recipient_restrictions",
       "check_policy_service unix:connectord/policy.sock, check_client_access hash:/x"},
      {"ours behind what can only refuse",
       {{"smtpd_recipient_restrictions",
         "reject_unauth_destination, reject_rbl_client permit.example, "
         "check_policy_service unix:connectord/policy.sock"}},
       "smtpd_recipient_restrictions",
       nullptr},
      {"a default action that lets mail through",
       {{"milter_default_action", "accept"}},
       "milter_default_action",
       "tempfail"},
      {"a certificate that is demanded is asked for", {{"smtpd_tls_req_ccert", "yes"}}, "smtpd_tls_ask_ccert", nullptr},
      {"another digest", {{"smtpd_tls_fingerprint_digest", "sha1"}}, "smtpd_tls_fingerprint_digest", "sha256"},
      {"the digest in another case",
       {{"smtpd_tls_fingerprint_digest", "SHA256"}},
       "smtpd_tls_fingerprint_digest",
       nullptr},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.title);
    const Plan plan = plan_postfix(postfix(c.main_cf), connectord());
    const Values changes = changes_of(plan);
    const auto found = changes.find(c.parameter);
    if (c.after == nullptr) {
      EXPECT_EQ(found, changes.end()) << found->second;
    } else {
      ASSERT_NE(found, changes.end());
      EXPECT_EQ(found->second, c.after);
    }
    EXPECT_EQ(text_of(plan.refusals), "");
  }
}

TEST(PlanPostfix, RefusesWhatItWouldHaveToGuessAndSaysWhatToDo) {
  struct Case {
    const char* title;
    Values main_cf;
    std::vector<PostfixService> services;
    const char* what;
    const char* write;
  };
  const Case cases[] = {
      {"a port from outside with milters of its own",
       {},
       {{"smtp", "inet", "smtpd", false, {{"smtpd_milters", "inet:h:1"}}}},
       "smtp/inet in /etc/postfix/master.cf has \"-o smtpd_milters=inet:h:1\"",
       "postconf -c /etc/postfix -P 'smtp/inet/smtpd_milters=unix:connectord/milter.sock, inet:h:1'"},
      {"a port from outside with restrictions of its own",
       {},
       {{"smtp", "inet", "smtpd", false, {{"smtpd_recipient_restrictions", "permit_mynetworks, reject"}}}},
       "connectord is not told the fingerprints",
       "smtp/inet/smtpd_recipient_restrictions=check_policy_service unix:connectord/policy.sock, permit_mynetworks, "
       "reject"},
      {"a port from outside whose mail another filter has first",
       {},
       {{"smtp", "inet", "smtpd", false, {{"smtpd_proxy_filter", "127.0.0.1:10024"}}}},
       "\"-o smtpd_proxy_filter=127.0.0.1:10024\": milters are then told of no header and no body",
       "a milter behind connectord, or a content_filter"},
      {"another filter has all mail first",
       {{"smtpd_proxy_filter", "127.0.0.1:10024"}},
       {{"smtp", "inet", "smtpd", false, {}}},
       "smtpd_proxy_filter in main.cf is 127.0.0.1:10024: milters are then told of no header",
       "a milter behind connectord, or a content_filter"},
      {"a port from outside that goes on without milters",
       {},
       {{"smtp", "inet", "smtpd", false, {{"milter_default_action", "accept"}}}},
       "its mail is not deferred",
       "milter_default_action=tempfail"},
      {"a port from outside without milters",
       {},
       {{"smtp", "inet", "smtpd", false, {{"receive_override_options", "no_milters"}}}},
       "no milter is asked",
       "take no_milters out"},
      {"no milters at all",
       {{"receive_override_options", "no_milters"}},
       {{"smtp", "inet", "smtpd", false, {}}},
       "has no_milters",
       "take no_milters out"},
      {"all ports override the milters",
       {},
       {{"127.0.0.1:25", "inet", "smtpd", false, {{"smtpd_milters", ""}}}},
       "every smtpd service",
       "overrides"},
      {"no SMTP at all", {}, {{"smtp", "unix", "smtp", false, {}}}, "takes mail in over SMTP", "another instance"},
      {"connectord with another default action",
       {{"smtpd_milters", "{unix:connectord/milter.sock, default_action=accept}"}},
       {{"smtp", "inet", "smtpd", false, {}}},
       "default_action=accept",
       "default_action=tempfail"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.title);
    PostfixSetup setup = postfix(c.main_cf);
    setup.services = c.services;
    const std::string refusals = text_of(plan_postfix(setup, connectord()).refusals);
    EXPECT_THAT(refusals, HasSubstr(c.what));
    EXPECT_THAT(refusals, HasSubstr(c.write));
  }
}

TEST(PlanPostfix, LeavesServicesAloneWhoseMailNeedNotPassConnectordAndSaysSo) {
  PostfixSetup setup = postfix();
  setup.services.push_back({"127.0.0.1:10025",
                            "inet",
                            "smtpd",
                            true,
                            {{"smtpd_milters", ""}, {"smtpd_recipient_restrictions", "permit_mynetworks,reject"}}});
  setup.services.push_back(
      {"submission", "inet", "smtpd", true, {{"smtpd_recipient_restrictions", "permit_sasl_authenticated,reject"}}});
  const Plan plan = plan_postfix(setup, connectord());
  EXPECT_EQ(text_of(plan.refusals), "");
  EXPECT_THAT(text_of(plan.warnings), HasSubstr("127.0.0.1:10025/inet"));
  EXPECT_THAT(text_of(plan.warnings), HasSubstr("content filter"));
  EXPECT_THAT(text_of(plan.warnings), Not(HasSubstr("submission")));
}

TEST(PlanPostfix, RefusesSocketsThatTheChrootHidesButOnlyWhereThereIsOne) {
  MtaRequirements required = connectord();
  required.milter = net::Endpoint::parse("unix:/run/connectord/milter.sock").value();
  PostfixSetup setup = postfix();
  EXPECT_THAT(text_of(plan_postfix(setup, required).refusals),
              HasSubstr("milter = \"unix:/var/spool/postfix/connectord/milter.sock\", then restart connectord"));
  for (PostfixService& service : setup.services) service.chroot = false;
  const Plan plan = plan_postfix(setup, required);
  EXPECT_EQ(text_of(plan.refusals), "");
  EXPECT_EQ(changes_of(plan)["smtpd_milters"], "unix:/run/connectord/milter.sock");
  required.milter = net::Endpoint::parse("inet:0.0.0.0:8891").value();
  EXPECT_EQ(changes_of(plan_postfix(postfix(), required))["smtpd_milters"], "inet:127.0.0.1:8891");
}

TEST(PlanPostfix, RefusesAVersionThatIsTooOld) {
  for (const auto& [version, refused] : std::map<std::string, bool>{{"2.11.3", true},
                                                                    {"3.4.29", true},
                                                                    {"3.5.0", false},
                                                                    {"3.10.2", false},
                                                                    {"3.11-20260101", false},
                                                                    {"4.0", false}}) {
    PostfixSetup setup = postfix();
    setup.version = version;
    EXPECT_EQ(!plan_postfix(setup, connectord()).refusals.empty(), refused) << version;
  }
}

TEST(PlanPostfix, DoesNotBreakAListOfFingerprintsThatWasMadeWithTheOldDigest) {
  const PostfixSetup setup = postfix({{"relay_clientcerts", "hash:/etc/postfix/clients"}});
  MtaRequirements required = connectord();
  EXPECT_THAT(text_of(plan_postfix(setup, required).warnings), HasSubstr("relay_clientcerts"));
  EXPECT_EQ(changes_of(plan_postfix(setup, required)).count("smtpd_tls_fingerprint_digest"), 0U);
  required.fingerprints = true;
  EXPECT_THAT(text_of(plan_postfix(setup, required).refusals), HasSubstr("SHA-256 fingerprints, then: postconf -e"));
}

TEST(PlanPostfix, WarnsOfWhatAPersonMustDecide) {
  struct Case {
    const char* title;
    Values main_cf;
    void (*want)(MtaRequirements&);
    const char* warning;
  };
  const auto nothing = [](MtaRequirements&) {};
  const Case cases[] = {
      {"no authority to trust",
       {},
       [](MtaRequirements& w) { w.certificate_names = true; },
       "postconf -e 'smtpd_tls_CAfile = /etc/postfix/partner-authorities.pem'"},
      {"no TLS", {{"smtpd_tls_security_level", ""}}, [](MtaRequirements& w) { w.tls = true; }, "Postfix offers no TLS"},
      {"another milter's action changes",
       {{"milter_default_action", "accept"}, {"smtpd_milters", "inet:h:1"}},
       nothing,
       "{ inet:h:1, default_action=accept }"},
      {"another milter comes first",
       {{"smtpd_milters", "inet:h:1, unix:connectord/milter.sock"}},
       nothing,
       "another milter before connectord: inet:h:1"},
      {"milters by client", {{"smtpd_milter_maps", "cidr:/x"}}, nothing, "smtpd_milter_maps"},
      {"an old protocol", {{"milter_protocol", "2"}}, nothing, "milter_protocol = 6"},
      {"outbound connectors and no socketmap",
       {},
       [](MtaRequirements& w) { w.outbound = true; },
       "socketmap = \"unix:"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.title);
    MtaRequirements required = connectord();
    c.want(required);
    const Plan plan = plan_postfix(postfix(c.main_cf), required);
    EXPECT_THAT(text_of(plan.warnings) + text_of(plan.open), HasSubstr(c.warning));
    EXPECT_EQ(text_of(plan.refusals), "");
  }
}

TEST(PlanPostfix, NamesWhatPostfixMakesUpForAMilterAndSaysWhatToLeaveOfIt) {
  struct Case {
    const char* defaults;
    const char* named;  // nullptr: nothing is wrong
    const char* write;
  };
  const Case cases[] = {
      {"", nullptr, nullptr},
      {"{site}=x, daemon_name=mx", nullptr, nullptr},
      {"auth_authen=joe", "makes up {auth_authen} for", "-e 'milter_macro_defaults = '"},
      {"{tls_version}=TLSv1.3 site=x", "makes up {tls_version} for", "-e 'milter_macro_defaults = site=x'"},
      {"{ cert_subject = a b }, site=x,{ cert_issuer=c }", "makes up {cert_subject}, {cert_issuer} for", "= site=x'"},
      {"{auth_type}=PLAIN, {verify}", "makes up {auth_type}, {verify} for", "= '"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.defaults);
    const Plan plan = plan_postfix(postfix({{"milter_macro_defaults", c.defaults}}), connectord());
    ASSERT_EQ(plan.open.size(), c.named == nullptr ? 0U : 1U);
    if (c.named == nullptr) continue;
    EXPECT_THAT(plan.open[0].what, HasSubstr(c.named));
    EXPECT_THAT(plan.open[0].write, HasSubstr(c.write));
  }
}

TEST(PlanPostfix, NamesWhatMasterCfMakesUpAndTheProtocolOfOneMilter) {
  PostfixSetup setup = postfix({{"smtpd_milters", "{ unix:connectord/milter.sock, protocol=4 }"}});
  setup.services[0].overrides = {{"milter_macro_defaults", "auth_authen=joe"}, {"milter_protocol", "2"}};
  const Plan plan = plan_postfix(setup, connectord());
  ASSERT_EQ(plan.open.size(), 1U);
  EXPECT_THAT(plan.open[0].what,
              HasSubstr("smtp/inet in /etc/postfix/master.cf has \"-o milter_macro_defaults\" makes"));
  EXPECT_THAT(plan.open[0].write, HasSubstr("-P 'smtp/inet/milter_macro_defaults='"));
  EXPECT_THAT(text_of(plan.warnings), HasSubstr("protocol=4: Postfix does not hand over header values"));
  EXPECT_THAT(text_of(plan.warnings), HasSubstr("-P 'smtp/inet/milter_protocol=6'"));
}

// As connectord asks for its macros, and is heard.
TEST(PlanPostfix, LeavesTheListsOfMacrosAsTheyAre) {
  const Plan plan = plan_postfix(postfix({{"milter_helo_macros", ""}, {"milter_mail_macros", "i"}}), connectord());
  EXPECT_EQ(text_of(plan.warnings) + text_of(plan.open), "");
}

MtaRequirements with_socketmap() {
  MtaRequirements required = connectord();
  required.socketmap = net::Endpoint::parse("unix:/var/spool/postfix/connectord/socketmap.sock").value();
  return required;
}

TEST(PlanPostfix, AddsTheTablesThatSocketmapAnswersBesideThoseThatAreThere) {
  MtaRequirements required = with_socketmap();
  const Values main_cf = {{"transport_maps", "hash:/t"},
                          {"smtp_tls_policy_maps", "hash:/p"},
                          {"milter_header_checks", "regexp:/h"},
                          {"smtp_sasl_password_maps", "hash:/s"}};
  Values changes = changes_of(plan_postfix(postfix(main_cf), required));
  EXPECT_EQ(changes["transport_maps"], "hash:/t, socketmap:unix:connectord/socketmap.sock:transport");
  EXPECT_EQ(changes["smtp_tls_policy_maps"], "socketmap:unix:connectord/socketmap.sock:tls-policy, hash:/p");
  EXPECT_EQ(changes["milter_header_checks"], "regexp:/h, socketmap:unix:connectord/socketmap.sock:header");
  EXPECT_EQ(changes.count("smtp_sasl_password_maps") + changes.count("smtp_sasl_auth_enable"), 0U);
  required.credentials = true;
  changes = changes_of(plan_postfix(postfix(main_cf), required));
  EXPECT_EQ(changes["smtp_sasl_password_maps"], "socketmap:unix:connectord/socketmap.sock:sasl-password, hash:/s");
  EXPECT_EQ(changes["smtp_sasl_auth_enable"], "yes");
  EXPECT_EQ(changes["smtp_sasl_tls_security_options"], "noanonymous");
  EXPECT_EQ(changes_of(plan_postfix(postfix(changes), required)).count("transport_maps"), 0U);
}

TEST(PlanPostfix, TellsThatDaneWantsDnssec) {
  MtaRequirements required = with_socketmap();
  EXPECT_THAT(text_of(plan_postfix(postfix({}), required).open), Not(HasSubstr("dnssec")));
  required.dane = true;
  EXPECT_THAT(text_of(plan_postfix(postfix({}), required).open), HasSubstr("smtp_dns_support_level = dnssec"));
  const Values main_cf = {{"smtp_dns_support_level", "dnssec"}};
  EXPECT_THAT(text_of(plan_postfix(postfix(main_cf), required).open), Not(HasSubstr("dnssec")));
}

TEST(PlanPostfix, WarnsOfDomainsOfPostfixThatAConnectorForEverythingWouldTake) {
  MtaRequirements required = with_socketmap();
  required.accepted_domains = {net::DomainPattern::parse("*.example.net").value()};
  PostfixSetup setup = postfix({{"mydestination", "mx.example.net, localhost, Example.ORG"},
                                {"relay_domains", "example.com"},
                                {"virtual_mailbox_domains", "hash:/v"}});
  EXPECT_EQ(text_of(plan_postfix(setup, required).open), "");
  required.outbound_everywhere = true;
  const Plan plan = plan_postfix(setup, required);
  const std::string warnings = text_of(plan.warnings);
  EXPECT_THAT(text_of(plan.open), HasSubstr(R"(accepted_domains = ["*.example.net", "example.org", "example.com"])"));
  EXPECT_THAT(warnings, HasSubstr("virtual_mailbox_domains is read from hash:/v"));
}

TEST(PlanPostfix, TellsWhichLinesTheFileOfOurDomainsLacks) {
  MtaRequirements required = with_socketmap();
  required.outbound_everywhere = true;
  required.accepted_domains = {net::DomainPattern::parse("*.example.net").value()};
  required.accepted_domains_file = "/etc/connectord/domains";
  PostfixSetup setup = postfix({{"mydestination", "mx.example.net, example.org"},
                                {"relay_domains", "example.com, Example.ORG"},
                                {"virtual_mailbox_domains", "hash:/v"}});
  const Plan plan = plan_postfix(setup, required);
  EXPECT_THAT(text_of(plan.open), HasSubstr("in /etc/connectord/domains, one a line: example.org example.com"));
  EXPECT_THAT(text_of(plan.warnings), HasSubstr("see that all its domains are in /etc/connectord/domains"));
}

TEST(Record, ComesBackFromItsJsonAsItWas) {
  Record record = recorded(std::nullopt, {{"a", std::nullopt, "1", "r", ""}, {"b", "x", "y, x", "r", "y"}});
  record.backup = "/etc/postfix/main.cf.before";
  record.proved = true;
  const auto read = Record::from_json(record.to_json());
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->to_json(), record.to_json());
  EXPECT_EQ(read->parameters.at("a").before, std::nullopt);
  EXPECT_FALSE(Record::from_json("{}"));
  EXPECT_FALSE(Record::from_json("[1"));
  EXPECT_FALSE(Record::from_json(R"({"parameters": {"a": 1}})"));
}

TEST(Record, KeepsWhatWasBeforeTheFirstOfSeveralAttaches) {
  const Record first = recorded(std::nullopt, {{"b", "x", "y, x", "r", "y"}});
  const Record second = recorded(first, {{"b", "y, x", "z, x", "r", "z"}, {"c", std::nullopt, "1", "r", ""}});
  EXPECT_EQ(second.parameters.at("b").before, "x");
  EXPECT_EQ(second.parameters.at("b").part, "z");
  EXPECT_EQ(second.parameters.at("c").before, std::nullopt);
}

std::vector<std::string> edits_of(const Removal& removal) {
  std::vector<std::string> edits;
  for (const auto& edit : removal.edits) edits.push_back(edit.parameter + "=" + edit.after.value_or("(none)"));
  return edits;
}

TEST(PlanRemoval, TakesOutOurPartsAndPutsBackWhatStillHasOurValue) {
  const Record record = recorded(std::nullopt, {{"list", "x", "ours, x", "r", "ours"},
                                                {"lone", std::nullopt, "ours", "r", "ours"},
                                                {"scalar", "no", "yes", "r", ""},
                                                {"new", std::nullopt, "1", "r", ""}});
  struct Case {
    const char* title;
    Values now;
    std::vector<std::string> edits;
    std::size_t left;
  };
  const Case cases[] = {
      {"nobody changed it",
       {{"list", "ours, x"}, {"lone", "ours"}, {"scalar", "yes"}, {"new", "1"}},
       {"list=x", "lone=(none)", "new=(none)", "scalar=no"},
       0},
      {"others joined",
       {{"list", "y, ours x"}, {"lone", "ours, y"}, {"scalar", "yes"}, {"new", "1"}},
       {"list=y, x", "lone=y", "new=(none)", "scalar=no"},
       0},
      {"others changed values", {{"list", "x"}, {"scalar", "maybe"}, {"new", "2"}}, {}, 2},
      {"somebody took ours out", {{"list", "y"}, {"scalar", "no"}}, {}, 1},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.title);
    const Removal removal = plan_removal(postfix(c.now), record, {});
    EXPECT_EQ(edits_of(removal), c.edits);
    EXPECT_EQ(removal.left.size(), c.left);
  }
}

TEST(PlanRemoval, FindsWhatAPersonHasAttached) {
  const Removal removal =
      plan_removal(postfix({{"smtpd_milters", "inet:h:1 unix:/var/spool/postfix/connectord/milter.sock"},
                            {"non_smtpd_milters", "$smtpd_milters"},
                            {"smtpd_recipient_restrictions", "check_policy_service unix:connectord/policy.sock"}}),
                   std::nullopt, connectord());
  EXPECT_THAT(edits_of(removal), ElementsAre("smtpd_milters=inet:h:1", "smtpd_recipient_restrictions=(none)"));
  EXPECT_THAT(plan_removal(postfix(), std::nullopt, connectord()).edits, IsEmpty());
}

TEST(PlanPostfix, HasTlsLoggedWhereTheLogIsRead) {
  MtaRequirements required = connectord();
  EXPECT_EQ(changes_of(plan_postfix(postfix({{"smtp_tls_loglevel", "0"}}), required)).count("smtp_tls_loglevel"), 0U);
  required.mail_log = true;
  EXPECT_EQ(changes_of(plan_postfix(postfix({{"smtp_tls_loglevel", "0"}}), required))["smtp_tls_loglevel"], "1");
  Values attached = whole_attachment();
  attached["smtp_tls_loglevel"] = "0";
  const Plan later = plan_postfix(postfix(attached), required);
  EXPECT_EQ(changes_of(later).count("smtp_tls_loglevel"), 0U);
  EXPECT_THAT(text_of(later.warnings), HasSubstr("postconf -e 'smtp_tls_loglevel = 1' && postfix reload"));
}

TEST(Retire, TakesOutTheListenerThatConnectordNoLongerHas) {
  PostfixSetup setup = postfix({{"smtpd_milters", "unix:old.sock, inet:h:1"}, {"smtpd_tls_ask_ccert", "yes"}});
  const Record record =
      recorded(std::nullopt, {{"smtpd_milters", "inet:h:1", "unix:old.sock, inet:h:1", "r", "unix:old.sock"},
                              {"smtpd_tls_ask_ccert", "no", "yes", "r", ""}});
  EXPECT_THAT(retire(setup, record, connectord()), ElementsAre("smtpd_milters"));
  EXPECT_EQ(changes_of(plan_postfix(setup, connectord()))["smtpd_milters"], "unix:connectord/milter.sock, inet:h:1");
  EXPECT_THAT(retire(setup, record, connectord()), IsEmpty());
}

TEST(ReadPostfix, ReadsServicesAndTheirOverridesAsPostconfTellsThem) {
  const std::string fields =
      "smtp/inet/service = smtp\nsmtp/inet/chroot = -\nsmtp/inet/command = smtpd -o a=b\n"
      "private/x/unix/chroot = y\nprivate/x/unix/command = cleanup\n";
  const auto services = read_services(fields, "smtp/inet/smtpd_milters = \nsmtp/inet/a = b = c\n", false);
  ASSERT_EQ(services.size(), 2U);
  EXPECT_EQ(services[0].label(), "smtp/inet");
  EXPECT_EQ(services[0].program, "smtpd");
  EXPECT_FALSE(services[0].chroot);
  EXPECT_EQ(services[0].overrides, (Values{{"smtpd_milters", ""}, {"a", "b = c"}}));
  EXPECT_EQ(services[1].name, "private/x");
  EXPECT_TRUE(services[1].chroot);
  EXPECT_TRUE(read_services(fields, "", true)[0].chroot);
}

}  // namespace
}  // namespace connectord::mta
