// Actions of Get-TransportRule.
#include <algorithm>
#include <array>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "exchange_rule_parts.h"

namespace connectord::exchange {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_line = 500;

// Actions of Exchange's that have no equal.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> by_hand_actions = {{
    {"ModerateMessageByManager", "no directory is asked: write hold_for_approval with the manager's address"},
    {"SetSCL", "write set_header with the field of your spam filter"},
    {"ApplyClassification", "write set_header with the field that has the label"},
    {"ApplyOME", "there is no portal for encrypted mail here"},
    {"ApplyRightsProtectionTemplate", "rights are not protected here"},
    {"RouteMessageOutboundRequireTls",
     "write require_tls with a rule_scoped connector that has smart hosts and a level of require"},
    {"AddManagerAsRecipientType", "no directory is asked: write add_to, add_cc, bcc or redirect with the address"},
    {"NotifySender", "there are no policy tips"},
}};

constexpr std::string_view report_parts =
    "parts of a report: Sender, Recipients, Subject, Severity, RuleDetections, "
    "AttachOriginalMail";

std::optional<std::string> report_part_in(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> known = {{{"Sender", "sender"},
                                                                                   {"Recipients", "recipients"},
                                                                                   {"CC", "recipients"},
                                                                                   {"BCC", "recipients"},
                                                                                   {"Subject", "subject"},
                                                                                   {"Severity", "severity"},
                                                                                   {"RuleDetections", "rule"},
                                                                                   {"AttachOriginalMail", "original"}}};
  for (const auto& [theirs, ours] : known) {
    if (base::equals_ignoring_case(theirs, text)) return std::string(ours);
  }
  return std::nullopt;
}

// Exchange's %%tokens%% as our placeholders; std::nullopt where there is one that we have not.
std::optional<std::string> with_placeholders(std::string text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> tokens = {{{"%%From%%", "{sender}"},
                                                                                    {"%%To%%", "{recipients}"},
                                                                                    {"%%Subject%%", "{subject}"},
                                                                                    {"%%MessageDate%%", "{date}"}}};
  for (const auto& [theirs, ours] : tokens) {
    for (std::size_t at = 0; (at = text.find(theirs, at)) != std::string::npos; at += ours.size()) {
      text.replace(at, theirs.size(), ours);
    }
  }
  if (text.find("%%") != std::string::npos) return std::nullopt;
  return text;
}

// Actions of one rule.
class Actions {
 public:
  explicit Actions(Properties& properties) : properties_(properties) {}

  RulePart read() {
    reject();
    flag("DeleteMessage", "delete");
    flag("Quarantine", "quarantine");
    recipients("RedirectMessageTo", "redirect");
    recipients("BlindCopyTo", "bcc");
    recipients("AddToRecipients", "add_to");
    recipients("CopyTo", "add_cc");
    header();
    subject();
    disclaimer();
    route();
    approval();
    incident_report();
    notice();
    for (const auto& [property, advice] : by_hand_actions) {
      is_incomplete_ = is_incomplete_ || (properties_.says(property));
      properties_.by_hand(property, std::string(advice));
    }
    return {std::move(actions_), is_incomplete_};
  }

 private:
  void note(std::string_view property, const std::string& key) {
    is_incomplete_ = is_incomplete_ || properties_.is_refused(property);
    properties_.taken(property, key);
  }

  std::string line(std::string_view property, bool ascii) {
    std::string text = properties_.text(property);
    const bool good = text.size() <= max_line && std::none_of(text.begin(), text.end(), base::is_control) &&
                      (!ascii || std::all_of(text.begin(), text.end(), base::is_ascii));
    if (good) return text;
    properties_.refuse(property, ascii ? "one line of at most 500 characters of ASCII, as SMTP has it"
                                       : "one line of at most 500 bytes");
    return {};
  }

  void reject() {
    const std::string text = line("RejectMessageReasonText", true);
    const std::string status = properties_.text("RejectMessageEnhancedStatusCode");
    if (properties_.says("RejectMessageReasonText") || !status.empty()) {
      Json action{{"do", "reject"}};
      if (!text.empty()) action["text"] = text;
      if (status.starts_with("5.")) action["status"] = status;
      actions_.push_back(std::move(action));
    }
    if (!status.empty() && !status.starts_with("5.")) properties_.refuse("RejectMessageEnhancedStatusCode", "5.7.1");
    note("RejectMessageReasonText", "reject.text");
    note("RejectMessageEnhancedStatusCode", "reject.status");
  }

  void flag(std::string_view property, const char* action) {
    if (properties_.flag(property)) actions_.push_back(Json{{"do", action}});
    note(property, action);
  }

