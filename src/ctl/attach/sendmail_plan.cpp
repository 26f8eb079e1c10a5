#include "sendmail_plan.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "connectord/mail/text.h"

namespace connectord::ctl {
namespace {

constexpr std::string_view begin_mark =
    "dnl # connectord: from here; connectorctl detach sendmail takes these lines out\n";
constexpr std::string_view end_mark = "dnl # connectord: to here\n";

struct OurLines {
  std::size_t begin = std::string::npos;
  std::size_t end = 0;
};

OurLines find_our_lines(const std::string& mc) {
  OurLines lines;
  lines.begin = mc.find(begin_mark);
  if (lines.begin == std::string::npos) return lines;
  const std::size_t end = mc.find(end_mark, lines.begin);
  if (end == std::string::npos) return {};
  lines.end = end + end_mark.size();
  return lines;
}

struct Line {
  std::string_view text;
  std::size_t begin = 0;
};

// Those that m4 reads: not what begins with dnl, and not comments of sendmail.cf.
std::vector<Line> live_lines(const std::string& mc) {
  std::vector<Line> lines;
  for (std::size_t i = 0; i < mc.size();) {
    const std::size_t end = std::min(mc.find('\n', i), mc.size());
    const std::string_view text = mail::trimmed(std::string_view(mc).substr(i, end - i));
    if (!text.empty() && !text.starts_with("dnl") && !text.starts_with('#')) lines.push_back({text, i});
    i = end + 1;
  }
  return lines;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

const Line* first_with(const std::vector<Line>& lines, std::string_view part) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const Line& line) { return has(line.text, part); });
  return found == lines.end() ? nullptr : &*found;
}

// Before the other filters, which are asked in their order; otherwise before the mailers, which must come last.
std::size_t place_for_ours(const std::string& mc, const std::vector<Line>& lines) {
  for (const std::string_view part : {"INPUT_MAIL_FILTER(", "MAIL_FILTER(", "MAILER_DEFINITIONS", "MAILER("}) {
    if (const Line* line = first_with(lines, part)) return line->begin;
  }
  return mc.size();
}

std::string quoted(const std::string& text) {
  return "`" + text + "'";
}

std::string filter_line(const net::Endpoint& milter) {
  return "INPUT_MAIL_FILTER(`connectord', " + quoted("S=" + sendmail_socket(milter) + ", F=T, T=S:30s;R:30s;E:2m") +
         ")dnl\n";
}

class SendmailPlanner {
 public:
  SendmailPlanner(const std::string& mc, const Wanted& wanted) : mc_(mc), wanted_(wanted) {}

  SendmailPlan run() {
    plan_.after = mc_;
    if (!wanted_.milter) {
      plan_.refusals.push_back({"connectord has no milter listener, and Sendmail asks milters only",
                                "in [server] of " + wanted_.file + ": milter = \"unix:/run/connectord/milter.sock\""});
      return std::move(plan_);
    }
    base_ = without_our_lines(mc_);
    lines_ = live_lines(base_);
    warn_of_what_sendmail_cannot();
    if (find_by_hand()) return std::move(plan_);
    if (first_with(lines_, "confINPUT_MAIL_FILTERS") != nullptr) {
      plan_.refusals.push_back({"sendmail.mc sets confINPUT_MAIL_FILTERS, which decides which filters are asked",
                                "write MAIL_FILTER(`connectord', `S=" + sendmail_socket(*wanted_.milter) +
                                    ", F=T, T=S:30s;R:30s;E:2m') before it, and connectord first in it"});
      return std::move(plan_);
    }
    add();
    return std::move(plan_);
  }

 private:
  // A person's own line; true if nothing is left to plan.
  bool find_by_hand() {
    const std::string socket = "S=" + sendmail_socket(*wanted_.milter);
    for (const Line& line : lines_) {
      if (!has(line.text, "MAIL_FILTER(`connectord'") && !has(line.text, socket)) continue;
      if (has(line.text, socket) && has(line.text, "F=T")) {
        plan_.attached = true;
      } else {
        plan_.refusals.push_back({"sendmail.mc has connectord in a way that is not right: " + std::string(line.text),
                                  "take that line out, or write " + filter_line(*wanted_.milter)});
      }
      return true;
    }
    return false;
  }

  void add() {
    std::string ours(begin_mark);
    ours += filter_line(*wanted_.milter);
    plan_.reasons.push_back(
        "INPUT_MAIL_FILTER: connectord is asked about all mail; first, so that it sees mail as it came");
    plan_.reasons.push_back("F=T: mail is deferred, not let through unchecked, while connectord does not answer");
    if (first_with(lines_, "confCERT_FINGERPRINT_ALGORITHM") == nullptr) {
      ours += "define(`confCERT_FINGERPRINT_ALGORITHM', `sha256')dnl\n";
      plan_.reasons.push_back("confCERT_FINGERPRINT_ALGORITHM: connectord compares SHA-256 fingerprints");
    }
    ours += end_mark;
    const std::size_t place = place_for_ours(base_, lines_);
    std::string text = base_.substr(0, place);
    if (!text.empty() && text.back() != '\n') text += '\n';
    plan_.after = text + ours + base_.substr(place);
    plan_.attached = plan_.after == mc_;
    if (plan_.attached) plan_.reasons.clear();
  }

