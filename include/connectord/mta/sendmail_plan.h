#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectord/mta/mta_requirements.h"
#include "connectord/mta/postfix_plan.h"
#include "connectord/mta/sendmail_cf.h"

// What Sendmail lacks to ask connectord as it should. Pure: attach carries it out, status shows it, tests play it.
namespace connectord::mta {

// Lines of sendmail.mc.
struct SendmailChange {
  enum class Place : std::uint8_t { head, end };  // before the mailers are defined, or after

  std::string what;    // is missing
  std::string reason;  // why the lines are needed, in one line
  std::string lines;
  Place place = Place::head;
  bool needed = true;  // false: no connector asks for it as the configuration is now
};

struct SendmailPlan {
  std::vector<SendmailChange> changes;
  std::vector<Advice> refusals;       // with one of these nothing may be changed
  std::vector<Advice> open;           // lines of sendmail.mc that are missing and only a person can add
  std::vector<Advice> configuration;  // what connectord's own configuration should say for Sendmail
};

// `cf` is the sendmail.cf that the lines are to be added to, so what a person has in it already is not asked for again.
SendmailPlan plan_sendmail(const SendmailCf& cf, const MtaRequirements& required);

// The line that has Sendmail ask this milter about all mail.
std::string filter_line(const net::Endpoint& milter);
// "define(`confLOG_LEVEL', `9')dnl" with its end of line.
std::string define_line(const std::string& name, const std::string& value);
// True if mail that comes in passes the milter there, and waits while it does not answer.
bool asks(const SendmailCf& cf, const net::Endpoint& milter);
// True if mail's way is asked for there.
bool asks_for_routes(const SendmailCf& cf, const net::Endpoint& socketmap);

}  // namespace connectord::mta
