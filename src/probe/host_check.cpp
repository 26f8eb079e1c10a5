#include "host_check.h"

#include "dialogue.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::Outcome;

std::string hint_for(smtp::Failure::Kind kind, bool is_ours) {
  switch (kind) {
    case smtp::Failure::Kind::timed_out:
      return "a firewall on the way drops the connection, or the host is down; see whether port 25 may leave from here";
    case smtp::Failure::Kind::refused:
      return "nothing listens at that port, or a firewall refuses";
    case smtp::Failure::Kind::unreachable:
      return "there is no route to that network from here";
    default:
      return is_ours ? "see your mail server's log" : "try again, and ask the partner";
  }
}

class Host {
 public:
  Host(const OutboundPlan& plan, const Target& target, StepLog& steps) : plan_(plan), target_(target), steps_(steps) {}

  void run() {
    steps_.at(to_string(target_));
    const DaneFacts dane = ask_for_tlsa(plan_, target_, steps_);
    if (dane.problem.empty()) {
      for (const net::IpAddress& address : target_.addresses) check(address, dane);
      if (!connected_) report_that_none_answers();
    }
    steps_.at({});
  }

 private:
  void check(const net::IpAddress& address, const DaneFacts& dane) {
    steps_.at(to_string(target_, address));
    for (const bool with_tls : {true, false}) {
      auto connection = connect(address);
      if (!connection) return;
      connected_ = true;
      const auto end = converse(plan_, target_, dane, smtp::SmtpClient(std::move(connection)), steps_, with_tls);
      if (end == DialogueEnd::over) return;
    }
  }

  std::unique_ptr<smtp::Connection> connect(const net::IpAddress& address) {
    const Services& services = steps_.services();
    const auto limit = services.limits.connect;
    auto connection = services.network.connect(address, target_.port, std::nullopt, steps_.deadline(limit));
    Finding finding{.check = model::check::smtp_connect, .expected = "a connection"};
    if (connection) {
      finding.seen = "connected";
      steps_.add(std::move(finding));
      return std::move(*connection);
    }
    finding.outcome = Outcome::fail;
    finding.seen = smtp::words_of(connection.error(), limit);
    finding.hint = hint_for(connection.error().kind, plan_.options.ours);
    // The mail server takes the next address then.
    if (target_.addresses.size() > 1) {
      steps_.warn(std::move(finding));
    } else {
      connected_ = true;  // as far as the sum of all is concerned
      steps_.add(std::move(finding), Obstacle::unreachable);
    }
    return nullptr;
  }

  void report_that_none_answers() {
    steps_.at(to_string(target_));
    steps_.add({.check = model::check::smtp_connect,
                .outcome = Outcome::fail,
                .expected = "a connection to one of its addresses",
                .seen = "none of " + std::to_string(target_.addresses.size()) + " answers",
                .hint = "the host is down, or a firewall is on the way"},
               Obstacle::unreachable);
  }

  const OutboundPlan& plan_;
  const Target& target_;
  StepLog& steps_;
  bool connected_ = false;
};

}  // namespace

void check_host(const OutboundPlan& plan, const Target& target, StepLog& steps) {
  Host(plan, target, steps).run();
}

}  // namespace connectord::probe