  void warn_of_what_sendmail_cannot() {
    const Line* algorithm = first_with(lines_, "confCERT_FINGERPRINT_ALGORITHM");
    if (wanted_.fingerprints && algorithm != nullptr && !has(algorithm->text, "sha256")) {
      plan_.open.push_back({"connectors match SHA-256 fingerprints, and sendmail.mc has another algorithm",
                            "define(`confCERT_FINGERPRINT_ALGORITHM', `sha256')dnl"});
    }
    // Rulesets are a person's own, so they are not written by a program.
    if (wanted_.outbound && (!wanted_.socketmap || first_with(lines_, "Ksendmail_tls socket") == nullptr)) {
      plan_.open.push_back(
          {"there are outbound connectors, and Sendmail does not ask for their routes",
           "write the lines of \"Outbound connectors in Sendmail\" in operations.md into sendmail.mc, and "
           "socketmap in [server] of " +
               wanted_.file});
    }
    if (wanted_.certificate_names && first_with(lines_, "confCACERT") == nullptr &&
        first_with(lines_, "starttls.m4") == nullptr) {
      plan_.open.push_back({"connectors match the names in certificates, and Sendmail trusts no authority",
                            "define(`confCACERT', `/etc/mail/tls/partner-authorities.pem')dnl"});
    }
  }

  const std::string& mc_;
  const Wanted& wanted_;
  std::string base_;
  std::vector<Line> lines_;
  SendmailPlan plan_;
};

// "O Name=value" to "value".
std::vector<std::string> options_of(const std::string& cf, const std::string& name) {
  std::vector<std::string> values;
  std::istringstream lines(cf);
  const std::string start = "O " + name + "=";
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(start)) values.push_back(line.substr(start.size()));
  }
  return values;
}

// "Port=smtp" of "Family=inet, Name=MTA-v4, Port=smtp, Addr=127.0.0.1"; keys count by their first letter.
std::string equate(const std::string& options, char letter) {
  std::istringstream parts(options);
  for (std::string part; std::getline(parts, part, ',');) {
    const std::string_view text = mail::trimmed(part);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || text.front() != letter) continue;
    return std::string(mail::trimmed(text.substr(equals + 1)));
  }
  return {};
}

std::optional<net::Endpoint> entrance_in(const std::string& cf) {
  for (const std::string& options : options_of(cf, "DaemonPortOptions")) {
    const std::string port = equate(options, 'P');
    const std::string address = equate(options, 'A');
    net::Endpoint endpoint;
    endpoint.kind = net::Endpoint::Kind::inet;
    endpoint.port = port.empty() || port == "smtp" ? 25 : 0;
    if (endpoint.port == 0) std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    const bool v6 = equate(options, 'F') == "inet6";
    endpoint.host = address.empty() || address == "0.0.0.0" ? "127.0.0.1" : address;
    if ((address.empty() && v6) || address == "::") endpoint.host = "::1";
    // Authentication is asked for there (the modifier a), so a stranger does not come as far as RCPT.
    if (endpoint.port == 0 || equate(options, 'M').find('a') != std::string::npos) continue;
    return endpoint;
  }
  return std::nullopt;
}

}  // namespace

SendmailPlan plan_sendmail(const std::string& mc, const Wanted& wanted) {
  return SendmailPlanner(mc, wanted).run();
}

std::string without_our_lines(const std::string& mc) {
  const OurLines ours = find_our_lines(mc);
  if (ours.begin == std::string::npos) return mc;
  return mc.substr(0, ours.begin) + mc.substr(ours.end);
}

bool has_our_lines(const std::string& mc) {
  return find_our_lines(mc).begin != std::string::npos;
}

std::string sendmail_socket(const net::Endpoint& endpoint) {
  if (endpoint.kind == net::Endpoint::Kind::unix_socket) return "unix:" + endpoint.path;
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "inet6:" : "inet:") + std::to_string(endpoint.port) + "@" +
         (v6 ? "[" + endpoint.host + "]" : endpoint.host);
}

SendmailCf read_sendmail_cf(const std::string& cf, const net::Endpoint& milter) {
  SendmailCf result;
  std::istringstream lines(cf);
  for (std::string line; std::getline(lines, line);) {
    // "Xconnectord, S=unix:…, F=T, T=…"
    const bool is_ours = line.starts_with('X') && has(line + ",", "S=" + sendmail_socket(milter) + ",");
    if (!is_ours) continue;
    const std::string name = line.substr(1, line.find_first_of(", \t") - 1);
    for (const std::string& filters : options_of(cf, "InputMailFilters")) {
      std::istringstream names(filters);
      for (std::string filter; std::getline(names, filter, ',');) {
        result.asks_connectord |= mail::trimmed(filter) == name && has(line, "F=T");
      }
    }
  }
  const auto files = options_of(cf, "PidFile");
  result.pid_file = files.empty() ? "/var/run/sendmail.pid" : files.front();
  result.entrance = entrance_in(cf);
  return result;
}

}  // namespace connectord::ctl
