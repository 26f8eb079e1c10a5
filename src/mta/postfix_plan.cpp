#include "connectord/mta/postfix_plan.h"

#include <algorithm>
#include <string_view>

#include "connectord/base/ascii_case.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

constexpr PostfixVersion oldest{3, 5};

std::optional<std::string> written(const PostfixSetup& setup, const std::string& parameter) {
  if (!setup.is_written(parameter)) return std::nullopt;
  return setup.value(parameter);
}

bool refers_to(const std::string& list, const std::string& parameter) {
  const auto has = [&list](const std::string& form) { return list.find(form) != std::string::npos; };
  return has("$" + parameter) || has("${" + parameter + "}") || has("$(" + parameter + ")");
}

class ListPlanner {
 public:
  ListPlanner(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan)
      : setup_(setup), required_(required), plan_(plan) {}

  void run() {
    if (required_.milter) {
      add_milter("smtpd_milters",
                 "connectord is asked about mail that comes in over SMTP; first, so that it sees mail "
                 "as it came, and other milters see no forged tags, results and headers for spam filters");
      // "$smtpd_milters" brings ours along.
      if (!refers_to(setup_.value("non_smtpd_milters"), "smtpd_milters")) {
        add_milter("non_smtpd_milters", "forged tags are removed from mail of the sendmail command, too");
      }
      set_default_action();
      warn_of_milter_settings();
    }
    if (required_.policy) add_policy_service();
    if (!required_.milter && !required_.policy) {
      plan_.refusals.push_back({"connectord has no listener that Postfix could ask",
                                "in [server] of " + required_.file + ": milter = \"unix:" + setup_.queue_directory +
                                    "/connectord/milter.sock\""});
    }
  }

 private:
  void add_milter(const std::string& parameter, const std::string& reason) {
    const std::vector<ListWord> words = list_words(setup_.effective(parameter));
    const std::size_t place = find_milter(words, *required_.milter, setup_.queue_directory);
    if (place < words.size()) return judge_milter(parameter, words, place);
    const std::string word = service_word(*required_.milter, setup_.queue_directory);
    const std::string others = words.empty() ? "" : "; before " + setup_.effective(parameter);
    plan_.changes.push_back(
        {parameter, written(setup_, parameter), with_first(word, setup_.value(parameter)), reason + others, word});
  }

  // Attached already, perhaps by hand.
  void judge_milter(const std::string& parameter, const std::vector<ListWord>& words, std::size_t place) {
    const std::string action = setting_of(words[place].text, "default_action");
    if (!action.empty() && action != "tempfail") {
      plan_.refusals.push_back({parameter + " has connectord with default_action=" + action +
                                    ", so mail would pass unchecked or be refused whenever connectord does not answer",
                                "change it to default_action=tempfail in " + setup_.folder + "/main.cf"});
    }
    if (place == 0) return;
    // Where ours comes from another parameter, there is no line of this one that would mend it.
    const std::string& raw = setup_.value(parameter);
    const std::string after = with_milter_first(raw, *required_.milter, setup_.queue_directory);
    plan_.warnings.push_back(
        {parameter + " has another milter before connectord: " + std::string(words[0].text) + fooled_by_order,
         after.empty() ? "put connectord first in " + parameter + " in " + setup_.folder + "/main.cf"
                       : postconf_line(setup_, parameter + " = " + after)});
  }

  void set_default_action() {
    const std::string before = setup_.effective("milter_default_action");
    set_parameter(
        setup_, "milter_default_action", "tempfail",
        "mail is deferred, not let through unchecked, while connectord does not answer; said in so many words "
        "because Postfix 3.11 has another default",
        plan_);
    if (before == "tempfail") return;
    for (const ListWord& word : list_words(setup_.effective("smtpd_milters"))) {
      if (names_service(word.text, *required_.milter, setup_.queue_directory)) continue;
      if (!setting_of(word.text, "default_action").empty()) continue;
      plan_.warnings.push_back({"milter_default_action counts for " + std::string(word.text) + " too, which had \"" +
                                    before + "\" until now",
                                "to keep that, write it in smtpd_milters as { " + std::string(word.text) +
                                    ", default_action=" + before + " }"});
    }
  }

