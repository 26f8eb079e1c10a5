#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/authentication.h"
#include "connectord/model/connector.h"
#include "connectord/model/inspection.h"
#include "connectord/model/words.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/ip_address.h"

// Transport rules: what is looked at in a message, and what is done then. Plain values, as those of connector.h.
namespace connectord::model {

// Mail of ours (submitted, or of an on-premises connector) goes out or stays; all other mail is inbound.
enum class Direction : std::uint8_t { inbound, outbound, internal };
consteval auto words_of(Direction) {
  return std::to_array<Named<Direction>>(
      {{Direction::inbound, "inbound"}, {Direction::outbound, "outbound"}, {Direction::internal, "internal"}});
}

enum class Scope : std::uint8_t { internal, external };
consteval auto words_of(Scope) {
  return std::to_array<Named<Scope>>({{Scope::internal, "internal"}, {Scope::external, "external"}});
}

// Where a sender's address is looked for: in From, in MAIL FROM, or in both.
enum class SenderLocation : std::uint8_t { header, envelope, either };
consteval auto words_of(SenderLocation) {
  return std::to_array<Named<SenderLocation>>(
      {{SenderLocation::header, "header"}, {SenderLocation::envelope, "envelope"}, {SenderLocation::either, "either"}});
}

// What becomes of a message that a rule cannot be asked about.
enum class OnRuleError : std::uint8_t { defer, ignore };
consteval auto words_of(OnRuleError) {
  return std::to_array<Named<OnRuleError>>({{OnRuleError::defer, "defer"}, {OnRuleError::ignore, "ignore"}});
}

enum class RuleSeverity : std::uint8_t { low, medium, high };
consteval auto words_of(RuleSeverity) {
  return std::to_array<Named<RuleSeverity>>(
      {{RuleSeverity::low, "low"}, {RuleSeverity::medium, "medium"}, {RuleSeverity::high, "high"}});
}

enum class MessageType : std::uint8_t {
  signed_mail,
  encrypted,
  calendar,
  auto_submitted,
  read_receipt,
  delivery_report,
  list
};
consteval auto words_of(MessageType) {
  return std::to_array<Named<MessageType>>({{MessageType::signed_mail, "signed"},
                                            {MessageType::encrypted, "encrypted"},
                                            {MessageType::calendar, "calendar"},
                                            {MessageType::auto_submitted, "auto_submitted"},
                                            {MessageType::read_receipt, "read_receipt"},
                                            {MessageType::delivery_report, "delivery_report"},
                                            {MessageType::list, "list"}});
}

enum class Importance : std::uint8_t { low, normal, high };
consteval auto words_of(Importance) {
  return std::to_array<Named<Importance>>(
      {{Importance::low, "low"}, {Importance::normal, "normal"}, {Importance::high, "high"}});
}

// A file of addresses and domains, read when the configuration is.
struct AddressList {
  std::vector<std::string> addresses;  // the domain normalized, the local part in lower case
  std::vector<net::DomainPattern> domains;
};

// A header field by its name; with words or patterns, one that has any of them. Without both, that it is there.
struct HeaderCondition {
  std::string name;
  std::vector<std::string> words;
  std::vector<std::string> patterns;
  Location location;
};

// The keys of [rule.when] and [rule.unless]. What is empty is not asked. Of a key's values any one will do.
struct RuleConditions {
  RuleConditions();
  RuleConditions(const RuleConditions&);
  RuleConditions(RuleConditions&&) noexcept;
  RuleConditions& operator=(const RuleConditions&);
  RuleConditions& operator=(RuleConditions&&) noexcept;
  ~RuleConditions();

  std::vector<Direction> direction;
  std::vector<std::string> inbound_connectors;
  std::vector<std::string> outbound_connectors;
  std::optional<bool> authenticated;
  std::optional<bool> tls;
  std::vector<net::AddressRange> client_networks;

  std::vector<std::string> sender;  // addresses, normalized as those of AddressList; so are all others here
  std::vector<net::DomainPattern> sender_domains;
  std::vector<std::string> sender_words;
  std::vector<std::string> sender_patterns;
  std::string senders_file;
  std::shared_ptr<const AddressList> senders;  // what stands in the file
  std::optional<Scope> sender_scope;
  SenderLocation sender_location = SenderLocation::either;

  std::vector<std::string> recipient;
  std::vector<net::DomainPattern> recipient_domains;
  std::vector<std::string> recipient_words;
  std::vector<std::string> recipient_patterns;
  std::string recipients_file;
  std::shared_ptr<const AddressList> recipients;
  std::optional<Scope> recipient_scope;

