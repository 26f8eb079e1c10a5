#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/net/endpoint.h"
#include "postfix_plan.h"
#include "wanted.h"

// What sendmail.mc needs so that Sendmail asks connectord (cf/README, "Using Milters"). Pure.
namespace connectord::ctl {

struct SendmailPlan {
  std::string after;  // sendmail.mc with what is missing
  std::vector<std::string> reasons;
  std::vector<Advice> refusals;
  std::vector<Advice> open;
  bool attached = false;  // sendmail.mc has it all, in our lines or in a person's own
};

SendmailPlan plan_sendmail(const std::string& mc, const Wanted& wanted);

// sendmail.mc without the lines that attach has put in; as it is if there are none.
std::string without_our_lines(const std::string& mc);
bool has_our_lines(const std::string& mc);

// "inet:8891@127.0.0.1", "unix:/run/connectord/milter.sock": libmilter's and Sendmail's notation.
std::string sendmail_socket(const net::Endpoint& endpoint);

// What a sendmail.cf says: whether connectord is among its filters, where the process has its number, where it listens.
struct SendmailCf {
  bool asks_connectord = false;
  std::string pid_file;
  std::optional<net::Endpoint> entrance;  // empty if it takes mail in over SMTP nowhere
};
SendmailCf read_sendmail_cf(const std::string& cf, const net::Endpoint& milter);

}  // namespace connectord::ctl