  void warn_of_milter_settings() {
    if (!setup_.effective("smtpd_milter_maps").empty()) {
      plan_.warnings.push_back({"smtpd_milter_maps may give clients other milters than smtpd_milters: " +
                                    setup_.effective("smtpd_milter_maps"),
                                "see that no client from outside loses connectord by it"});
    }
    if (const std::string& filter = setup_.effective("smtpd_proxy_filter"); !filter.empty()) {
      plan_.refusals.push_back({"smtpd_proxy_filter in main.cf is " + filter + proxy_filter_effect,
                                "make that filter a milter behind connectord, or a content_filter"});
    }
    if (setup_.effective("receive_override_options").find("no_milters") != std::string::npos) {
      plan_.refusals.push_back({"receive_override_options in main.cf has no_milters, so no milter is asked",
                                "take no_milters out of it in " + setup_.folder + "/main.cf"});
    }
  }

  void add_policy_service() {
    const std::string parameter = "smtpd_recipient_restrictions";
    const std::string service = "check_policy_service " + service_word(*required_.policy, setup_.queue_directory);
    const std::string reason =
        "first, since a permit before it would end the list before connectord is told the certificate's fingerprints";
    const std::vector<ListWord> words = list_words(setup_.effective(parameter));
    const std::size_t place = find_policy_service(words, *required_.policy, setup_.queue_directory);
    const std::string& raw = setup_.value(parameter);
    if (place == words.size()) {
      plan_.changes.push_back({parameter, written(setup_, parameter), with_first(service, raw), reason, service});
      return;
    }
    if (only_refuses(words, place)) return;
    const std::vector<ListWord> raw_words = list_words(raw);
    const std::size_t raw_place = find_policy_service(raw_words, *required_.policy, setup_.queue_directory);
    if (raw_place == raw_words.size()) {
      plan_.refusals.push_back(
          {parameter + " has connectord behind \"" + std::string(words[0].text) + "\", by way of another parameter",
           "put \"" + service + "\" first in " + parameter + " in " + setup_.folder + "/main.cf"});
      return;
    }
    plan_.changes.push_back({parameter, written(setup_, parameter),
                             with_first(service, without_words(raw, raw_words, raw_place, raw_place + 1)), reason,
                             service});
  }

  // What may only refuse ends the list for no mail that is accepted.
  static bool only_refuses(const std::vector<ListWord>& words, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string word = base::to_lower(words[i].text);
      const bool refuses = word.starts_with("reject") || word.starts_with("defer") || word == "warn_if_reject";
      if (!refuses) return false;
      if (word.find("bl_") != std::string::npos) ++i;  // reject_rbl_client and its like have an argument
    }
    return true;
  }

  const PostfixSetup& setup_;
  const MtaRequirements& required_;
  Plan& plan_;
};

}  // namespace

std::string postconf_line(const PostfixSetup& setup, const std::string& assignment) {
  const std::string where = setup.folder == "/etc/postfix" ? "" : "-c " + setup.folder + " ";
  return "postconf " + where + "-e '" + assignment + "' && postfix " + where + "reload";
}

Advice advice_of(const PostfixSetup& setup, const Change& change) {
  const std::string& now = setup.effective(change.parameter);
  const bool is_there = !change.part.empty() && setup.value(change.parameter).find(change.part) != std::string::npos;
  std::string what = change.parameter;
  if (is_there) {
    what += " has " + change.part + " in another place than the first";
  } else if (!change.part.empty()) {
    what += " lacks " + change.part + (now.empty() ? "; it is empty" : "");
  } else {
    what += (change.before ? " is \"" + now + "\", not \"" : " is not set to \"") + change.after + "\"";
  }
  return {std::move(what), postconf_line(setup, change.parameter + " = " + change.after), "wanted: " + change.reason};
}

void set_parameter(const PostfixSetup& setup, const std::string& parameter, const std::string& value,
                   const std::string& reason, Plan& plan) {
  if (setup.is_written(parameter) && setup.effective(parameter) == value) return;
  plan.changes.push_back({parameter, written(setup, parameter), value, reason, ""});
}

void plan_lists(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan) {
  ListPlanner(setup, required, plan).run();
}

Plan plan_postfix(const PostfixSetup& setup, const MtaRequirements& required) {
  Plan plan;
  if (setup.version_number() < oldest) {
    plan.refusals.push_back(
        {"Postfix " + setup.version + " is too old: connectord is made for Postfix 3.5 and later", "upgrade Postfix"});
  }
  plan_lists(setup, required, plan);
  plan_macros(setup, required, plan);
  plan_input(setup, required, plan);
  plan_tls(setup, required, plan);
  plan_tables(setup, required, plan);
  plan_services(setup, required, plan);
  plan_deliveries(setup, required, plan);
  return plan;
}

}  // namespace connectord::mta
