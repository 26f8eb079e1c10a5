#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/config/connector_files.h"
#include "connectord/config/load.h"
#include "exchange_samples.h"

namespace connectord::exchange {
namespace {

using namespace testing;  // NOLINT: short forms of connectors
using ::testing::HasSubstr;

// As Get-TransportRule | ConvertTo-Json writes one, but for most of what is null.
Json some_rule() {
  return Json::parse(R"({"Priority": 3, "DlpPolicy": null, "DlpPolicyId": "00000000-0000-0000-0000-000000000000",
    "Comments": "ticket 4711\r\nsince May\r\n", "CreatedBy": "admin@contoso.onmicrosoft.com",
    "LastModifiedBy": "admin", "ManuallyModified": false, "ActivationDate": null, "ExpiryDate": null,
    "Description": "If the message:\r\n\tIs received from 'Outside the organization'\r\n", "RuleVersion":
    {"Major": 14, "Minor": 0}, "Size": 812, "Conditions": ["Microsoft.Exchange.FromScopePredicate"],
    "Exceptions": null, "Actions": ["Microsoft.Exchange.PrependSubjectAction"], "State": "Enabled",
    "Mode": "Enforce", "RuleErrorAction": "Ignore", "SenderAddressLocation": "Header", "RuleSubType": "None",
    "RuleIsDeleted": false, "UseLegacyRegex": false, "From": null, "FromMemberOf": null,
    "FromScope": "NotInOrganization", "SentTo": null, "HasClassification": null, "HasNoClassification": false,
    "AttachmentHasExecutableContent": false, "ExceptIfFrom": null, "PrependSubject": "[EXTERNAL] ",
    "SetAuditSeverity": "Low", "DeleteMessage": false, "StopRuleProcessing": false,
    "RouteMessageOutboundRequireTls": false, "Identity": "External mark", "Guid": "6fd1bb2f",
    "Name": "External mark", "IsValid": true, "WhenChanged": "2026-03-01T10:00:00", "ObjectState": "Unchanged"})");
}

Json rule_with(const std::string& name, const Json& value) {
  Json json = some_rule();
  json[name] = value;
  return json;
}

std::string problems_of_rule(const Json& made) {
  const auto loaded = config::parse(
      "[server]\nmilter = \"unix:/run/m\"\nsocketmap = \"unix:/run/s\"\n[organization]\naccepted_domains = "
      "[\"example.net\"]\n[[outbound]]\nname = \"To-Contoso\"\nscenario = \"partner\"\nrule_scoped = true\n" +
          config::entry_toml(made, "rule").value(),
      "import", {"mx.example.net"});
  std::string text;
  for (const auto& problem : loaded.problems) {
    if (problem.severity == model::Problem::Severity::error) text += to_string(problem) + "\n";
  }
  return text;
}

TEST(ExchangeRules, MakeARuleAndTellOfEveryPropertyWhatBecameOfIt) {
  const ImportedConnector made = import_one(some_rule());
  EXPECT_EQ(made.table, "rule");
  EXPECT_EQ(made.connector, Json::parse(R"({"name": "External mark", "priority": 3, "comment": "ticket 4711 since May",
      "on_error": "ignore", "severity": "low", "when": {"sender_scope": "external"},
      "action": [{"do": "prepend_subject", "text": "[EXTERNAL] "}]})"));
  EXPECT_EQ(made.properties.size(), some_rule().size());
  for (const ImportedProperty& each : made.properties) {
    EXPECT_NE(each.fate, Fate::by_hand) << each.name << ": " << each.words;
  }
  EXPECT_THAT(made.warnings, ::testing::IsEmpty());
  EXPECT_EQ(problems_of_rule(made.connector), "");
}

TEST(ExchangeRules, TakeConditionsAndExceptions) {
  struct {
    const char* property;
    Json value;
    const char* keys;  // beside the others
  } const cases[] = {
      {"From", {"Eve@Example.org"}, R"({"sender": ["Eve@Example.org"], "sender_location": "header"})"},
      {"FromAddressContainsWords", "eve", R"({"sender_words": ["eve"], "sender_location": "header"})"},
      {"FromAddressMatchesPatterns", {"^eve"}, R"({"sender_patterns": ["^eve"], "sender_location": "header"})"},
      {"SenderDomainIs",
       {"contoso.com"},
       R"({"sender_domains": ["contoso.com", "*.contoso.com"], "sender_location": "header"})"},
      {"SentTo", {"bob@example.net"}, R"({"recipient": ["bob@example.net"]})"},
      {"SentToScope", "InOrganization", R"({"recipient_scope": "internal"})"},
      {"RecipientDomainIs", {"a.example"}, R"({"recipient_domains": ["a.example", "*.a.example"]})"},
      {"RecipientAddressMatchesPatterns", {"x"}, R"({"recipient_patterns": ["x"]})"},
      {"AnyOfToHeader", {"a@b.example"}, R"({"to_header": ["a@b.example"]})"},
      {"SubjectContainsWords", {"invoice", "bill"}, R"({"subject_words": ["invoice", "bill"]})"},
      {"SubjectOrBodyMatchesPatterns", {"\\d{4}"}, R"({"body_or_subject_patterns": ["\\d{4}"]})"},
      {"AttachmentExtensionMatchesWords", {".EXE", "js"}, R"({"attachment_extensions": ["exe", "js"]})"},
      {"AttachmentHasExecutableContent", true, R"({"attachment_executable": true})"},
      {"AttachmentIsPasswordProtected", true, R"({"attachment_encrypted": true})"},
      {"MessageSizeOver", "25 MB (26,214,400 bytes)", R"({"message_size_over": "26214400B"})"},
      {"AttachmentSizeOver", "10MB", R"({"attachment_size_over": "10485760B"})"},
      {"SenderIpRanges", {"192.0.2.0/24"}, R"({"client_networks": ["192.0.2.0/24"]})"},
      {"WithImportance", "High", R"({"importance": ["high"]})"},
      {"MessageTypeMatches", "Calendaring", R"({"message_types": ["calendar"]})"},
      {"ContentCharacterSetContainsWords", {"koi8-r"}, R"({"charset_words": ["koi8-r"]})"},
  };
  for (const auto& one : cases) {
    for (const std::string prefix : {"", "ExceptIf"}) {
      const ImportedConnector made = import_one(rule_with(prefix + one.property, one.value));
      Json expected = Json::parse(one.keys);
      if (prefix.empty()) expected["sender_scope"] = "external";
      const Json found = made.connector.value(prefix.empty() ? "when" : "unless", Json());
      EXPECT_EQ(nlohmann::json(found), nlohmann::json(expected)) << prefix << one.property;
      EXPECT_EQ(property(made, prefix + one.property).fate, Fate::taken) << prefix << one.property;
      EXPECT_FALSE(made.connector.contains("enabled")) << prefix << one.property;
      EXPECT_EQ(problems_of_rule(made.connector), "") << prefix << one.property;
    }
  }
}

TEST(ExchangeRules, TakeActions) {
  struct {
    const char* properties;
    const char* action;
  } const cases[] = {
      {R"({"RejectMessageReasonText": "No", "RejectMessageEnhancedStatusCode": "5.7.900"})",
       R"({"do": "reject", "text": "No", "status": "5.7.900"})"},
      {R"({"DeleteMessage": true})", R"({"do": "delete"})"},
      {R"({"Quarantine": true})", R"({"do": "quarantine"})"},
      {R"({"RedirectMessageTo": ["a@example.net"]})", R"({"do": "redirect", "to": ["a@example.net"]})"},
      {R"({"BlindCopyTo": "a@example.net"})", R"({"do": "bcc", "to": ["a@example.net"]})"},
      {R"({"AddToRecipients": ["a@example.net"]})", R"({"do": "add_to", "to": ["a@example.net"]})"},
      {R"({"CopyTo": ["a@example.net"]})", R"({"do": "add_cc", "to": ["a@example.net"]})"},
      {R"({"ModerateMessageByUser": ["a@example.net"]})",
       R"({"do": "hold_for_approval", "approvers": ["a@example.net"]})"},
      {R"({"GenerateIncidentReport": "a@example.net", "IncidentReportContent":
          ["Sender", "CC", "BCC", "Subject", "RuleDetections", "AttachOriginalMail"]})",
       R"({"do": "incident_report", "to": ["a@example.net"], "content":
          ["sender", "recipients", "subject", "rule", "findings", "original"]})"},
      {R"({"GenerateNotification": "<p>%%From%% wrote %%Subject%% on %%MessageDate%%</p>"})",
       R"({"do": "notify", "text": "About your message: {subject}",
          "html": "<p>{sender} wrote {subject} on {date}</p>"})"},
      {R"({"SetHeaderName": "X-A", "SetHeaderValue": "b"})", R"({"do": "set_header", "header": "X-A", "value": "b"})"},
      {R"({"RemoveHeader": "X-A"})", R"({"do": "remove_header", "header": "X-A"})"},
      {R"({"ApplyHtmlDisclaimerText": "<b>x</b>", "ApplyHtmlDisclaimerLocation": "Prepend",
           "ApplyHtmlActionFallbackAction": "Ignore"})",
       R"({"do": "disclaimer", "html": "<b>x</b>", "position": "prepend", "fallback": "ignore"})"},
      {R"({"RouteMessageOutboundConnector": "To Contoso"})", R"({"do": "route", "connector": "To-Contoso"})"},
  };
  for (const auto& one : cases) {
    Json json = some_rule();
    json["PrependSubject"] = nullptr;
    json.update(Json::parse(one.properties));
    const ImportedConnector made = import_one(json);
    EXPECT_EQ(made.obstacle, "");
    EXPECT_EQ(made.connector.value("action", Json()), Json::array({Json::parse(one.action)})) << one.properties;
    EXPECT_FALSE(made.connector.contains("enabled")) << one.properties;
    EXPECT_EQ(problems_of_rule(made.connector), "") << one.properties;
  }
}

