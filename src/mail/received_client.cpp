#include "received_client.h"

#include <algorithm>
#include <array>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"

// Where mail servers record the client, and where they repeat what the client said:
//   Postfix, Sendmail, Gmail, most others   from HELO (DNS-NAME [ADDRESS])
//   Exchange, Zoho, qmail with known names  from HELO (ADDRESS)
//   Exim                                    from DNS-NAME ([ADDRESS] helo=HELO), from [ADDRESS] (helo=HELO)
//   qmail, Yahoo, JAMES, Cisco              from DNS-NAME-or-ADDRESS (HELO HELO) (ADDRESS)
//   CommuniGate                             from [ADDRESS] (HELO HELO)
namespace connectord::mail {
namespace {

using net::IpAddress;

// The clients' own words in a comment, and what stands before them.
struct Split {
  std::string_view recorded;
  std::optional<std::string_view> helo;
};

// Comments about a session's TLS, its user or its envelope: a client has its say in some of them. Each beginning holds
// a character that no name in DNS has, so that no client's name makes an annotation of its address.
bool is_annotation(std::string_view comment) {
  constexpr std::array<std::string_view, 12> beginnings = {
      "using ",   "version=", "cipher=",        "client cn",      "client did not",   "no client certificate",
      "account ", "user=",    "authenticated ", "envelope-from ", "envelope-sender ", "authuser="};
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return base::starts_with_ignoring_case(comment, beginning); });
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find_first_of(" \t"));
}

std::string_view last_word(std::string_view text) {
  text = base::trimmed(text);
  const auto space = text.find_last_of(" \t");
  return space == std::string_view::npos ? text : text.substr(space + 1);
}

Split split_at_client_words(std::string_view comment) {
  constexpr std::array<std::string_view, 4> marks = {"helo=", "helo ", "ehlo ", "ident="};
  for (std::size_t i = 0; i < comment.size(); ++i) {
    if (i > 0 && !base::is_space(comment[i - 1])) continue;
    for (const std::string_view mark : marks) {
      if (!base::starts_with_ignoring_case(comment.substr(i), mark)) continue;
      if (mark == "ident=") return {comment.substr(0, i), std::nullopt};
      return {comment.substr(0, i), first_word(base::trimmed(comment.substr(i + mark.size())))};
    }
  }
  return {comment, std::nullopt};
}

std::string without_quoted_strings(std::string_view text) {
  std::string rest;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && c != '"') rest += c;
  }
  return rest;
}

// An address with what servers add to it: a port, or the zone of a link-local address.
std::optional<IpAddress> parse_address(std::string_view text) {
  if (text.ends_with(']')) text = text.substr(0, text.size() - 1);
  if (text.starts_with('[')) text.remove_prefix(1);
  text = text.substr(0, std::min(text.find('%'), text.find(']')));
  if (const auto address = IpAddress::parse(text)) return address;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) return std::nullopt;
  return IpAddress::parse(text.substr(0, colon));
}

// "IDENT:user@name", "user@name", "name."
std::string dns_name(std::string_view text) {
  text = last_word(text);
  if (const auto at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  if (text.ends_with('.')) text.remove_suffix(1);
  if (base::equals_ignoring_case(text, "unknown") || base::equals_ignoring_case(text, "verified")) return {};
  return std::string(text);
}

class ClientReader {
 public:
  ClientReader(const FromClause& clause, Received& received) : clause_(clause), received_(received) {}

  void read() {
    for (const std::string& comment : clause_.comments) read_comment(comment);
    if (addresses_.empty() || exim_form_) read_name_as_address();
    if (addresses_.empty()) {
      received_.address_problem = "the receiving host recorded no client address";
    } else if (addresses_.size() > 1) {
      received_.address_problem = "it records several client addresses";
      received_.client_name.clear();
    } else {
      received_.client_address = addresses_.front();
    }
    received_.helo = helo_.value_or(clause_.name);
  }

 private:
  void read_comment(const std::string& comment) {
    if (is_annotation(comment)) {
      // CommuniGate records the HELO behind the account; nothing else in an annotation counts.
      if (const Split split = split_at_client_words(comment); split.helo && !helo_) helo_ = *split.helo;
      return;
    }
    const std::string unquoted = without_quoted_strings(comment);
    const Split split = split_at_client_words(unquoted);
    if (split.helo && !helo_) helo_ = *split.helo;
    if (base::contains_ignoring_case(unquoted, "helo=") && split.recorded.find('[') == std::string_view::npos)
      exim_form_ = true;
    if (!read_bracketed(split.recorded)) read_bare(split.recorded);
  }

  // "name [address]", "[address]:port". True if there was a bracket.
  bool read_bracketed(std::string_view text) {
    bool found = false;
    for (auto open = text.find('['); open != std::string_view::npos; open = text.find('[', open + 1)) {
      found = true;
      // No address has a bracket within; each of many that do not close is not looked for to the end.
      const auto close = text.find_first_of("[]", open + 1);
      if (close == std::string_view::npos) break;
      if (text[close] == '[') continue;
      if (const auto address = parse_address(text.substr(open, close - open + 1))) {
        record(*address, text.substr(0, open));
      }
    }
    return found;
  }

  // "address", "user@address", "name address"
  void read_bare(std::string_view text) {
    std::string_view word = last_word(text);
    if (const auto at = word.rfind('@'); at != std::string_view::npos) word.remove_prefix(at + 1);
    const auto address = parse_address(word);
    if (!address) return;
    const std::string_view before = base::trimmed(text).substr(0, base::trimmed(text).size() - word.size());
    // "(192.0.2.1 198.51.100.1)": the first might be a name that looks like an address, or not.
    if (const auto other = parse_address(last_word(before))) record(*other, "");
    record(*address, before.ends_with('@') ? "" : before);
  }

  void record(const IpAddress& address, std::string_view name) {
    if (std::find(addresses_.begin(), addresses_.end(), address) == addresses_.end()) addresses_.push_back(address);
    if (!received_.client_name.empty()) return;
    // Who writes the HELO in a comment of its own has DNS's name in front.
    received_.client_name = dns_name(name.empty() && helo_ ? std::string_view(clause_.name) : name);
    if (parse_address(received_.client_name)) received_.client_name.clear();
  }

  // The word behind "from" is the client's own in most servers' fields, and then an address in it is a lie as good as
  // any. It is the server's where the HELO stands elsewhere, or where the server is one of those that never write a
  // HELO.
  void read_name_as_address() {
    const auto address = parse_address(clause_.name);
    if (!address) return;
    if (!helo_ && !never_writes_helo(received_.by)) return;
    record(*address, "");
    if (!helo_) helo_ = "";
  }

  static bool never_writes_helo(std::string_view by) {
    constexpr std::array<std::string_view, 2> providers = {".messagelabs.com", ".symcloud.net"};
    const std::string host = base::to_lower(by);
    return std::any_of(providers.begin(), providers.end(), [&](std::string_view end) { return host.ends_with(end); });
  }

  const FromClause& clause_;
  Received& received_;
  std::vector<IpAddress> addresses_;
  std::optional<std::string> helo_;
  bool exim_form_ = false;  // a comment that has the HELO and no address: the address stands behind "from"
};

}  // namespace

void read_client(const FromClause& clause, Received& received) {
  ClientReader(clause, received).read();
}

}  // namespace connectord::mail