  void recipients(std::string_view property, const char* action) {
    const auto to = properties_.list_of(property, mail_addresses, address_in);
    if (!to.empty()) actions_.push_back(Json{{"do", action}, {"to", to}});
    note(property, std::string(action) + ".to");
  }

  void header() {
    const std::string name = properties_.text("SetHeaderName");
    const std::string value = line("SetHeaderValue", false);
    if (!name.empty() && !value.empty()) {
      actions_.push_back(Json{{"do", "set_header"}, {"header", name}, {"value", value}});
    }
    note("SetHeaderValue", "set_header.value");
    note("SetHeaderName", "set_header.header");
    const std::string removed = properties_.text("RemoveHeader");
    if (!removed.empty()) actions_.push_back(Json{{"do", "remove_header"}, {"header", removed}});
    note("RemoveHeader", "remove_header.header");
  }

  void subject() {
    const std::string text = line("PrependSubject", false);
    if (!text.empty()) actions_.push_back(Json{{"do", "prepend_subject"}, {"text", text}});
    note("PrependSubject", "prepend_subject.text");
  }

  void disclaimer() {
    constexpr std::size_t max_text = 16'384;
    const std::string html = properties_.text("ApplyHtmlDisclaimerText");
    const std::string location = properties_.text("ApplyHtmlDisclaimerLocation");
    const std::string fallback = properties_.text("ApplyHtmlActionFallbackAction");
    const bool has_tokens = html.find("%%") != std::string::npos;
    if (has_tokens)
      properties_.refuse("ApplyHtmlDisclaimerText", "a text without %%tokens%%, which a directory would have to fill");
    if (html.size() > max_text) properties_.refuse("ApplyHtmlDisclaimerText", "a text of at most 16,384 bytes");
    if (!html.empty() && !has_tokens && html.size() <= max_text) {
      Json action{{"do", "disclaimer"}, {"html", html}};
      if (location == "Prepend") action["position"] = "prepend";
      action["fallback"] = fallback == "Ignore" ? "ignore" : fallback == "Reject" ? "reject" : "wrap";
      actions_.push_back(std::move(action));
    }
    note("ApplyHtmlDisclaimerText", "disclaimer.html");
    note("ApplyHtmlDisclaimerLocation", "disclaimer.position");
    note("ApplyHtmlActionFallbackAction", "disclaimer.fallback");
  }

  void route() {
    const std::string connector = properties_.text("RouteMessageOutboundConnector");
    if (!connector.empty()) actions_.push_back(Json{{"do", "route"}, {"connector", config::plain_name(connector)}});
    note("RouteMessageOutboundConnector", "route.connector, which must have rule_scoped");
  }

  void approval() {
    const auto approvers = properties_.list_of("ModerateMessageByUser", mail_addresses, address_in);
    if (!approvers.empty()) actions_.push_back(Json{{"do", "hold_for_approval"}, {"approvers", approvers}});
    note("ModerateMessageByUser", "hold_for_approval.approvers");
  }

  // The parts of Exchange's report that ours has; without any, all but the message itself.
  void incident_report() {
    const auto to = properties_.list_of("GenerateIncidentReport", mail_addresses, address_in);
    Json content = Json::array();
    const auto keep = [&content](std::string_view word) {
      if (std::find(content.begin(), content.end(), word) == content.end()) content.push_back(word);
    };
    for (const std::string& part : properties_.list_of("IncidentReportContent", report_parts, report_part_in)) {
      keep(part);
      if (part == "rule") keep("findings");
    }
    if (!to.empty()) {
      Json action{{"do", "incident_report"}, {"to", to}};
      if (!content.empty()) action["content"] = std::move(content);
      actions_.push_back(std::move(action));
    }
    note("GenerateIncidentReport", "incident_report.to");
    note("IncidentReportContent", "incident_report.content");
  }

  void notice() {
    const std::string html = properties_.text("GenerateNotification");
    const auto filled = with_placeholders(html);
    if (!filled) {
      properties_.refuse("GenerateNotification",
                         "a text without other %%tokens%% than From, To, Subject and MessageDate");
    }
    if (filled && !filled->empty()) {
      actions_.push_back(Json{{"do", "notify"}, {"text", "About your message: {subject}"}, {"html", *filled}});
    }
    note("GenerateNotification", "notify.html");
  }

  Properties& properties_;
  Json actions_ = Json::array();
  bool is_incomplete_ = false;
};

}  // namespace

RulePart read_rule_actions(Properties& properties) {
  return Actions(properties).read();
}

}  // namespace connectord::exchange