  std::vector<std::string> to_header;
  std::vector<std::string> to_header_words;
  std::vector<std::string> to_header_patterns;
  std::vector<std::string> cc_header;
  std::vector<std::string> cc_header_words;
  std::vector<std::string> cc_header_patterns;
  std::vector<std::string> subject_words;
  std::vector<std::string> subject_patterns;
  std::vector<HeaderCondition> header;

  std::vector<std::string> body_or_subject_words;
  std::vector<std::string> body_or_subject_patterns;
  std::vector<std::string> charset_words;
  std::vector<Importance> importance;
  std::vector<MessageType> message_types;
  std::optional<std::uint64_t> message_size_over;  // bytes
  std::vector<std::string> attachment_names;       // with "*" and "?"
  std::vector<std::string> attachment_extensions;  // in lower case, without a dot
  std::optional<std::uint64_t> attachment_size_over;
  std::vector<FileKind> attachment_kinds;  // by their bytes
  std::vector<std::string> attachment_words;
  std::vector<std::string> attachment_patterns;
  std::optional<bool> attachment_executable;
  std::optional<bool> attachment_encrypted;
  std::optional<bool> attachment_uninspectable;
  std::optional<bool> attachment_limit_exceeded;

  std::vector<SpfResult> spf;
  std::vector<DkimResult> dkim;
  std::vector<DmarcResult> dmarc;
  std::vector<ArcResult> arc;
  Location location;
};

// The lines of an incident report, in this order.
enum class IncidentContent : std::uint8_t {
  sender,
  recipients,
  subject,
  message_id,
  date,
  connector,
  severity,
  rule,
  findings,
  headers,   // those of the original, as text
  original,  // as message/rfc822
};
consteval auto words_of(IncidentContent) {
  return std::to_array<Named<IncidentContent>>({{IncidentContent::sender, "sender"},
                                                {IncidentContent::recipients, "recipients"},
                                                {IncidentContent::subject, "subject"},
                                                {IncidentContent::message_id, "message_id"},
                                                {IncidentContent::date, "date"},
                                                {IncidentContent::connector, "connector"},
                                                {IncidentContent::severity, "severity"},
                                                {IncidentContent::rule, "rule"},
                                                {IncidentContent::findings, "findings"},
                                                {IncidentContent::headers, "headers"},
                                                {IncidentContent::original, "original"}});
}
// Whether a report with this content has the message itself in it.
bool holds_original(const std::vector<IncidentContent>& content);

// In the order in which a message's changes are carried out. What is written about it is of the message as it came.
enum class RuleActionKind : std::uint8_t {
  journal,
  notify,
  incident_report,
  set_header,
  add_header,
  remove_header,
  prepend_subject,
  strip_attachments,
  disclaimer,
  wrap,
  encrypt,
  bcc,
  add_to,
  add_cc,
  redirect,
  route,
  require_tls,
  hold_for_approval,
  quarantine,
  remove,
  defer,
  reject
};
consteval auto words_of(RuleActionKind) {
  return std::to_array<Named<RuleActionKind>>({{RuleActionKind::journal, "journal"},
                                               {RuleActionKind::notify, "notify"},
                                               {RuleActionKind::incident_report, "incident_report"},
                                               {RuleActionKind::set_header, "set_header"},
                                               {RuleActionKind::add_header, "add_header"},
                                               {RuleActionKind::remove_header, "remove_header"},
                                               {RuleActionKind::prepend_subject, "prepend_subject"},
                                               {RuleActionKind::strip_attachments, "strip_attachments"},
                                               {RuleActionKind::disclaimer, "disclaimer"},
                                               {RuleActionKind::wrap, "wrap"},
                                               {RuleActionKind::encrypt, "encrypt"},
                                               {RuleActionKind::bcc, "bcc"},
                                               {RuleActionKind::add_to, "add_to"},
                                               {RuleActionKind::add_cc, "add_cc"},
                                               {RuleActionKind::redirect, "redirect"},
                                               {RuleActionKind::route, "route"},
                                               {RuleActionKind::require_tls, "require_tls"},
                                               {RuleActionKind::hold_for_approval, "hold_for_approval"},
                                               {RuleActionKind::quarantine, "quarantine"},
                                               {RuleActionKind::remove, "delete"},
                                               {RuleActionKind::defer, "defer"},
                                               {RuleActionKind::reject, "reject"}});
}

enum class DisclaimerPosition : std::uint8_t { append, prepend };
consteval auto words_of(DisclaimerPosition) {
  return std::to_array<Named<DisclaimerPosition>>(
      {{DisclaimerPosition::append, "append"}, {DisclaimerPosition::prepend, "prepend"}});
}

// What is done where a disclaimer cannot be put into the message, or a message not be encrypted: of a disclaimer all
// but the last, of encryption all but `wrap`.
enum class ActionFallback : std::uint8_t { ignore, wrap, reject, require_tls };
consteval auto words_of(ActionFallback) {
  return std::to_array<Named<ActionFallback>>({{ActionFallback::ignore, "ignore"},
                                               {ActionFallback::wrap, "wrap"},
                                               {ActionFallback::reject, "reject"},
                                               {ActionFallback::require_tls, "require_tls"}});
}

// RFC 8551, 2.7.
enum class ContentCipher : std::uint8_t { aes_256_gcm, aes_256_cbc };
consteval auto words_of(ContentCipher) {
  return std::to_array<Named<ContentCipher>>(
      {{ContentCipher::aes_256_gcm, "aes-256-gcm"}, {ContentCipher::aes_256_cbc, "aes-256-cbc"}});
}

// One [[rule.action]]. Which keys count depends on the kind.
struct RuleAction {
  RuleAction();
  RuleAction(const RuleAction&);
  RuleAction(RuleAction&&) noexcept;
  RuleAction& operator=(const RuleAction&);
  RuleAction& operator=(RuleAction&&) noexcept;
  ~RuleAction();

