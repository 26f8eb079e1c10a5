// rule: the transport rules of the configuration, in the order in which they are asked.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.h"
#include "connectord/base/text.h"
#include "connectord/config/rule_json.h"
#include "connectord/config/rule_names.h"
#include "connectord/model/entry_named.h"
#include "finding_text.h"
#include "json_output.h"
#include "running_policy.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

std::vector<const model::Rule*> in_order(const model::Configuration& configuration) {
  std::vector<const model::Rule*> rules;
  for (const model::Rule& rule : configuration.rules) rules.push_back(&rule);
  std::sort(rules.begin(), rules.end(), [](const auto* a, const auto* b) { return a->priority < b->priority; });
  return rules;
}

std::vector<std::string> actions_of(const model::Rule& rule) {
  std::vector<std::string> words;
  for (const model::RuleAction& action : rule.actions) words.emplace_back(model::word_of(action.kind));
  if (rule.stop) words.emplace_back("stop");
  return words;
}

std::string status_of(const model::Rule& rule) {
  if (!rule.enabled) return "disabled";
  return rule.mode == model::Mode::audit ? "enabled (audit)" : "enabled";
}

Json summary_of(const model::Rule& rule) {
  Json object = config::summary_json(rule);
  object["location"] = model::to_string(rule.location);
  return object;
}

Status list_rules(const Common& common, bool file_only, const Terminal& terminal) {
  const auto policy = running_or_complain(common, file_only, terminal);
  if (!policy) return Status::wrong_input;
  const auto rules = in_order(policy->configuration());
  if (common.json) {
    Json array = Json::array();
    for (const model::Rule* rule : rules) array.push_back(summary_of(*rule));
    print_json(array, terminal.out);
    return Status::answered;
  }
  Table table({{"PRIORITY"}, {"NAME"}, {"STATUS"}, {"ACTIONS"}, {"COMMENT", true}});
  for (const model::Rule* rule : rules) {
    table.add({std::to_string(rule->priority),
               harmless(rule->name),
               {status_of(*rule), rule->enabled ? nullptr : faint},
               base::joined(actions_of(*rule)),
               harmless(rule->comment)});
  }
  table.print(terminal);
  return Status::answered;
}

// As its file has it: from its line to the next table that is none of its own.
std::string text_of(const model::Rule& rule, const config::SourceTexts& files) {
  const auto file =
      std::find_if(files.begin(), files.end(), [&](const auto& one) { return one.path == *rule.location.file; });
  if (file == files.end()) return {};
  const std::string_view all = file->text;
  std::string text;
  std::uint32_t number = 0;
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    const std::string_view line = all.substr(begin, end - begin);
    begin = end + 1;
    if (++number < rule.location.line) continue;
    const bool is_own = number == rule.location.line || line.starts_with("[rule.") || line.starts_with("[[rule.");
    if (line.starts_with('[') && !is_own) break;
    text += harmless(line) + "\n";
  }
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

struct ShowRule {
  std::string name{};
  bool file_only = false;
};

Status show_rule(const Common& common, const ShowRule& arguments, const Terminal& terminal) {
  const ConfigurationInUse in_use = in_use_or_complain(common, arguments.file_only, terminal);
  if (!in_use.policy) return Status::wrong_input;
  const model::Configuration& configuration = in_use.policy->configuration();
  const model::Rule* rule = model::entry_named(configuration.rules, arguments.name);
  if (rule == nullptr) {
    terminal.error << "connectorctl: " << config::no_rule(arguments.name, config::rule_names(configuration)) << '\n';
    return Status::wrong_input;
  }
  const std::string text = text_of(*rule, in_use.files);
  if (common.json) {
    Json object = summary_of(*rule);
    object["text"] = text;
    print_json(object, terminal.out);
    return Status::answered;
  }
  terminal.out << "# " << model::to_string(rule->location) << '\n' << text;
  return Status::answered;
}

}  // namespace

void add_rule_commands(const CommandLine& line) {
  const CommandLine below = line.group("rule", "Look at transport rules, change and try them");
  const auto file_only = std::make_shared<bool>(false);
  const Subcommand list = below.command("list", "List them in the order in which they are asked");
  add_file_only_option(list, *file_only);
  list.callback([line, file_only] { line.status = list_rules(line.common, *file_only, line.terminal); });
  const auto arguments = std::make_shared<ShowRule>();
  const Subcommand show = below.command("show", "Show one as its file has it");
  show.add_option("name", arguments->name, "The rule's name").required();
  add_file_only_option(show, arguments->file_only);
  show.callback([line, arguments] { line.status = show_rule(line.common, *arguments, line.terminal); });
  add_rule_changes(below);
  add_rule_test_command(below);
}

}  // namespace connectord::ctl
