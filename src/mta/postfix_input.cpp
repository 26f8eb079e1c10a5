// How Postfix reads what clients send, where it could go on with another message or another sender than connectord was
// asked about.
#include <algorithm>
#include <array>
#include <charconv>

#include "connectord/mta/postfix_plan.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

const std::string bare_newline = "smtpd_forbid_bare_newline";
const std::string exclusions = "smtpd_forbid_bare_newline_exclusions";

// The release of each branch that can first do it (the announcement of SMTP smuggling at www.postfix.org): "yes" was
// there before "normalize".
struct Release {
  PostfixVersion branch;
  int patch;
};
constexpr std::array<Release, 4> first_with_bare_newline = {{{{3, 5}, 23}, {{3, 6}, 13}, {{3, 7}, 9}, {{3, 8}, 4}}};

bool is_too_old(const PostfixSetup& setup) {
  const PostfixVersion version = setup.version_number();
  const std::size_t dot = setup.version.rfind('.');
  int patch = 0;
  std::from_chars(setup.version.data() + dot + 1, setup.version.data() + setup.version.size(), patch);
  return std::any_of(first_with_bare_newline.begin(), first_with_bare_newline.end(),
                     [&](const Release& first) { return version == first.branch && patch < first.patch; });
}

bool overlaps_with_other_hosts(const net::AddressRange& range, const std::vector<net::AddressRange>& networks) {
  if (range.first().is_loopback() && range.last().is_loopback()) return false;
  return std::any_of(networks.begin(), networks.end(),
                     [&range](const net::AddressRange& network) { return network.overlaps(range); });
}

class InputPlanner {
 public:
  InputPlanner(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan)
      : setup_(setup), required_(required), plan_(plan) {}

  void run() {
    const std::string& before = setup_.effective(bare_newline);
    if (before == "no") ask_for_bare_newline();
    if (before.empty() && is_too_old(setup_)) report_upgrade();
    for (const PostfixService& service : setup_.services) judge(service);
    if (!before.empty()) judge_exclusions();
    judge_completion();
  }

 private:
  // Whoever attaches is asked for it with all the rest. Later it is no reason to say that something is missing, since
  // connectord is asked as it should without it.
  void ask_for_bare_newline() {
    // Both came with the same release.
    const bool normalizes = !setup_.effective(bare_newline + "_reject_code").empty();
    const std::string value = normalizes ? "normalize" : "yes";
    const std::string reason =
        "a line feed alone must not end a message, or somebody can hide a second one in it, which comes in as mail of "
        "the server that passes it on";
    if (attaches(plan_)) return set_parameter(setup_, bare_newline, value, reason, plan_);
    plan_.warnings.push_back({bare_newline + " is no: " + reason, postconf_line(setup_, bare_newline + " = " + value)});
  }

  void report_upgrade() {
    plan_.warnings.push_back({"Postfix " + setup_.version + " does not know " + bare_newline +
                                  ", so a message may have a second one hidden in it, which comes in as mail of the "
                                  "server that passes it on",
                              "upgrade Postfix (3.5.23, 3.6.13, 3.7.9, 3.8.4 or later); until then: " +
                                  postconf_line(setup_, "smtpd_data_restrictions = reject_unauth_pipelining") +
                                  " and " + postconf_line(setup_, "smtpd_discard_ehlo_keywords = chunking")});
  }

  void judge(const PostfixService& service) {
    if (!is_smtpd(service)) return;
    const auto found = service.overrides.find(bare_newline);
    if (found == service.overrides.end() || found->second != "no") return;
    plan_.warnings.push_back({service.label() + " in " + setup_.folder + "/master.cf has \"-o " + bare_newline +
                                  "=no\": a message may have a second one hidden in it",
                              "postconf -c " + setup_.folder + " -PX " + service.label() + "/" + bare_newline});
  }

  void judge_exclusions() {
    for (const ListWord& word : list_words(setup_.effective(exclusions))) {
      std::string text(word.text);
      std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
      const auto range = net::AddressRange::parse(text);
      if (!range || !overlaps_with_other_hosts(*range, required_.client_networks)) continue;
      plan_.warnings.push_back({exclusions + " leaves out " + range->to_string() +
                                    ", where connectors know hosts by their addresses: what is hidden in a message "
                                    "that such a host passes on comes in as mail of the connector",
                                postconf_line(setup_, exclusions + " =")});
      return;
    }
  }

  void judge_completion() {
    if (setup_.effective("append_dot_mydomain") != "yes") return;
    plan_.warnings.push_back(
        {"append_dot_mydomain is yes: behind connectord, Postfix completes a sender's or recipient's "
         "domain without a dot with ." +
             setup_.effective("mydomain") +
             "; connectord takes such a domain for nobody's name, and refuses it from strangers "
             "where a partner's requirements or reject_direct_send could be got round by it",
         postconf_line(setup_, "append_dot_mydomain = no")});
  }

  const PostfixSetup& setup_;
  const MtaRequirements& required_;
  Plan& plan_;
};

}  // namespace

void plan_input(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan) {
  if (required.milter || required.policy) InputPlanner(setup, required, plan).run();
}

}  // namespace connectord::mta
