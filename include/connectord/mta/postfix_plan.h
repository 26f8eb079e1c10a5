#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectord/mta/master_cf.h"
#include "connectord/mta/mta_requirements.h"
#include "connectord/mta/postfix_setup.h"

// What Postfix lacks to ask connectord as it should. Pure: attach carries it out, status shows it, tests play it.
namespace connectord::mta {

// One parameter of main.cf.
struct Change {
  std::string parameter;
  std::optional<std::string> before;  // as main.cf says it; empty where it says nothing
  std::string after;
  std::string reason;  // one line
  std::string part;    // what is added, where the parameter is a list that others share
};

// What is not right and is a person's to mend.
struct Advice {
  std::string what;
  std::string write;  // the line or command that mends it
  std::string why{};  // what it is good for, or what comes of it; empty where `what` says it
};

struct Plan {
  std::vector<Change> changes;
  std::vector<ServiceChange> services{};  // of master.cf
  std::vector<Advice> refusals;           // with one of these nothing may be changed
  std::vector<Advice> open;               // what is missing yet and only a person can add
  std::vector<Advice> warnings;           // what may well be as it should
};

Plan plan_postfix(const PostfixSetup& setup, const MtaRequirements& required);

// The parts of that.
void plan_lists(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan);   // milters, policy services
void plan_macros(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan);  // what a milter is sent
// Ends of messages, short names; after the lists.
void plan_input(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan);
void plan_tls(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan);     // client certificates
void plan_tables(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan);  // what socketmap answers
void plan_services(const PostfixSetup& setup, const MtaRequirements& required,
                   Plan& plan);  // master.cf: overrides, chroot

// Delivery services of outbound connectors' own.
void plan_deliveries(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan);
// Such services that no connector needs.
std::vector<ServiceChange> own_services_to_remove(const PostfixSetup& setup, const std::vector<DeliveryNeeds>& needed);

// True where the plan, as far as it is made, has Postfix ask connectord that it did not ask before.
bool attaches(const Plan& plan);

// Sets a parameter that has one value. No change where main.cf says it already.
void set_parameter(const PostfixSetup& setup, const std::string& parameter, const std::string& value,
                   const std::string& reason, Plan& plan);
// A command that sets a parameter of main.cf and has Postfix read it.
std::string postconf_line(const PostfixSetup& setup, const std::string& assignment);
// What main.cf lacks as long as that change is not made.
Advice advice_of(const PostfixSetup& setup, const Change& change);
// The same of master.cf.
Advice advice_of(const PostfixSetup& setup, const ServiceChange& change);

// What is wrong where another filter has a message before connectord.
constexpr const char* fooled_by_order =
    "; connectord does not see mail as it came, and the other one believes forged tags and headers for spam filters";
// What becomes of mail that smtpd(8) hands to a filter while it comes in (SMTPD_PROXY_README, MILTER_README).
constexpr const char* proxy_filter_effect =
    ": milters are then told of no header and no body, so connectord judges and tags nothing at the end of a message, "
    "and that filter believes forged headers";

// True for the program of services that take mail in over SMTP.
inline bool is_smtpd(const PostfixService& service) {
  return service.program == "smtpd" && (service.type == "inet" || service.type == "pass");
}
// True if that service's mail should pass connectord and nothing in master.cf keeps it from doing so.
bool asks_connectord(const PostfixService& service, const PostfixSetup& setup, const MtaRequirements& required);

}  // namespace connectord::mta
