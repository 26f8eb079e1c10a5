// Conditions and exceptions of Get-TransportRule.
#include <algorithm>
#include <array>
#include <charconv>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/mail/path.h"
#include "connectord/match/text_set.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/ip_address.h"
#include "exchange_rule_parts.h"

namespace connectord::exchange {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_word = 128;

std::optional<std::string> word_in(const std::string& text) {
  if (base::trimmed(text).empty() || text.size() > max_word || !base::is_utf8(text)) return std::nullopt;
  return text;
}

std::optional<std::string> pattern_in(const std::string& text) {
  return match::why_no_pattern(text).empty() ? std::optional(text) : std::nullopt;
}

std::optional<std::string> domain_in(const std::string& text) {
  return net::DomainPattern::parse(text) ? std::optional(text) : std::nullopt;
}

std::optional<std::string> network_in(const std::string& text) {
  const auto range = net::AddressRange::parse(text);
  return range ? std::optional(range->to_string()) : std::nullopt;
}

std::optional<std::string> extension_in(const std::string& text) {
  std::string_view word = base::trimmed(text);
  if (word.starts_with('.')) word.remove_prefix(1);
  const bool good = !word.empty() && word.size() <= 32 && word.find_first_of(".*?/\\ ") == std::string_view::npos;
  return good ? std::optional(base::to_lower(word)) : std::nullopt;
}

// A list of texts that becomes a key of [rule.when] or [rule.unless].
struct ListCondition {
  std::string_view property;
  const char* key;
  std::string_view wanted;
  std::optional<std::string> (*read)(const std::string&);
};
constexpr std::string_view words = "a list of words of at most 128 bytes";
constexpr std::string_view patterns =
    "a list of regular expressions that RE2 takes (no look-around, no references back)";
constexpr std::string_view domains = "a list of domains";
constexpr std::array<ListCondition, 21> list_conditions = {{
    {"From", "sender", mail_addresses, address_in},
    {"FromAddressContainsWords", "sender_words", words, word_in},
    {"FromAddressMatchesPatterns", "sender_patterns", patterns, pattern_in},
    {"SentTo", "recipient", mail_addresses, address_in},
    {"RecipientAddressContainsWords", "recipient_words", words, word_in},
    {"RecipientAddressMatchesPatterns", "recipient_patterns", patterns, pattern_in},
    {"AnyOfToHeader", "to_header", mail_addresses, address_in},
    {"AnyOfCcHeader", "cc_header", mail_addresses, address_in},
    {"SubjectContainsWords", "subject_words", words, word_in},
    {"SubjectMatchesPatterns", "subject_patterns", patterns, pattern_in},
    {"SubjectOrBodyContainsWords", "body_or_subject_words", words, word_in},
    {"SubjectOrBodyMatchesPatterns", "body_or_subject_patterns", patterns, pattern_in},
    {"AttachmentExtensionMatchesWords", "attachment_extensions", "a list of extensions", extension_in},
    {"AttachmentContainsWords", "attachment_words", words, word_in},
    {"AttachmentMatchesPatterns", "attachment_patterns", patterns, pattern_in},
    {"ContentCharacterSetContainsWords", "charset_words", words, word_in},
    {"SenderIpRanges", "client_networks", "a list of addresses and networks", network_in},
    {"SenderDomainIs", "sender_domains", domains, domain_in},
    {"RecipientDomainIs", "recipient_domains", domains, domain_in},
    {"AnyOfRecipientAddressContainsWords", "recipient_words", words, word_in},
    {"AnyOfRecipientAddressMatchesPatterns", "recipient_patterns", patterns, pattern_in},
}};

// Truths that become a key.
constexpr std::array<std::pair<std::string_view, const char*>, 4> flag_conditions = {{
    {"AttachmentHasExecutableContent", "attachment_executable"},
    {"AttachmentIsPasswordProtected", "attachment_encrypted"},
    {"AttachmentIsUnsupported", "attachment_uninspectable"},
    {"AttachmentProcessingLimitExceeded", "attachment_limit_exceeded"},
}};

// What would have to be known of a group's members, or from a directory.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> by_hand_conditions = {{
    {"FromMemberOf", "groups are not known here: write their members into a file, and senders_file"},
    {"SentToMemberOf", "groups are not known here: write their members into a file, and recipients_file"},
    {"AnyOfToHeaderMemberOf", "groups are not known here: write their members as to_header"},
    {"AnyOfCcHeaderMemberOf", "groups are not known here: write their members as cc_header"},
    {"AnyOfToCcHeader", "write two rules, one with to_header and one with cc_header"},
    {"AttachmentNameMatchesPatterns",
     "names are compared with * and ? here, not by regular expressions: write attachment_names, or "
     "attachment_extensions"},
    {"SCLOver", "write a header condition on the field of your spam filter"},
    {"HasClassification", "write a header condition on the field that has the label"},
    {"MessageContainsDataClassifications", "write words or patterns for what is looked for"},
}};

