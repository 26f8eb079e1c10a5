// import exchange, import postfix: what other systems say, as connectors and rules of ours.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <sstream>
#include <system_error>
#include <utility>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/base/files.h"
#include "connectord/config/connector_files.h"
#include "connectord/config/secret_file.h"
#include "connectord/exchange/exchange.h"
#include "connectord/mta/files.h"
#include "connectord/mta/mail_servers.h"
#include "connectord/mta/postfix_import.h"
#include "expected.h"
#include "import_report.h"
#include "json_output.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

// What another system has.
struct Found {
  std::vector<config::ImportedConnector> connectors;
  std::map<std::string, std::string> passwords{};  // by the file that shall hold it
};

// One kind of import.
struct Import {
  std::string heading;   // of the TOML
  std::string name_key;  // of the other system's name, in JSON
  std::string output;    // a file; empty: print it
  std::function<Expected<Found>(const model::Configuration&)> read;
};

Expected<std::string> read_whole(const std::string& path) {
  return base::read_file(path).map_error([&path](const std::error_code&) { return "cannot read " + path; });
}

// For the group of the user that connectord becomes, which must read it.
Expected<void> write_new_file(const std::string& path, const std::string& text, const std::string& server_user) {
  base::FileRights rights{.mode = 0640};
  const auto reader = config::reader_of_secrets(server_user);
  if (::geteuid() == 0 && reader) {
    rights.owner = 0;
    rights.group = reader->gid;
  }
  return base::create_file(path, text, rights).map_error([&path](const std::error_code& error) {
    return path + ": " + std::generic_category().message(error.value());
  });
}

// What stands in a file that nothing reads would be missed only when its mail comes.
void warn_where_not_included(const Common& common, const std::string& file, const model::Configuration& configuration,
                             const Terminal& terminal) {
  if (file.empty() || config::is_included(configuration.server.include, common.configuration, file)) return;
  terminal.error << "connectorctl: connectord does not read " << file << " yet: name it in include of [server] of "
                 << common.configuration << ", as \"connectors.d/*.toml\" does for all files of that folder\n";
}

// Files with passwords that are new. They go with it unless they are kept.
class NewSecrets {
 public:
  explicit NewSecrets(const std::string& server_user) : reader_(config::reader_of_secrets(server_user)) {}
  ~NewSecrets() {
    std::error_code ignored;
    for (const std::string& file : made_) std::filesystem::remove(file, ignored);
  }
  NewSecrets(const NewSecrets&) = delete;
  NewSecrets& operator=(const NewSecrets&) = delete;

  Expected<void> write(const std::map<std::string, std::string>& passwords) {
    if (!passwords.empty() && !reader_) return tl::unexpected(reader_.error());
    for (const auto& [file, password] : passwords) {
      const std::string content = password + "\n";
      if (base::read_file(file) == content) continue;
      std::error_code ignored;  // what could not be made is reported with the file
      std::filesystem::create_directories(std::filesystem::path(file).parent_path(), ignored);
      if (auto made = config::write_secret_file(file, content, *reader_); !made) {
        return tl::unexpected(file + ": " + made.error());
      }
      made_.push_back(file);
    }
    return {};
  }
  void keep() { made_.clear(); }

 private:
  tl::expected<config::SecretReader, std::string> reader_;
  std::vector<std::string> made_;
};

Expected<void> write_files(const Import& import, const std::map<std::string, std::string>& passwords,
                           const std::string& toml, const std::string& server_user) {
  if (import.output.empty()) return {};
  NewSecrets secrets(server_user);
  auto written = secrets.write(passwords).and_then([&] { return write_new_file(import.output, toml, server_user); });
  if (written) secrets.keep();
  return written;
}

void print_lists(const Import& import, const std::vector<Translated>& connectors, std::ostream& out) {
  Json lists{{"connectors", Json::array()}, {"rules", Json::array()}, {"others", Json::array()}};
  for (const Translated& each : connectors) {
    if (each.imported.table == "rule") {
      lists["rules"].push_back(to_json(each, import.name_key));
    } else if (each.imported.connector.is_null() && each.imported.obstacle.empty()) {
      lists["others"].push_back(to_json(each, import.name_key));
    } else {
      lists["connectors"].push_back(to_json(each, import.name_key));
    }
  }
  print_json(lists, out);
}