TEST(ExchangeRules, DoSomethingOnlyWhereTheModeIsEnforce) {
  struct {
    Json mode;
    bool audit;
  } const cases[] = {{"Enforce", false}, {"Audit", true}, {"AuditAndNotify", true},
                     {nullptr, true},    {2, true},       {"Sometimes", true}};
  for (const auto& one : cases) {
    const ImportedConnector made = import_one(rule_with("Mode", one.mode));
    EXPECT_EQ(made.connector.value("mode", "enforce") == "audit", one.audit) << one.mode;
  }
  Json none = some_rule();
  none.erase("Mode");
  EXPECT_EQ(import_one(none).connector["mode"], "audit");
  EXPECT_EQ(import_one(rule_with("State", "Disabled")).connector["enabled"], false);
  EXPECT_EQ(import_one(rule_with("State", 0)).connector["enabled"], false);
}

TEST(ExchangeRules, OneThatLacksAConditionOrAnActionIsDisabledAndTheRestIsTaken) {
  struct {
    const char* property;
    Json value;
    const char* words;
  } const cases[] = {
      {"FromMemberOf", {"Sales"}, "senders_file"},
      {"ExceptIfSentToMemberOf", {"Sales"}, "recipients_file"},
      {"SubjectMatchesPatterns", {"(?<=x)y"}, "RE2"},
      {"ExceptIfSCLOver", "5", "spam filter"},
      {"SentTo", {"Bob Smith"}, "mail addresses"},
      {"SentToScope", "ExternalPartner", "partners"},
      {"MessageTypeMatches", "Voicemail", "type"},
      {"MessageSizeOver", "large", "size"},
      {"ModerateMessageByManager", true, "hold_for_approval"},
      {"GenerateNotification", "See %%Headers%%", "%%tokens%%"},
      {"ApplyHtmlDisclaimerText", "Hello %%DisplayName%%", "tokens"},
      {"ExpiryDate", "soon", "UTC"},
  };
  for (const auto& one : cases) {
    const ImportedConnector made = import_one(rule_with(one.property, one.value));
    EXPECT_EQ(property(made, one.property).fate, Fate::by_hand) << one.property;
    EXPECT_THAT(property(made, one.property).words, HasSubstr(one.words)) << one.property;
    EXPECT_EQ(made.connector["enabled"], false) << one.property;
    EXPECT_EQ(made.connector["action"].back()["do"], "prepend_subject") << one.property;
    EXPECT_EQ(problems_of_rule(made.connector), "") << one.property;
  }
}