// "25 MB (26,214,400 bytes)", "10MB", "26214400".
std::optional<std::uint64_t> bytes_in(std::string_view text) {
  if (const auto open = text.find('('); open != std::string_view::npos) text.remove_prefix(open + 1);
  std::string digits;
  std::size_t end = 0;
  for (; end < text.size() && (base::is_digit(text[end]) || text[end] == ',' || text[end] == '.'); ++end) {
    if (base::is_digit(text[end])) digits += text[end];
  }
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (read.ec != std::errc() || digits.empty() || number == 0 || number > (std::uint64_t{1} << 40U))
    return std::nullopt;
  const std::string unit = base::to_lower(base::trimmed(text.substr(end)));
  for (const auto& [name, shift] : {std::pair("kb", 10U), std::pair("mb", 20U), std::pair("gb", 30U)}) {
    if (unit.starts_with(name))
      return number <= ((std::uint64_t{1} << 40U) >> shift) ? std::optional(number << shift) : std::nullopt;
  }
  return unit.empty() || unit.starts_with("b") ? std::optional(number) : std::nullopt;
}

// Conditions, or exceptions, of one rule.
class Conditions {
 public:
  Conditions(Properties& properties, std::string prefix) : properties_(properties), prefix_(std::move(prefix)) {}

  RulePart read() {
    for (const ListCondition& one : list_conditions) read_list(one);
    for (const auto& [property, key] : flag_conditions) read_flag(property, key);
    read_scope("FromScope", "sender_scope");
    read_scope("SentToScope", "recipient_scope");
    read_header("HeaderContainsMessageHeader", "HeaderContainsWords", "words", word_in, words);
    read_header("HeaderMatchesMessageHeader", "HeaderMatchesPatterns", "patterns", pattern_in, patterns);
    read_size("MessageSizeOver", "message_size_over");
    read_size("AttachmentSizeOver", "attachment_size_over");
    read_importance();
    read_types();
    for (const auto& [property, advice] : by_hand_conditions) not_taken(property, advice);
    return {std::move(keys_), is_incomplete_};
  }

 private:
  std::string named(std::string_view property) const { return prefix_ + std::string(property); }

  void not_taken(std::string_view property, std::string_view advice) {
    const std::string name = named(property);
    if (!properties_.says(name)) return properties_.left(name, "it says nothing");
    is_incomplete_ = true;
    properties_.by_hand(name, std::string(advice));
  }

  void note(const std::string& name, const std::string& key) {
    is_incomplete_ = is_incomplete_ || properties_.is_refused(name);
    properties_.taken(name, key);
  }

  void read_list(const ListCondition& one) {
    const std::string name = named(one.property);
    if (!properties_.says(name)) return;
    if (keys_.contains(one.key))
      return not_taken(one.property, "another condition has become that key; write two rules");
    auto values = properties_.list_of(name, one.wanted, one.read);
    const bool is_domain = one.read == domain_in;
    // Subdomains are meant too.
    for (std::size_t i = 0, count = values.size(); is_domain && i < count; ++i) {
      if (!values[i].starts_with("*.")) values.push_back("*." + values[i]);
    }
    if (!values.empty()) keys_[one.key] = values;
    note(name, std::string(one.key) + (is_domain ? ", with subdomains" : ""));
  }