Status run_import(const Common& common, const Import& import, const Terminal& terminal) {
  const auto policy = load_or_complain(common, terminal);
  if (!policy) return Status::wrong_input;
  const model::Configuration& configuration = policy->configuration();
  auto found = import.read(configuration);
  auto connectors = !found ? Expected<std::vector<Translated>>(tl::unexpected(found.error()))
                           : translate_all(std::move(found->connectors), configuration);
  std::ostringstream toml;
  if (connectors) write_toml(toml, import.heading, *connectors);
  const Expected<void> written = !connectors
                                     ? tl::unexpected(connectors.error())
                                     : write_files(import, found->passwords, toml.str(), configuration.server.user);
  if (!written) {
    terminal.error << "connectorctl: " << written.error() << "\nnothing was written\n";
    return Status::wrong_input;
  }
  if (common.json) {
    print_lists(import, *connectors, terminal.out);
  } else if (import.output.empty()) {
    terminal.out << toml.str();
  }
  terminal.error << "connectorctl: " << summary_of(*connectors) << '\n';
  if (import.output.empty() && !found->passwords.empty()) {
    terminal.error << "connectorctl: files with passwords are written with --output only\n";
  }
  warn_where_not_included(common, import.output, configuration, terminal);
  if (count_unwritten(*connectors) == 0) return Status::answered;
  terminal.error << "not written, but as a comment:" << obstacles_of(*connectors) << '\n';
  return Status::not_passed;
}

struct ImportArguments {
  std::string file;
  std::string output;
  std::string folder = mta::usual_places().folder;
  std::string secrets = "/etc/connectord/secrets";
};

Expected<Found> read_export(const std::string& path, const model::Configuration& configuration) {
  const auto text = read_whole(path);
  if (!text) return tl::unexpected(text.error());
  auto imported = exchange::read_exchange(*text, {.accepted_domains = accepted_domains(configuration),
                                                  .reject_direct_send = configuration.organization.reject_direct_send});
  if (!imported) return tl::unexpected(path + " " + imported.error());
  return Found{std::move(*imported)};
}

constexpr std::size_t max_connectors = 10'000;  // as of an export of Exchange's

Expected<Found> read_main_cf(const ImportArguments& arguments, const model::Configuration& configuration) {
  const auto setup = mta::read_postfix(arguments.folder);
  if (!setup) return tl::unexpected(setup.error());
  auto imported =
      mta::import_postfix(*setup, [](const std::string& path) { return mta::read_file(path); },
                          {.accepted_domains = accepted_domains(configuration), .secrets = arguments.secrets});
  const bool has_any = std::any_of(imported.connectors.begin(), imported.connectors.end(),
                                   [](const config::ImportedConnector& one) { return !one.table.empty(); });
  if (imported.connectors.size() > max_connectors) {
    return tl::unexpected("it would be " + std::to_string(imported.connectors.size()) + " connectors, and at most " +
                          std::to_string(max_connectors) + " are made");
  }
  if (!has_any) return tl::unexpected(setup->folder + "/main.cf and its tables have nothing that would be a connector");
  return Found{std::move(imported.connectors), std::move(imported.passwords)};
}

void add_output(const Subcommand& command, ImportArguments& arguments) {
  command.add_option("--output", arguments.output, "Write the TOML to this file, which must not be there yet");
}

void add_import_exchange(const CommandLine& line) {
  const Subcommand command =
      line.command("exchange",
                   "Print what Get-InboundConnector, Get-OutboundConnector, Get-TransportRule, Get-AcceptedDomain or "
                   "Get-OrganizationConfig | ConvertTo-Json says as TOML");
  const auto arguments = std::make_shared<ImportArguments>();
  command.add_option("file", arguments->file, "The JSON file").required();
  add_output(command, *arguments);
  command.callback([line, arguments] {
    line.keep_lines();
    const Import import{
        "# Imported from Exchange. What became of each property stands above each connector or rule; \"by "
        "hand\" has\n# no equal here, and is not done.\n",
        "exchange_name", arguments->output,
        [arguments](const model::Configuration& configuration) { return read_export(arguments->file, configuration); }};
    line.status = run_import(line.common, import, line.terminal);
  });
}

void add_import_postfix(const CommandLine& line) {
  const Subcommand command =
      line.command("postfix",
                   "Print what Postfix's transport_maps, relayhost, TLS policies, passwords and tables of "
                   "clients say as TOML");
  const auto arguments = std::make_shared<ImportArguments>();
  command.add_option("--postfix-config", arguments->folder, "The folder of Postfix's main.cf").capture_default_str();
  command
      .add_option("--secrets", arguments->secrets,
                  "The folder for files with passwords, which are written with --output only")
      .capture_default_str();
  add_output(command, *arguments);
  command.callback([line, arguments] {
    line.keep_lines();
    const Import import{
        "# Imported from Postfix, which was not changed. What became of each entry stands above each "
        "connector; \"by\n# hand\" has no equal here, and is not done.\n",
        "postfix_name", arguments->output,
        [arguments](const model::Configuration& configuration) { return read_main_cf(*arguments, configuration); }};
    line.status = run_import(line.common, import, line.terminal);
  });
}

}  // namespace

void add_import_commands(const CommandLine& line) {
  const CommandLine group = line.group("import", "Connectors and rules of other systems");
  add_import_exchange(group);
  add_import_postfix(group);
}

}  // namespace connectord::ctl
