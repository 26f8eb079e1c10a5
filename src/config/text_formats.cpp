#include "text_formats.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "connectord/base/ascii_case.h"
#include "connectord/base/number.h"
#include "connectord/config/connector_name.h"
#include "connectord/config/nearest.h"
#include "quote.h"

namespace connectord::config {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_word(std::string_view text, std::string_view also) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [also](char c) {
    return is_alphanumeric(c) || also.find(c) != std::string_view::npos;
  });
}

tl::unexpected<std::string> bad(std::string_view text, std::string_view why) {
  return tl::unexpected(in_quotes(text) + " " + std::string(why));
}

// The number at the beginning of a text, which it takes off.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  const auto number = take_number(text);
  if (!number || !text.empty() || *number < 1 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

struct HostAndPort {
  std::string_view host;
  bool bracketed = false;
  std::string_view port;  // empty if none is given
  bool has_port = false;
};

// "[host]:port" or "host:port", either without ":port".
std::optional<HostAndPort> split_host(std::string_view text) {
  HostAndPort parts;
  std::string_view rest;
  parts.bracketed = text.starts_with('[');
  if (parts.bracketed) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    parts.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    parts.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  parts.has_port = rest.starts_with(':');
  if (!parts.has_port && !rest.empty()) return std::nullopt;
  if (parts.has_port) parts.port = rest.substr(1);
  return parts;
}

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};

// From the largest.
constexpr std::array<Unit, 6> units = {{{"w", 7LL * 24 * 3600 * 1000},
                                        {"d", 24LL * 3600 * 1000},
                                        {"h", 3600LL * 1000},
                                        {"m", 60LL * 1000},
                                        {"s", 1000},
                                        {"ms", 1}}};

// Fields without which mail is not delivered, or not understood.
constexpr std::array<std::string_view, 21> needed_fields = {"bcc",
                                                            "cc",
                                                            "content-transfer-encoding",
                                                            "content-type",
                                                            "date",
                                                            "dkim-signature",
                                                            "from",
                                                            "in-reply-to",
                                                            "message-id",
                                                            "mime-version",
                                                            "received",
                                                            "references",
                                                            "reply-to",
                                                            "resent-from",
                                                            "return-path",
                                                            "sender",
                                                            "subject",
                                                            "to",
                                                            "arc-seal",
                                                            "authentication-results",
                                                            "received-spf"};

// Fields that others than the author of a message write, or delete.
constexpr std::array<std::string_view, 9> unsigned_fields = {"authentication-results",
                                                             "bcc",
                                                             "dkim-signature",
                                                             "received",
                                                             "received-spf",
                                                             "resent-bcc",
                                                             "return-path",
                                                             "x-received",
                                                             "delivered-to"};

}  // namespace

Words Domain::words() {
  return {"a domain", "domains", R"("example.com")"};
}
Parsed<Domain::Value> Domain::parse(std::string_view text) {
  return net::DomainPattern::parse(text);
}

Words Network::words() {
  return {"a network", "networks", R"("203.0.113.0/24")"};
}
Parsed<Network::Value> Network::parse(std::string_view text) {
  return net::AddressRange::parse(text);
}

Words Listener::words() {
  return {"a listener", "listeners", R"("unix:/run/connectord/milter.sock")"};
}
Parsed<Listener::Value> Listener::parse(std::string_view text) {
  return net::Endpoint::parse(text);
}

Words DnsServer::words() {
  return {"a DNS server's address", "addresses of DNS servers", R"("127.0.0.1:53")"};
}
Parsed<DnsServer::Value> DnsServer::parse(std::string_view text) {
  constexpr std::uint16_t dns_port = 53;
  constexpr std::string_view instead =
      "is not an address of a DNS server; write for example 192.0.2.53, 192.0.2.53:5353, 2001:db8::53 or "
      "[2001:db8::53]:5353";
  net::Endpoint server;
  server.kind = net::Endpoint::Kind::inet;
  server.port = dns_port;
  if (const auto address = net::IpAddress::parse(text)) {
    server.host = address->to_string();
    return server;
  }
  const auto parts = split_host(text);
  const auto address = parts ? net::IpAddress::parse(parts->host) : std::nullopt;
  const auto port = parts ? port_number(parts->port) : std::nullopt;
  if (!address || !port) return bad(text, instead);
  server.host = address->to_string();
  server.port = *port;
  return server;
}