  RuleActionKind kind = RuleActionKind::set_header;
  std::uint32_t code = 0;       // of reject and defer; 0: 550 or 451
  std::string status;           // the enhanced one; empty: 5.7.1 or 4.7.1
  std::string text;             // of reject, defer, prepend_subject, disclaimer, strip_attachments, wrap and notify
  std::string reason;           // of quarantine
  std::vector<std::string> to;  // addresses
  std::string header;
  std::string value;  // UTF-8, with placeholders such as {subject}
  std::string connector;
  std::string html;
  DisclaimerPosition position = DisclaimerPosition::append;
  ActionFallback fallback = ActionFallback::ignore;
  bool once = true;
  std::string subject;                   // of notify
  std::vector<IncidentContent> content;  // of incident_report; empty: all but `headers` and `original`
  std::string certificates;              // of encrypt: the folder
  ContentCipher cipher = ContentCipher::aes_256_gcm;
  std::vector<std::string> approvers;                        // addresses; of hold_for_approval
  std::chrono::milliseconds expire{std::chrono::hours(48)};  // how long they have time
  Location location;

  // What notifies somebody of the message.
  bool notifies() const { return kind == RuleActionKind::notify || kind == RuleActionKind::incident_report; }
  // What writes a message of its own.
  bool writes_mail() const {
    return kind == RuleActionKind::journal || kind == RuleActionKind::hold_for_approval || notifies();
  }
  // What says by which connector it leaves.
  bool chooses_route() const { return kind == RuleActionKind::route || kind == RuleActionKind::require_tls; }
  // The same, also where it does so at need only.
  bool may_route() const { return chooses_route() || (kind == RuleActionKind::encrypt && !connector.empty()); }
  // What ends a message's way, or holds it.
  bool is_final() const { return kind >= RuleActionKind::hold_for_approval; }
  bool changes_content() const {
    return kind == RuleActionKind::disclaimer || kind == RuleActionKind::strip_attachments ||
           kind == RuleActionKind::wrap || kind == RuleActionKind::encrypt;
  }
};

struct Rule {
  Rule();
  Rule(const Rule&);
  Rule(Rule&&) noexcept;
  Rule& operator=(const Rule&);
  Rule& operator=(Rule&&) noexcept;
  ~Rule();

  std::string name;
  std::string comment;
  std::int32_t priority = 0;  // lower first
  bool enabled = true;
  Mode mode = Mode::enforce;
  std::optional<std::int64_t> activate_at;  // seconds since 1970
  std::optional<std::int64_t> expire_at;
  bool stop = false;
  bool all = false;  // for all mail; there is no `when` then
  OnRuleError on_error = OnRuleError::defer;
  std::string split = "whole";
  std::optional<RuleSeverity> severity;
  std::optional<RuleConditions> when;
  std::optional<RuleConditions> unless;
  std::vector<RuleAction> actions;
  Location location;
};

// The local part in lower case, the domain normalized: the form in which addresses are compared. An address that has no
// domain, or one that is none, is compared as a whole in lower case.
std::string comparable_address(std::string_view address);
// Of a comparable address; empty where it has none.
std::string_view domain_of_address(std::string_view comparable);

}  // namespace connectord::model
