// What keeps connectord from seeing mail's facts as they are. It asks for its macros by smfi_setsymlist, which Postfix
// heeds with any milter_protocol, so the lists of milter_connect_macros and the like do not matter.
#include <cstdlib>

#include "connectord/base/text.h"
#include "connectord/mta/milter_macros.h"
#include "connectord/mta/postfix_plan.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

constexpr int needed_protocol = 6;

class MacroPlanner {
 public:
  MacroPlanner(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan)
      : setup_(setup), required_(required), plan_(plan) {}

  void run() {
    const std::string& everywhere = setup_.effective("milter_protocol");
    const std::vector<ListWord> milters = list_words(setup_.effective("smtpd_milters"));
    const std::size_t place = find_milter(milters, *required_.milter, setup_.queue_directory);
    const std::string own = place < milters.size() ? setting_of(milters[place].text, "protocol") : "";
    if (!own.empty()) {
      judge_protocol(own, "smtpd_milters has connectord with protocol=" + own,
                     "take that setting out in " + setup_.folder + "/main.cf");
    } else {
      judge_protocol(everywhere, "milter_protocol = " + everywhere, postconf_line(setup_, "milter_protocol = 6"));
    }
    judge_defaults(setup_.effective("milter_macro_defaults"), "milter_macro_defaults", [this](const std::string& rest) {
      return postconf_line(setup_, "milter_macro_defaults = " + rest);
    });
    for (const PostfixService& service : setup_.services) look_at(service);
  }

 private:
  void look_at(const PostfixService& service) {
    if (!is_smtpd(service)) return;
    const auto override_line = [&](const std::string& assignment) {
      return "postconf -c " + setup_.folder + " -P '" + service.label() + "/" + assignment + "'";
    };
    for (const auto& setting : service.overrides) {
      const std::string& name = setting.first;
      const std::string& value = setting.second;
      const std::string where = service.label() + " in " + setup_.folder + "/master.cf has \"-o " + name + "\"";
      if (name == "milter_protocol") {
        judge_protocol(value, std::string(where).append(" ").append(value), override_line("milter_protocol=6"));
      } else if (name == "milter_macro_defaults") {
        judge_defaults(value, where, [&](const std::string& rest) {
          return override_line(std::string(name).append("=").append(rest));
        });
      }
    }
  }

  void judge_protocol(const std::string& value, const std::string& what, const std::string& write) {
    if (std::atoi(value.c_str()) >= needed_protocol) return;
    plan_.warnings.push_back(
        {what + ": Postfix does not hand over header values as they stand, so some DKIM signatures do not verify",
         write});
  }

  // What Postfix passes where it knows nothing.
  template <class Line>
  void judge_defaults(const std::string& list, const std::string& where, const Line& line_with) {
    std::string facts;
    std::string rest;
    for (const ListWord& word : list_words(list)) {
      std::string_view text = word.text;
      // "{ name = value }"
      if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
      const std::string name(bare_macro(base::trimmed(text.substr(0, text.find('=')))));
      std::string& add_to = is_fact_macro(name) ? facts : rest;
      add_to += (add_to.empty() ? "" : ", ") + (is_fact_macro(name) ? "{" + name + "}" : std::string(word.text));
    }
    if (facts.empty()) return;
    plan_.open.push_back({where + " makes up " + facts +
                              " for clients that have none, and connectord believes it: TLS, a certificate or a login "
                              "that is not there counts",
                          line_with(rest)});
  }

  const PostfixSetup& setup_;
  const MtaRequirements& required_;
  Plan& plan_;
};

}  // namespace

void plan_macros(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan) {
  if (required.milter) MacroPlanner(setup, required, plan).run();
}

}  // namespace connectord::mta