Words ConnectorName::words() {
  return {"a name", "names", R"("contoso")"};
}
Parsed<ConnectorName::Value> ConnectorName::parse(std::string_view text) {
  if (is_connector_name(text)) return std::string(text);
  return bad(text, "is not a connector's name; " + std::string(connector_name_remedy));
}

bool is_connector_name(std::string_view text) {
  constexpr std::size_t longest = 100;
  const bool dots_alone = text.find_first_not_of('.') == std::string_view::npos;
  return is_word(text, "-_.") && !dots_alone && text.size() <= longest;
}

Words HeaderField::words() {
  return {"a header field's name", "header fields' names", R"("X-Connector")"};
}
Parsed<HeaderField::Value> HeaderField::parse(std::string_view text) {
  constexpr std::size_t longest = 76;
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127 && c != ':'; });
  if (text.empty() || text.size() > longest || !printable) {
    return bad(text, "is not a header field's name; write letters, digits and '-', such as \"X-Connector\"");
  }
  if (std::find(needed_fields.begin(), needed_fields.end(), base::to_lower(text)) != needed_fields.end()) {
    return bad(
        text,
        "is a field that mail needs, and connectord deletes the incoming ones; write a name of your own, such as "
        "\"X-Connector\"");
  }
  return std::string(text);
}

Words SignedField::words() {
  return {"a header field's name", "header fields' names", R"("From")"};
}
Parsed<SignedField::Value> SignedField::parse(std::string_view text) {
  constexpr std::size_t longest = 76;
  if (!is_word(text, "-_") || text.size() > longest) {
    return bad(text, "is not a header field's name; write letters, digits and '-', such as \"Subject\"");
  }
  const std::string lower = base::to_lower(text);
  if (lower.starts_with("arc-") ||
      std::find(unsigned_fields.begin(), unsigned_fields.end(), lower) != unsigned_fields.end()) {
    return bad(text,
               "is a field that mail servers add, change or delete, which would break the signature; leave it out");
  }
  return std::string(text);
}

Words DkimSelector::words() {
  return {"a selector", "selectors", R"("s2026")"};
}
Parsed<DkimSelector::Value> DkimSelector::parse(std::string_view text) {
  auto normalized = is_word(text, "-_.") && text.back() != '.' ? net::normalize_domain(text) : std::nullopt;
  if (normalized) return std::move(*normalized);
  return bad(text, "is not a selector; write letters, digits and '-', such as \"s2026\"");
}

Words AuthservId::words() {
  return {"a host name", "host names", R"("mx.example.net")"};
}
Parsed<AuthservId::Value> AuthservId::parse(std::string_view text) {
  if (is_word(text, "-_.") && net::normalize_domain(text)) return std::string(text);
  return bad(text, "is not a host name; write the name under which this server reports, such as \"mx.example.net\"");
}

Words AccountName::words() {
  return {"an account's name", "accounts' names", R"("connectord")"};
}
Parsed<AccountName::Value> AccountName::parse(std::string_view text) {
  if (is_word(text, "-_.") && text.front() != '-') return std::string(text);
  return bad(text, "is not the name of a user or a group; write letters, digits, '-', '_' and '.'");
}

Words FileMode::words() {
  return {"a file mode in octal digits, as chmod takes it", "file modes", R"("0660")"};
}
Parsed<FileMode::Value> FileMode::parse(std::string_view text) {
  constexpr std::uint32_t all = 0777;
  std::uint32_t mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error == std::errc() && end == text.data() + text.size() && text.size() >= 3 && mode <= all) return mode;
  return bad(text, "is not a file mode; write three octal digits after a 0, such as \"0660\"");
}

Words FilePath::words() {
  return {"an absolute path", "absolute paths", R"("/etc/ssl/certs/ca-certificates.crt")"};
}
Parsed<FilePath::Value> FilePath::parse(std::string_view text) {
  if (text.size() > 1 && text.front() == '/') return std::string(text);
  return bad(text, "is not an absolute path; write one that begins with /");
}

