// maps: what the socketmap answers, as tables in files.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.h"
#include "json_output.h"
#include "running_policy.h"
#include "static_tables.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const StaticTable& table) {
  Json object;
  object["usage"] = table.usage;
  object["rows"] = Json::array();
  for (const auto& [key, value] : table.rows) object["rows"].push_back({{"key", key}, {"value", value}});
  object["notes"] = table.notes;
  return object;
}

void print(std::ostream& out, const StaticTable& table) {
  out << "# " << table.name << ", by connectorctl maps: " << table.usage << '\n';
  for (const std::string& note : table.notes) out << "# " << note << '\n';
  for (const auto& [key, value] : table.rows) out << key << '\t' << value << '\n';
}

Status maps(const Common& common, const std::string& name, bool file_only, const Terminal& terminal) {
  const auto policy = running_or_complain(common, file_only, terminal);
  if (!policy) return Status::wrong_input;
  Json whole = Json::object();
  bool is_first = true;
  for (const StaticTable& table : static_tables(*policy)) {
    if (!name.empty() && name != table.name) continue;
    if (common.json) {
      whole[std::string(table.name)] = to_json(table);
      continue;
    }
    if (!is_first) terminal.out << '\n';
    is_first = false;
    print(terminal.out, table);
  }
  if (common.json) print_json(whole, terminal.out);
  return Status::answered;
}

}  // namespace

void add_maps_command(const CommandLine& line) {
  const Subcommand command = line.command("maps", "Print the tables for a mail server that is not to ask connectord");
  const auto name = std::make_shared<std::string>();
  command.add_option("table", *name, "One of them; default: all")
      .one_of({"transport", "sender_transport", "tls_policy", "header_checks", "sasl", "mailertable"});
  const auto file_only = std::make_shared<bool>(false);
  add_file_only_option(command, *file_only);
  command.callback([line, name, file_only] {
    line.keep_lines();
    line.status = maps(line.common, *name, *file_only, line.terminal);
  });
}

}  // namespace connectord::ctl