  void read_flag(std::string_view property, const char* key) {
    const std::string name = named(property);
    if (properties_.flag(name)) keys_[key] = true;
    note(name, key);
  }

  void read_scope(std::string_view property, const char* key) {
    const std::string name = named(property);
    const std::string scope = properties_.text(name);
    if (scope == "InOrganization") keys_[key] = "internal";
    if (scope == "NotInOrganization") keys_[key] = "external";
    if (!scope.empty() && !keys_.contains(key))
      return not_taken(property, "partners are not known here; write domains");
    note(name, key);
  }

  void read_header(std::string_view field, std::string_view values, const char* key,
                   std::optional<std::string> (*read)(const std::string&), std::string_view wanted) {
    const std::string field_name = named(field);
    const std::string values_name = named(values);
    const std::string header = properties_.text(field_name);
    if (header.empty()) {
      properties_.left(field_name, "it says nothing");
      return not_taken(values, "no header field is named for it");
    }
    if (keys_.contains("header")) {
      not_taken(field, "the rule has another header condition, and of ours any one will do; write two rules");
      return properties_.left(values_name, "it goes with " + field_name);
    }
    const auto list = properties_.list_of(values_name, wanted, read);
    if (!list.empty()) keys_["header"] = Json::array({Json{{"name", header}, {key, list}}});
    note(values_name, std::string("header.") + key);
    note(field_name, "header.name");
  }

  void read_size(std::string_view property, const char* key) {
    const std::string name = named(property);
    const std::string text = properties_.number_or_text(name);
    if (text.empty()) return properties_.left(name, "it says nothing");
    const auto bytes = bytes_in(text);
    if (bytes) keys_[key] = std::to_string(*bytes) + "B";
    if (!bytes) properties_.refuse(name, "a size, such as \"25 MB (26,214,400 bytes)\"");
    note(name, key);
  }

  void read_importance() {
    const std::string name = named("WithImportance");
    const std::string importance = base::to_lower(properties_.text(name));
    if (importance == "low" || importance == "normal" || importance == "high") {
      keys_["importance"] = Json::array({importance});
    } else if (!importance.empty()) {
      properties_.refuse(name, "Low, Normal or High");
    }
    note(name, "importance");
  }

  void read_types() {
    constexpr std::array<std::pair<std::string_view, const char*>, 5> types = {{{"Signed", "signed"},
                                                                                {"Encrypted", "encrypted"},
                                                                                {"Calendaring", "calendar"},
                                                                                {"ReadReceipt", "read_receipt"},
                                                                                {"OOF", "auto_submitted"}}};
    const std::string name = named("MessageTypeMatches");
    const std::string type = properties_.text(name);
    for (const auto& [theirs, ours] : types) {
      if (type == theirs) keys_["message_types"] = Json::array({ours});
    }
    if (!type.empty() && !keys_.contains("message_types")) {
      return not_taken("MessageTypeMatches", "this type is not told apart here");
    }
    note(name, "message_types");
  }

  Properties& properties_;
  std::string prefix_;
  Json keys_ = Json::object();
  bool is_incomplete_ = false;
};

}  // namespace

std::optional<std::string> address_in(const std::string& text) {
  std::string_view address = base::trimmed(text);
  constexpr std::string_view kind = "smtp:";
  if (base::equals_ignoring_case(address.substr(0, kind.size()), kind)) address.remove_prefix(kind.size());
  const auto path = mail::parse_reverse_path("<" + std::string(address) + ">");
  if (!path.valid || path.domain.empty()) return std::nullopt;
  return std::string(address);
}

RulePart read_rule_conditions(Properties& properties, std::string prefix) {
  return Conditions(properties, std::move(prefix)).read();
}

}  // namespace connectord::exchange
