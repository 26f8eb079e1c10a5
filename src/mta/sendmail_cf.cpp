#include "connectord/mta/sendmail_cf.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "connectord/base/text.h"

namespace connectord::mta {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.emplace_back(base::trimmed(part));
  return parts;
}

// One of DaemonPortOptions; empty if a stranger does not come as far as RCPT there.
std::optional<net::Endpoint> smtp_listener_of(const std::string& options) {
  constexpr std::uint16_t smtp_port = 25;
  const std::string port = equate(options, 'P');
  const std::string address = equate(options, 'A');
  net::Endpoint endpoint;
  endpoint.kind = net::Endpoint::Kind::inet;
  endpoint.port = port.empty() || port == "smtp" ? smtp_port : 0;
  if (endpoint.port == 0) std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  const bool v6 = equate(options, 'F') == "inet6";
  endpoint.host = address.empty() || address == "0.0.0.0" ? "127.0.0.1" : address;
  if ((address.empty() && v6) || address == "::") endpoint.host = "::1";
  // The modifier a: authentication is asked for.
  if (endpoint.port == 0 || equate(options, 'M').find('a') != std::string::npos) return std::nullopt;
  return endpoint;
}

class CfReader {
 public:
  explicit CfReader(const std::string& cf) : lines_(cf) {}

  SendmailCf run() {
    for (std::string line; std::getline(lines_, line);) {
      const bool goes_on = line.starts_with(' ') || line.starts_with('\t');
      if (line.starts_with('#') || goes_on) continue;
      read(line);
    }
    cf_.pid_file = cf_.options.contains("PidFile") ? cf_.option("PidFile") : "/var/run/sendmail.pid";
    cf_.asked = split(cf_.option("InputMailFilters"), ',');
    return std::move(cf_);
  }

 private:
  void read(const std::string& line) {
    if (line.starts_with("O ")) {
      option(line.substr(2));
    } else if (line.starts_with('X')) {
      const std::size_t end = std::min(line.find(','), line.size());
      cf_.filters.push_back({std::string(base::trimmed(line.substr(1, end - 1))),
                             std::string(base::trimmed(line.substr(std::min(end + 1, line.size()))))});
    } else if (line.starts_with('K')) {
      const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
      cf_.maps[line.substr(1, end - 1)] = base::trimmed(line.substr(end));
    } else if (line.starts_with('S')) {
      ruleset_ = line.substr(1, line.find_first_of("= \t") - 1);
    } else if (line.starts_with('R')) {
      if (ruleset_ == "Local_tls_rcpt") cf_.local_tls_rcpt += line + "\n";
      if (ruleset_ == "tls_clt_features") cf_.tls_clt_features += line + "\n";
    } else if (line.starts_with("DZ")) {
      cf_.version = line.substr(2);
    } else if (line.starts_with("D{")) {
      const std::size_t end = std::min(line.find('}'), line.size());
      cf_.macros.push_back(line.substr(2, end - 2));
    }
    cf_.tls_requirements |= line.starts_with("C{Tls}");
    cf_.esmtp |= line.starts_with("Mesmtp,");
  }

  void option(const std::string& text) {
    const std::size_t equals = std::min(text.find('='), text.size());
    const std::string name(base::trimmed(text.substr(0, equals)));
    const std::string value(base::trimmed(text.substr(std::min(equals + 1, text.size()))));
    cf_.options[name] = value;
    if (name != "DaemonPortOptions") return;
    const auto smtp_listener = smtp_listener_of(value);
    if (smtp_listener) cf_.smtp_listeners.push_back(value);
    if (!cf_.smtp_listener) cf_.smtp_listener = smtp_listener;
  }

  std::istringstream lines_;
  std::string ruleset_;
  SendmailCf cf_;
};

std::string next_that_counts(std::istringstream& lines) {
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#') && !base::trimmed(line).empty()) return line;
  }
  return {};
}

}  // namespace

std::string SendmailCf::option(const std::string& name) const {
  const auto found = options.find(name);
  return found == options.end() ? std::string() : found->second;
}

SendmailCf read_sendmail_cf(const std::string& cf) {
  return CfReader(cf).run();
}

std::string equate(const std::string& equates, char letter) {
  for (const std::string& part : split(equates, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos || part.front() != letter) continue;
    return std::string(base::trimmed(std::string_view(part).substr(equals + 1)));
  }
  return {};
}

bool same_but_for_comments(const std::string& cf, const std::string& other) {
  std::istringstream one(cf);
  std::istringstream another(other);
  for (;;) {
    const std::string line = next_that_counts(one);
    if (line != next_that_counts(another)) return false;
    if (line.empty()) return true;
  }
}

std::string sendmail_socket(const net::Endpoint& endpoint) {
  if (endpoint.kind == net::Endpoint::Kind::unix_socket) return "unix:" + endpoint.path;
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "inet6:" : "inet:") + std::to_string(endpoint.port) + "@" +
         (v6 ? "[" + endpoint.host + "]" : endpoint.host);
}

}  // namespace connectord::mta
