#include "connectord/config/load.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "address_file.h"
#include "connectord/base/digest.h"
#include "connectord/config/fleet_copy.h"
#include "connectord/config/named_files.h"
#include "cross_checks.h"
#include "document.h"
#include "domains_file.h"
#include "include.h"
#include "quote.h"
#include "source_file.h"

namespace connectord::config {
namespace {

constexpr const char* include_key = "server.include";
constexpr const char* domains_file_key = "organization.accepted_domains_file";
constexpr const char* fleet_key = "fleet";
constexpr SourceKind fleet_copy{
    .largest = std::size_t{64} << 20,
    .words = "TOML",
    .too_large = "remove connectors that nobody needs",
    .directory = "remove it, and restart connectord",
    .may_be_link = false,
};
constexpr std::string_view simplest =
    "write at least [server] with milter = \"unix:/run/connectord/milter.sock\", and an [[inbound]] for each source of "
    "mail";

using FileName = std::shared_ptr<const std::string>;
using FileIdentity = std::pair<std::uint64_t, std::uint64_t>;

bool says_nothing(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// The way from one main file to a configuration.
class Loading {
 public:
  explicit Loading(const Environment& environment) : environment_(environment), change_(environment.change) {
    loaded_.configuration.server.authserv_id = environment.host_name;
    loaded_.configuration.server.host_name = environment.host_name;
  }

  void read_main_file(const std::string& path) {
    const FileName name = remember(path);
    loaded_.configuration.sources.main = path;
    auto file = read_file(path);
    if (!file) return problems_.error({name, 0, 0}, {}, std::move(file.error()));
    read_.insert({file->device, file->inode});
    main_ = {file->device, file->inode};
    read_main_text(keep(path, std::move(file->text)), name);
  }

  void read_main_text(std::string_view text, const FileName& name) {
    if (says_nothing(text)) return problems_.error({name, 1, 1}, {}, "the file is empty; " + std::string(simplest));
    include_places_ = read_text(text, name, DocumentKind::main);
  }

  FileName remember(std::string_view file_name) {
    return files_.emplace_back(std::make_shared<const std::string>(file_name));
  }

  Loaded finish() {
    const FileName main_file = files_.front();
    const std::vector<std::string>& patterns = loaded_.configuration.server.include;
    for (std::size_t i = 0; i < include_places_.size(); ++i) include(patterns[i], include_places_[i]);
    read_fleet();
    read_accepted_domains();
    for (model::Rule& rule : loaded_.configuration.rules) read_people(rule);
    check_across(loaded_.configuration, main_file, problems_);
    loaded_.problems = problems_.take(files_);
    note_sources();
    return std::move(loaded_);
  }

 private:
  // The digest is not of names, which who compares may write in another way.
  void note_sources() {
    std::string digests;
    for (const SourceText& source : loaded_.sources) {
      loaded_.configuration.sources.files.push_back(source.path);
      digests += base::sha256_hex(source.text);
    }
    loaded_.configuration.sources.sha256 = base::sha256_hex(digests);
  }

  tl::expected<SourceFile, std::string> read_file(const std::string& path, const SourceKind& kind = toml_file) const {
    if (environment_.files) return given_file(path);
    auto file = SourceFile::read(path, kind);
    if (!change_ || change_->path != path) return file;
    if (!change_->text) return tl::unexpected(std::string("the file is about to be removed"));
    constexpr std::uint64_t none = ~std::uint64_t{0};
    // With what distinguishes it from others where it exists already.
    if (!file) return SourceFile{*change_->text, none, none, 0, 0, 0};
    file->text = *change_->text;
    return file;
  }

  // A file that stands at this place.
  tl::expected<SourceFile, std::string> read_named(const model::Location& place, const std::string& path,
                                                   const SourceKind& kind) const {
    if (environment_.files) return given_file(path);
    return read_named_file(loaded_.configuration, place, path, [&] { return read_file(path, kind); });
  }

  tl::expected<SourceFile, std::string> given_file(const std::string& path) const {
    const SourceTexts& files = *environment_.files;
    const auto file = std::find_if(files.begin(), files.end(), [&](const SourceText& one) { return one.path == path; });
    if (file == files.end()) return tl::unexpected(std::string("the file was not read"));
    return SourceFile{file->text, 0, static_cast<std::uint64_t>(file - files.begin()), 0, 0, 0};
  }

  // The text, until the next one is kept.
  const std::string& keep(const std::string& path, std::string text) {
    return loaded_.sources.emplace_back(SourceText{path, std::move(text)}).text;
  }

  // What is wrong with an entry of server.include is reported where it stands.
  void include(const std::string& pattern, const model::Location& place) {
    const auto files = expand_include(pattern, *place.file, environment_);
    if (!files) return problems_.error(place, include_key, files.error());
    for (const std::string& path : *files) include_file(path, place);
  }

  void include_file(const std::string& path, const model::Location& place) {
    const FileName name = std::make_shared<const std::string>(path);
    auto file = read_named({name, 0, 0}, path, toml_file);
    if (!file) return problems_.error(place, include_key, in_quotes(path) + ": " + file.error());
    const FileIdentity identity{file->device, file->inode};
    if (identity == main_) {
      return problems_.error(place, include_key,
                             in_quotes(path) +
                                 " is this file itself; write only the names of others, such as "
                                 "\"connectors.d/*.toml\"");
    }
    if (!read_.insert(identity).second) {
      return problems_.warning(place, include_key, in_quotes(path) + " is included already; it is read once");
    }
    read_text(keep(path, std::move(file->text)), remember(path), DocumentKind::included);
  }

  // What the hosts have in common, as this host has it.
  void read_fleet() {
    const auto& fleet = loaded_.configuration.fleet;
    if (!fleet || fleet->state.empty()) return;
    const NamedFileRights rights = NamedFileRights::for_the_copy(loaded_.configuration);
    const auto generation = fleet_generation(fleet->state);
    if (!generation) return problems_.error(fleet->location, fleet_key, generation.error());
    if (!*generation) {
      if (problems_.errors() > 0) return;  // first things first
      return problems_.error(fleet->location, fleet_key,
                             "this host has nothing yet of what the fleet has in common; run: connectorctl fleet join, "
                             "or start connectord while the database can be reached");
    }
    const std::string path = fleet_copy_path(fleet->state, **generation);
    std::string obstacle = environment_.files ? std::string() : rights.obstacle(path);
    auto file = obstacle.empty() ? read_file(path, fleet_copy) : tl::unexpected(std::move(obstacle));
    if (!file) return problems_.error(fleet->location, fleet_key, in_quotes(path) + ": " + file.error());
    const std::string& text = keep(path, std::move(file->text));
    read_text(text, remember(path), DocumentKind::fleet);
  }

  // The one that is tried out or given counts before that on the disk.
  tl::expected<std::optional<std::int64_t>, std::string> fleet_generation(const std::string& state) const {
    if (environment_.files) {
      for (const SourceText& file : *environment_.files) {
        if (const auto number = generation_of_copy(state, file.path)) return number;
      }
      return std::nullopt;
    }
    if (change_ && change_->text) {
      if (const auto number = generation_of_copy(state, change_->path)) return number;
    }
    return current_fleet_copy(state);
  }

  void read_accepted_domains() {
    model::Organization& organization = loaded_.configuration.organization;
    const std::string& path = organization.accepted_domains_file;
    if (path.empty()) return;
    auto file = read_named(organization.location, path, domains_file);
    if (!file) return problems_.error(organization.location, domains_file_key, in_quotes(path) + ": " + file.error());
    const std::string& text = keep(path, std::move(file->text));
    const FileName name = remember(path);
    if (auto why = why_not_text(text, domains_file); !why.empty()) {
      return problems_.error({name, 0, 0}, domains_file_key, std::move(why));
    }
    read_domains(text, name, organization.accepted_domains, problems_);
  }

  void read_people(model::Rule& rule) {
    for (auto [conditions, table] : {std::pair(&rule.when, "rule.when."), std::pair(&rule.unless, "rule.unless.")}) {
      if (!*conditions) continue;
      model::RuleConditions& keys = **conditions;
      keys.senders = read_address_file(keys.senders_file, keys.location, std::string(table) + "senders_file");
      keys.recipients = read_address_file(keys.recipients_file, keys.location, std::string(table) + "recipients_file");
    }
  }

  // Each file once, however many rules of this host or of the fleet name it.
  std::shared_ptr<const model::AddressList> read_address_file(const std::string& path, const model::Location& place,
                                                              const std::string& key) {
    if (path.empty()) return nullptr;
    const std::pair name_and_rights(path, is_read_as_user(loaded_.configuration, place));
    if (const auto known = address_files_.find(name_and_rights); known != address_files_.end()) return known->second;
    auto& list = address_files_[name_and_rights];
    auto file = read_named(place, path, addresses_file);
    if (!file) {
      problems_.error(place, key, in_quotes(path) + ": " + file.error());
      return list;
    }
    const std::string& text = keep(path, std::move(file->text));
    const FileName name = remember(path);
    if (auto why = why_not_text(text, addresses_file); !why.empty()) {
      problems_.error({name, 0, 0}, key, std::move(why));
      return list;
    }
    list = std::make_shared<const model::AddressList>(read_addresses(text, name, key, problems_));
    return list;
  }

  std::vector<model::Location> read_text(std::string_view text, const FileName& name, DocumentKind kind) {
    if (auto why = why_not_text(text); !why.empty()) {
      problems_.error({name, 0, 0}, {}, std::move(why));
      return {};
    }
    return read_document(text, name, kind, key_places_, loaded_.configuration, problems_);
  }

  const Environment& environment_;
  const std::optional<FileChange>& change_;
  Loaded loaded_;
  Problems problems_;
  std::vector<FileName> files_;  // in the order in which they were read
  // By name, and whether it is read as connectord's user: with other rights it may not be there.
  std::map<std::pair<std::string, bool>, std::shared_ptr<const model::AddressList>> address_files_;
  KeyPlaces key_places_;  // of the main file
  std::set<FileIdentity> read_;
  FileIdentity main_;
  std::vector<model::Location> include_places_;
};

}  // namespace

bool Loaded::ok() const {
  return std::none_of(problems.begin(), problems.end(), [](const model::Problem& problem) {
    return problem.severity == model::Problem::Severity::error;
  });
}

Loaded load(const std::string& path, const Environment& environment) {
  Loading loading(environment);
  loading.read_main_file(path);
  return loading.finish();
}

Loaded parse(std::string_view text, std::string_view file_name, const Environment& environment) {
  Loading loading(environment);
  loading.read_main_text(text, loading.remember(file_name));
  return loading.finish();
}

}  // namespace connectord::config
