#include "rule_checks.h"
#include "rule_formats.h"
#include "tables.h"

// The tables of transport rules, in the order in which the reference describes them.
namespace connectord::config {

using model::words;

template <>
const Table& table_for<model::Rule>() {
  using model::Rule;
  static const Table declared{
      {
          key<&Rule::name, RuleName>("name", required, "Its name; no two rules share one."),
          key<&Rule::comment, Text>("comment", by_default(R"("")"), "For people."),
          key<&Rule::priority, Integer<0, 1'000'000>>("priority", required,
                                                      "Its place in the order, lower first; each number once."),
          key<&Rule::enabled, Boolean>("enabled", by_default("true"), "`false` sets it aside."),
          key<&Rule::mode, Word<words<model::Mode>>>("mode", by_default(R"("enforce")"),
                                                     "`audit` records what it would do, and does nothing."),
          key<&Rule::activate_at, Moment>("activate_at", otherwise("at once"), "From when on it holds."),
          key<&Rule::expire_at, Moment>("expire_at", otherwise("never"), "Until when it holds."),
          key<&Rule::stop, Boolean>("stop", by_default("false"), "No further rule is asked after it matched."),
          key<&Rule::on_error, Word<words<model::OnRuleError>>>(
              "on_error", by_default(R"("defer")"),
              "What becomes of a message that it cannot be asked about: `defer` it, or `ignore` the rule."),
          key<&Rule::split, SplitWord>(
              "split", by_default(R"("whole")"),
              "Where recipients differ: `whole` makes changes for all of them, `split` has "
              "the client send the message to the others apart, unless it has logged in, `copy` "
              "has connectord do that, with the message as it came."),
          key<&Rule::severity, Word<words<model::RuleSeverity>>>("severity", otherwise("none"),
                                                                 "For log and trace: `low`, `medium` or `high`."),
          key<&Rule::all, Boolean>("all", by_default("false"), "It is for all mail, and has no `when`."),
          table<&Rule::when>("when",
                             "What mail must have: all of these keys, and of each key's values any one. Text is "
                             "compared without case."),
          table<&Rule::unless>("unless", "Any one of these keys keeps the rule from mail that has it."),
          tables<&Rule::actions>("action", "What is done. The order within a rule does not count."),
      },
      checked_by<Rule, check_rule>(),
  };
  return declared;
}

template <>
const Table& table_for<model::RuleConditions>() {
  using C = model::RuleConditions;
  using Addresses = List<ComparedAddress, 1>;
  using Domains = List<Domain, 1>;
  using SoughtWords = List<SoughtWord, 1>;
  using Patterns = List<Pattern, 1>;
  static const Table declared{
      {
          key<&C::direction, List<Word<words<model::Direction>>, 1>>(
              "direction", otherwise("any"),
              "`outbound` and `internal`: submitted mail, and that of `on-premises` connectors, to others and to "
              "`accepted_domains`; `inbound`: all other mail."),
          key<&C::inbound_connectors, List<ConnectorName, 1>>("inbound_connectors", otherwise("any"),
                                                              "The connector that the mail came in over."),
          key<&C::outbound_connectors, List<ConnectorName, 1>>(
              "outbound_connectors", otherwise("any"), "The connector by which it would leave for a recipient."),
          key<&C::authenticated, Boolean>("authenticated", otherwise("any"), "Submitted by an authenticated user."),
          key<&C::tls, Boolean>("tls", otherwise("any"), "Came over TLS."),
          key<&C::client_networks, List<Network, 1>>("client_networks", otherwise("any"), "The connecting client."),
          key<&C::sender, Addresses>("sender", otherwise("any"), "The sender's address."),
          key<&C::sender_domains, Domains>("sender_domains", otherwise("any"), "The sender's domain."),
          key<&C::sender_words, SoughtWords>("sender_words", otherwise("any"), "Words in the sender's address."),
          key<&C::sender_patterns, Patterns>("sender_patterns", otherwise("any"), "Patterns in the sender's address."),
          key<&C::senders_file, FilePath>("senders_file", otherwise("any"),
                                          "A file with senders, an address or a domain a line."),
          key<&C::sender_scope, Word<words<model::Scope>>>(
              "sender_scope", otherwise("any"), "`internal`: mail of ours with a sender in `accepted_domains`."),
          key<&C::sender_location, Word<words<model::SenderLocation>>>(
              "sender_location", by_default(R"("either")"),
              "Where these senders stand: `header` (From), `envelope` (MAIL FROM), or `either`."),
          key<&C::recipient, Addresses>("recipient", otherwise("any"), "A recipient's address, of the envelope."),
          key<&C::recipient_domains, Domains>("recipient_domains", otherwise("any"), "A recipient's domain."),
          key<&C::recipient_words, SoughtWords>("recipient_words", otherwise("any"), "Words in a recipient's address."),
          key<&C::recipient_patterns, Patterns>("recipient_patterns", otherwise("any"),
                                                "Patterns in a recipient's address."),
          key<&C::recipients_file, FilePath>("recipients_file", otherwise("any"),
                                             "A file with recipients, an address or a domain a line."),
          key<&C::recipient_scope, Word<words<model::Scope>>>("recipient_scope", otherwise("any"),
                                                              "Whether its domain is one of `accepted_domains`."),
          key<&C::to_header, Addresses>("to_header", otherwise("any"), "An address in To."),
          key<&C::to_header_words, SoughtWords>("to_header_words", otherwise("any"), "Words in To."),
          key<&C::to_header_patterns, Patterns>("to_header_patterns", otherwise("any"), "Patterns in To."),
          key<&C::cc_header, Addresses>("cc_header", otherwise("any"), "An address in Cc."),
          key<&C::cc_header_words, SoughtWords>("cc_header_words", otherwise("any"), "Words in Cc."),
          key<&C::cc_header_patterns, Patterns>("cc_header_patterns", otherwise("any"), "Patterns in Cc."),
          key<&C::subject_words, SoughtWords>("subject_words", otherwise("any"), "Words in the subject."),
          key<&C::subject_patterns, Patterns>("subject_patterns", otherwise("any"), "Patterns in the subject."),
          key<&C::body_or_subject_words, SoughtWords>("body_or_subject_words", otherwise("any"),
                                                      "Words in the text of the message or in its subject."),
          key<&C::body_or_subject_patterns, Patterns>("body_or_subject_patterns", otherwise("any"),
                                                      "Patterns in the text of the message or in its subject."),
          key<&C::charset_words, SoughtWords>("charset_words", otherwise("any"), "Words in a charset's name."),
          key<&C::importance, List<Word<words<model::Importance>>, 1>>("importance", otherwise("any"),
                                                                       "What Importance or X-Priority say."),
          key<&C::message_types, List<Word<words<model::MessageType>>, 1>>(
              "message_types", otherwise("any"), "What kind of message it is, by its MIME types and header fields."),
          key<&C::attachment_names, List<NamePattern, 1>>(
              "attachment_names", otherwise("any"), "Names of attachments, and of what lies in archives; `*` and `?`."),
          key<&C::attachment_extensions, List<Extension, 1>>("attachment_extensions", otherwise("any"),
                                                             "What stands behind the last dot of such a name."),
          key<&C::attachment_size_over, ByteSize>("attachment_size_over", otherwise("any"),
                                                  "An attachment is larger, decoded."),
          key<&C::attachment_kinds, List<Word<words<model::FileKind>>, 1>>(
              "attachment_kinds", otherwise("any"), "What attachments are by their bytes, in archives too."),
          key<&C::attachment_words, SoughtWords>("attachment_words", otherwise("any"), "Words in attachments' text."),
          key<&C::attachment_patterns, Patterns>("attachment_patterns", otherwise("any"),
                                                 "Patterns in attachments' text."),
          key<&C::attachment_executable, Boolean>("attachment_executable", otherwise("any"),
                                                  "An attachment is a program, or holds one."),
          key<&C::attachment_encrypted, Boolean>("attachment_encrypted", otherwise("any"),
                                                 "An attachment wants a password."),
          key<&C::attachment_uninspectable, Boolean>("attachment_uninspectable", otherwise("any"),
                                                     "An attachment cannot be looked into."),
          key<&C::attachment_limit_exceeded, Boolean>("attachment_limit_exceeded", otherwise("any"),
                                                      "There is more attached, or deeper, than is looked at."),
          key<&C::message_size_over, ByteSize>("message_size_over", otherwise("any"),
                                               "The message is larger, header and all."),
          key<&C::spf, List<Word<words<model::SpfResult>>, 1>>("spf", otherwise("any"), "What SPF found."),
          key<&C::dkim, List<Word<words<model::DkimResult>>, 1>>(
              "dkim", otherwise("any"),
              "What DKIM found: `pass` for any valid signature, else the first one's result."),
          key<&C::dmarc, List<Word<words<model::DmarcResult>>, 1>>("dmarc", otherwise("any"), "What DMARC found."),
          key<&C::arc, List<Word<words<model::ArcResult>>, 1>>("arc", otherwise("any"), "What ARC found."),
          tables<&C::header>("header", "Header fields, any one of which will do."),
      },
      checked_by<C, check_conditions>(),
  };
  return declared;
}

template <>
const Table& table_for<model::HeaderCondition>() {
  using model::HeaderCondition;
  static const Table declared{
      {
          key<&HeaderCondition::name, SoughtField>("name", required, "The field's name."),
          key<&HeaderCondition::words, List<SoughtWord, 1>>("words", otherwise("any, where there are no patterns"),
                                                            "Words in any field of that name."),
          key<&HeaderCondition::patterns, List<Pattern, 1>>("patterns", otherwise("any, where there are no words"),
                                                            "Patterns in any field of that name."),
      },
  };
  return declared;
}

template <>
const Table& table_for<model::RuleAction>() {
  using model::RuleAction;
  static const Table declared{
      {
          key<&RuleAction::kind, ActionWord>("do", required, "Which action."),
          key<&RuleAction::code, Integer<400, 599>>("code", otherwise("550, or 451"), "`reject`, `defer`: the reply."),
          key<&RuleAction::status, EnhancedStatus>("status", otherwise("5.7.1, or 4.7.1"),
                                                   "`reject`, `defer`: the reply's enhanced status code."),
          key<&RuleAction::text, LongText>(
              "text", otherwise("as the action says"),
              "`reject`, `defer`: the reply's text; `prepend_subject`: what stands in front, once; `disclaimer`: what "
              "is put into plain text; `strip_attachments`: what stands in their place; `wrap`: what stands in "
              "front of the message; `notify`: what is written."),
          key<&RuleAction::html, LongText>("html", otherwise("made of `text`"),
                                           "`disclaimer`: what is put into HTML, with inline styles; `notify`: the "
                                           "same in HTML."),
          key<&RuleAction::position, Word<words<model::DisclaimerPosition>>>(
              "position", by_default(R"("append")"), "`disclaimer`: where, `append` or `prepend`."),
          key<&RuleAction::fallback, Word<words<model::ActionFallback>>>(
              "fallback", by_default(R"("ignore")"),
              "`disclaimer`: what is done where it cannot be put in, as with signed mail: `ignore` it, `wrap` the "
              "message into another one, or `reject`; `encrypt`: what is done where somebody has no certificate: "
              "`reject`, `ignore`, or `require_tls` by `connector`."),
          key<&RuleAction::certificates, FilePath>(
              "certificates", otherwise("none"),
              "`encrypt`: a folder with recipients' certificates in PEM, `bob@example.net.pem` or `example.net.pem`."),
          key<&RuleAction::cipher, Word<words<model::ContentCipher>>>(
              "cipher", by_default(R"("aes-256-gcm")"),
              "`encrypt`: or `aes-256-cbc`, for recipients whose programs are older than RFC 8551."),
          key<&RuleAction::once, Boolean>("once", by_default("true"),
                                          "`disclaimer`: not where it is already, as in a reply."),
          key<&RuleAction::reason, FieldText>("reason", otherwise("the rule's name"),
                                              "`quarantine`, `hold_for_approval`: why."),
          key<&RuleAction::to, List<MailAddress, 1>>(
              "to", otherwise("none; of `notify` the recipients that the rule concerns"),
              "`redirect`, `bcc`, `add_to`, `add_cc`: who gets it; `journal`, `notify`, `incident_report`: who is "
              "told."),
          key<&RuleAction::subject, FieldText>("subject", otherwise("`Notice: {subject}`"),
                                               "`notify`: the subject of what is written."),
          key<&RuleAction::content, List<Word<words<model::IncidentContent>>, 1>>(
              "content", otherwise("all but `headers` and `original`"), "`incident_report`: what it tells."),
          key<&RuleAction::approvers, List<MailAddress, 1>>("approvers", otherwise("none"),
                                                            "`hold_for_approval`: who decides; any one of them."),
          key<&RuleAction::expire, Respite>(
              "expire", by_default(R"("2d")"),
              "`hold_for_approval`: how long their links hold; then an administrator decides."),
          key<&RuleAction::header, WrittenField>("header", otherwise("none"),
                                                 "`set_header`, `add_header`, `remove_header`: the field."),
          key<&RuleAction::value, FieldText>(
              "value", otherwise("none"),
              "`set_header`, `add_header`: its value, in which `{sender}`, `{subject}`, `{rule}`, `{date}` and "
              "`{message_id}` are replaced."),
          key<&RuleAction::connector, ConnectorName>("connector", otherwise("none"),
                                                     "`route`, `require_tls`, `encrypt`: an outbound connector with "
                                                     "`rule_scoped`; for `require_tls` one whose level is `require` "
                                                     "at least."),
      },
      checked_by<RuleAction, check_action>(),
  };
  return declared;
}

}  // namespace connectord::config