Words WebAddress::words() {
  return {"a web address", "web addresses", R"("https://mx.example.net:8025")"};
}
Parsed<WebAddress::Value> WebAddress::parse(std::string_view text) {
  constexpr std::size_t longest = 200;
  std::string_view host = text;
  host.remove_prefix(std::min(host.size(), host.find("//") + 2));
  while (host.ends_with('/')) host.remove_suffix(1);
  const bool has_scheme = text.starts_with("https://") || text.starts_with("http://");
  if (has_scheme && text.size() <= longest && is_word(host, ".-:[]")) {
    return std::string(text.substr(0, text.find(host, text.find("//") + 2) + host.size()));
  }
  return bad(text, "is not the address of a web server; write for example \"https://mx.example.net:8025\"");
}

Words IncludePattern::words() {
  return {"a file or a pattern of files", "files or patterns of files", R"("connectors.d/*.toml")"};
}
Parsed<IncludePattern::Value> IncludePattern::parse(std::string_view text) {
  if (!text.empty()) return std::string(text);
  return bad(text, "names no file; write for example \"connectors.d/*.toml\"");
}

Words MailAddress::words() {
  return {"a mail address", "mail addresses", R"("pilot@example.net")"};
}
Parsed<MailAddress::Value> MailAddress::parse(std::string_view text) {
  const auto at = text.rfind('@');
  const bool complete = at != std::string_view::npos && at > 0 && net::normalize_domain(text.substr(at + 1));
  if (complete && text.find(' ') == std::string_view::npos) return std::string(text);
  return bad(text, "is not a mail address; write one such as \"pilot@example.net\"");
}

Words SmartHost::words() {
  return {"a next hop in Postfix's notation", "next hops in Postfix's notation", R"("[mx1.contoso.com]:25")"};
}
Parsed<SmartHost::Value> SmartHost::parse(std::string_view text) {
  constexpr std::string_view instead =
      "is not a smart host; write \"[host]:port\", or \"domain:port\" to look up its MX records";
  constexpr std::string_view scheme = "smtps:";
  constexpr std::uint16_t smtps_port = 465;
  const bool implicit_tls = text.starts_with(scheme);
  const auto parts = split_host(implicit_tls ? text.substr(scheme.size()) : text);
  if (!parts) return bad(text, instead);
  const auto address = parts->bracketed ? net::IpAddress::parse(parts->host) : std::nullopt;
  const auto name = address ? std::nullopt : net::normalize_domain(parts->host);
  auto port = port_number(parts->port);
  if ((!address && !name) || (parts->has_port && !port)) return bad(text, instead);
  if (implicit_tls && !port) port = smtps_port;
  return Value{address ? address->to_string() : *name, !parts->bracketed, port, implicit_tls};
}

Words ServerName::words() {
  return {"a server's name", "servers' names", R"("mx.contoso.com")"};
}
Parsed<ServerName::Value> ServerName::parse(std::string_view text) {
  const bool below = text.starts_with('.');
  if (const auto name = net::normalize_domain(below ? text.substr(1) : text)) return (below ? "." : "") + *name;
  return bad(text, "is not a name in a certificate; write mx.example.com, or .example.com for any name below it");
}

Parsed<TimeOfDay::Value> TimeOfDay::parse(std::string_view text) {
  constexpr unsigned hours_of_day = 24;
  constexpr unsigned minutes_of_hour = 60;
  constexpr std::size_t length = 5;
  if (text.size() == length && text[2] == ':') {
    const auto hours = base::whole_number<unsigned>(text.substr(0, 2));
    const auto minutes = base::whole_number<unsigned>(text.substr(3));
    if (hours && minutes && *hours < hours_of_day && *minutes < minutes_of_hour) {
      return std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    }
  }
  return bad(text, "is not a time of day; write \"01:00\", or up to \"23:59\"");
}

Words TraceStore::words() {
  return {"a store", "stores", R"("sqlite:/var/lib/connectord/trace.db")"};
}
Parsed<TraceStore::Value> TraceStore::parse(std::string_view text) {
  constexpr std::string_view scheme = "sqlite:/";
  if (text.starts_with(scheme) && text.size() > scheme.size()) return std::string(text);
  return bad(text, "is not a store; write \"sqlite:/path/to/file\"");
}

// No message repeats the text: somebody may have written a password into it.
Words PostgresAddress::words() {
  return {"an address of a PostgreSQL", "addresses of a PostgreSQL",
          R"("postgresql://connectord@db.example.net/connectord")"};
}
Parsed<PostgresAddress::Value> PostgresAddress::parse(std::string_view text) {
  constexpr std::string_view scheme = "postgresql://";
  if (!text.starts_with(scheme)) {
    return tl::unexpected("is no address of a PostgreSQL; write for example " + words().example);
  }
  const std::string_view rest = text.substr(scheme.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const auto question = rest.find('?');
  const std::string_view query = question == std::string_view::npos ? "" : rest.substr(question + 1);
  const auto at = authority.rfind('@');
  const bool names_password =
      at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos;
  if (names_password || query.starts_with("password=") || query.find("&password=") != std::string_view::npos) {
    return tl::unexpected(std::string(
        "has a password, which everybody can read here; write it into a file, and name that in password_file"));
  }
  const std::string_view hosts = at == std::string_view::npos ? authority : authority.substr(at + 1);
  const bool is_local = hosts.empty() || hosts.front() == '/' || base::to_lower(hosts).starts_with("%2f");
  const auto mode = query.find("sslmode=");
  if (!is_local && mode != std::string_view::npos && !query.substr(mode).starts_with("sslmode=verify-full")) {
    return tl::unexpected(std::string(
        "has an sslmode that lets others on the way read and change what goes there; write sslmode=verify-full, or "
        "leave it out, which means the same"));
  }
  return std::string(text);
}

Words MailLog::words() {
  return {"an absolute path or \"journal\"", "logs", R"("/var/log/mail.log")"};
}
Parsed<MailLog::Value> MailLog::parse(std::string_view text) {
  if (text == "journal" || FilePath::parse(text)) return std::string(text);
  return bad(text, "is not a log; write an absolute path, or \"journal\"");
}

Parsed<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number(rest);
  for (const Unit& unit : units) {
    if (!number || rest != unit.name) continue;
    if (*number > std::chrono::milliseconds::max().count() / unit.milliseconds) return bad(text, "is too long");
    return std::chrono::milliseconds(*number * unit.milliseconds);
  }
  return bad(text, "is not a duration; write a whole number and ms, s, m, h, d or w, such as \"5s\" or \"90d\"");
}

std::string duration_text(std::chrono::milliseconds duration) {
  if (duration.count() == 0) return "0s";
  for (const Unit& unit : units) {
    if (duration.count() % unit.milliseconds != 0) continue;
    return std::to_string(duration.count() / unit.milliseconds) + std::string(unit.name);
  }
  return {};
}

Parsed<std::chrono::milliseconds> parse_duration_within(std::string_view text, std::chrono::milliseconds least,
                                                        std::chrono::milliseconds most) {
  auto duration = parse_duration(text);
  if (!duration || (*duration >= least && *duration <= most)) return duration;
  return bad(text, "is out of range; write a duration from " + duration_text(least) + " to " + duration_text(most));
}

Words words_of_durations(std::chrono::milliseconds least, std::chrono::milliseconds most) {
  return {"a duration from " + duration_text(least) + " to " + duration_text(most), "durations", R"("5s")"};
}

std::string alternatives(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text.append(1, '"').append(words[i]).append(1, '"');
  }
  return text;
}

Words words_of_choice(const std::vector<std::string_view>& words) {
  const std::string any = alternatives(words);
  return {any, any, '"' + std::string(words.front()) + '"'};
}

std::string not_one_of(std::string_view text, const std::vector<std::string_view>& words) {
  std::string message = "found " + in_quotes(text) + "; write " + alternatives(words);
  if (const auto meant = nearest(text, words); meant && words.size() > 1) {
    message += " (did you mean \"" + std::string(*meant) + "\"?)";
  }
  return message;
}

}  // namespace connectord::config
