#include "sendmail_judgement.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <sstream>

#include "connectord/base/text.h"
#include "connectord/mta/milter_macros.h"
#include "connectord/mta/sendmail_plan.h"
#include "connectord/mta/time_limit.h"
#include "connectord/net/ip_address.h"
#include "dns_budget.h"

namespace connectord::doctor {
namespace {

constexpr long read_timeout_by_default = 10;  // R: of a filter
constexpr int log_level_by_default = 9;

std::string without_last_line_end(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

int number_or(const std::string& text, int otherwise) {
  int number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// "R" of "T=S:30s;R:30s;E:2m", in seconds.
long timeout_of(const std::string& equates, char letter, long otherwise) {
  const std::string timeouts = mta::equate(equates, 'T');
  std::size_t begin = 0;
  while (begin < timeouts.size()) {
    const std::size_t end = std::min(timeouts.find(';', begin), timeouts.size());
    const std::string_view field = base::trimmed(std::string_view(timeouts).substr(begin, end - begin));
    const std::size_t colon = field.find(':');
    if (field.starts_with(letter) && colon != std::string_view::npos) {
      return mta::mta_seconds(base::trimmed(field.substr(colon + 1))).value_or(otherwise);
    }
    begin = end + 1;
  }
  return otherwise;
}

bool is_loopback(const std::string& options) {
  const std::string address = mta::equate(options, 'A');
  const auto parsed = net::IpAddress::parse(address);
  return address == "localhost" || (parsed && parsed->is_loopback());
}

class Judge {
 public:
  Judge(const mta::SendmailCf& cf, const mta::MtaRequirements& required, const model::Configuration& configuration,
        const std::string& mc)
      : cf_(cf), required_(required), configuration_(configuration), mc_(mc) {}

  std::vector<Issue> run() {
    plan();
    if (required_.milter) filter();
    smtp_listeners();
    macros();
    log_level();
    return std::move(issues_);
  }

 private:
  void plan() {
    const mta::SendmailPlan plan = mta::plan_sendmail(cf_, required_);
    for (const mta::SendmailChange& change : plan.changes) {
      add(change.needed ? Severity::critical : Severity::warning, "sendmail", change.what, change.lines);
    }
    for (const mta::Advice& advice : plan.refusals) {
      if (!required_.milter) {  // which is for connectord.toml
        issues_.push_back({Severity::critical, "sendmail", advice.what, advice.write});
      } else {
        add(Severity::critical, "sendmail", advice.what, advice.write);
      }
    }
    for (const mta::Advice& advice : plan.open) add(Severity::critical, "sendmail", advice.what, advice.write);
    for (const mta::Advice& advice : plan.configuration) {
      issues_.push_back({Severity::critical, "sendmail", advice.what, advice.write});
    }
  }

  void filter() {
    const std::string socket = mta::sendmail_socket(*required_.milter);
    const auto ours = std::find_if(cf_.filters.begin(), cf_.filters.end(),
                                   [&](const auto& filter) { return mta::equate(filter.equates, 'S') == socket; });
    if (ours == cf_.filters.end()) return;
    const auto place = std::find(cf_.asked.begin(), cf_.asked.end(), ours->name);
    if (place != cf_.asked.end() && place != cf_.asked.begin()) other_filter_first(ours->name);
    const long limit = timeout_of(ours->equates, 'R', read_timeout_by_default);
    const auto budget = seconds_for_dns(configuration_);
    if (!budget || limit > *budget) return;
    add(Severity::warning, "sendmail",
        "Sendmail waits " + std::to_string(limit) + " s for connectord's answer (R: of the filter's T=), and " +
            "connectord up to " + std::to_string(*budget) + " s for DNS (dns.budget): slow DNS defers mail",
        "in place of the line that is there, or a shorter budget in [dns] of " + required_.file + ":\n" +
            mta::filter_line(*required_.milter));
  }

  void other_filter_first(const std::string& ours) {
    std::string order = ours;
    for (const std::string& name : cf_.asked) {
      if (name != ours) order += ", " + name;
    }
    add(Severity::warning, "sendmail",
        "another filter is asked before connectord: " + cf_.asked.front() + mta::fooled_by_order,
        "behind all INPUT_MAIL_FILTER:\n" + mta::define_line("confINPUT_MAIL_FILTERS", order));
  }

  void smtp_listeners() {
    for (const std::string& options : cf_.smtp_listeners) {
      if (!(required_.tls || required_.certificates()) || mta::equate(options, 'M').find('S') == std::string::npos)
        continue;
      add(Severity::critical, "sendmail",
          "connectors require TLS or a client certificate, and a port offers no STARTTLS (S in its M=): " + options,
          "take S out of M= of that DAEMON_OPTIONS");
    }
    const bool outside = std::any_of(cf_.smtp_listeners.begin(), cf_.smtp_listeners.end(),
                                     [](const std::string& options) { return !is_loopback(options); });
    if (configuration_.inbound.empty() || outside || cf_.smtp_listeners.empty()) return;
    add(Severity::warning, "sendmail", "there are inbound connectors, and Sendmail takes mail from this machine only",
        "unless mail comes in by another server on this machine, in place of the line with Addr=:\n"
        "DAEMON_OPTIONS(`Family=inet, Name=MTA-v4, Port=smtp')dnl\n");
  }

  // Values that stand in sendmail.cf are passed on for clients that have none.
  void macros() {
    for (const std::string& name : cf_.macros) {
      if (!mta::is_fact_macro(name)) continue;
      issues_.push_back({Severity::critical, "macros",
                         "sendmail.cf gives {" + name + "} a value for every client, and connectord believes it: " +
                             "TLS, a certificate or a login that is not there counts",
                         "take the line D{" + name + "}… out of " + mc_ + "\nthen: " + remake_line(mc_)});
    }
  }

  void log_level() {
    if (!configuration_.trace || configuration_.trace->mail_log.empty()) return;
    const std::string level = cf_.option("LogLevel");
    if (number_or(level, log_level_by_default) >= log_level_by_default) return;
    add(Severity::critical, "deliveries",
        "Sendmail logs no deliveries (LogLevel " + level + "), so nobody knows what becomes of mail",
        mta::define_line("confLOG_LEVEL", std::to_string(log_level_by_default)));
  }

  void add(Severity severity, const char* area, const std::string& what, const std::string& lines) {
    issues_.push_back(
        {severity, area, what, "in " + mc_ + ":\n" + without_last_line_end(lines) + "\nthen: " + remake_line(mc_)});
  }

  const mta::SendmailCf& cf_;
  const mta::MtaRequirements& required_;
  const model::Configuration& configuration_;
  const std::string& mc_;
  std::vector<Issue> issues_;
};

// A client of the access table; empty for all of them.
Issue denied(const std::string& client, const std::string& file, const std::string& feature, const std::string& what) {
  const std::string whom = client.empty() ? "all clients" : client;
  const std::string folder = std::filesystem::path(file).parent_path().string();
  return {client.empty() ? Severity::critical : Severity::warning, "sendmail",
          "connectors require TLS or a client certificate, and " + file + " has " + whom + " " + what,
          "take " + feature + " out of the line Srv_Features:" + client + " in " + file + "\nthen: make -C " + folder};
}

// 8.18, and what Debian made of 8.17.1: nothing but CR LF . CR LF ends a message, unless this feature is there.
Issue ends_elsewhere(const std::string& client, const std::string& file) {
  Issue issue = denied(client, file, "O", "");
  issue.what = "a message of " + (client.empty() ? std::string("any client") : client) +
               " may end by a line feed alone, so it can have a second one hidden in it: " + file +
               " has the feature O of Srv_Features";
  return issue;
}

}  // namespace

std::vector<Issue> judge_access(const std::string& text, const mta::MtaRequirements& required,
                                const std::string& file) {
  constexpr std::string_view tag = "Srv_Features:";
  std::vector<Issue> troubles;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(tag)) continue;
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    const std::string client = line.substr(tag.size(), end - tag.size());
    const auto denies = [&](char feature) { return line.find(feature, end) != std::string::npos; };
    if ((required.tls || required.certificates()) && denies('S')) {
      troubles.push_back(denied(client, file, "S", "offered no STARTTLS"));
    }
    if (required.certificates() && denies('V'))
      troubles.push_back(denied(client, file, "V", "asked for no certificate"));
    std::istringstream features(line.substr(end));
    for (std::string feature; features >> feature;) {
      if (feature == "O") troubles.push_back(ends_elsewhere(client, file));
    }
  }
  return troubles;
}

std::string remake_line(const std::string& mc) {
  return "make -C " + std::filesystem::path(mc).parent_path().string() + " sendmail.cf && " + restart_line;
}

std::vector<Issue> judge_sendmail_cf(const mta::SendmailCf& cf, const mta::MtaRequirements& required,
                                     const model::Configuration& configuration, const std::string& mc) {
  return Judge(cf, required, configuration, mc).run();
}

}  // namespace connectord::doctor