TEST(ExchangeRules, RefusalsThatSmtpCannotSayKeepTheirUsualText) {
  Json json = rule_with("RejectMessageReasonText", "n\xc3\xb6");
  json["PrependSubject"] = nullptr;
  const ImportedConnector made = import_one(json);
  EXPECT_THAT(property(made, "RejectMessageReasonText").words, HasSubstr("ASCII"));
  EXPECT_EQ(made.connector["enabled"], false);
  EXPECT_EQ(made.connector["action"], Json::parse(R"([{"do": "reject"}])"));
  EXPECT_EQ(problems_of_rule(made.connector), "");
}

TEST(ExchangeRules, TimesAreReadAsEachPowerShellWritesThem) {
  struct {
    const char* written;
    const char* read;
  } const cases[] = {{"/Date(1764547200000)/", "2025-12-01T00:00:00Z"},
                     {"2026-12-01T00:00:00", "2026-12-01T00:00:00Z"},
                     {"2026-12-01T00:00:00.0000000Z", "2026-12-01T00:00:00Z"}};
  for (const auto& one : cases) {
    EXPECT_EQ(import_one(rule_with("ActivationDate", one.written)).connector["activate_at"], one.read) << one.written;
  }
}

TEST(ExchangeRules, HeaderConditionsAreTakenTogetherAndTwoOfThemAreNot) {
  Json json = rule_with("HeaderContainsMessageHeader", "X-Spam");
  json["HeaderContainsWords"] = {"yes"};
  EXPECT_EQ(import_one(json).connector["when"]["header"], Json::parse(R"([{"name": "X-Spam", "words": ["yes"]}])"));
  json["HeaderMatchesMessageHeader"] = "X-Level";
  json["HeaderMatchesPatterns"] = {"[5-9]"};
  const ImportedConnector made = import_one(json);
  EXPECT_EQ(property(made, "HeaderMatchesMessageHeader").fate, Fate::by_hand);
  EXPECT_EQ(made.connector["enabled"], false);
}

TEST(ExchangeRules, OneWithoutAnyActionOfOursCannotBeWritten) {
  Json json = rule_with("PrependSubject", nullptr);
  json["ApplyOME"] = true;
  json["Other"] = some_rule();
  const auto made = read_exchange(Json::array({json, some_rule()}).dump(), {});
  ASSERT_TRUE(made);
  EXPECT_THAT(made->at(0).obstacle, HasSubstr("none of its actions"));
  EXPECT_EQ(made->at(1).obstacle, "");
  EXPECT_EQ(made->at(1).connector["name"], "External mark");
}

TEST(ExchangeRules, WithoutConditionsAreForAllMailAndNamesAreUnique) {
  const auto made = read_exchange(Json::array({rule_with("FromScope", nullptr), some_rule()}).dump(), {});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->at(0).connector["all"], true);
  EXPECT_EQ(made->at(1).connector["name"], "External mark-2");
}

}  // namespace
}  // namespace connectord::exchange
