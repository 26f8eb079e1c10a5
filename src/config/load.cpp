#include "connectord/config/load.h"

#include <algorithm>
#include <set>
#include <utility>

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
  explicit Loading(const Environment& environment) : change_(environment.change) {
    loaded_.configuration.server.authserv_id = environment.host_name;
    loaded_.configuration.server.host_name = environment.host_name;
  }

  void read_main_file(const std::string& path) {
    const FileName name = remember(path);
    auto file = read_file(path);
    if (!file) return problems_.error({name, 0, 0}, {}, std::move(file.error()));
    read_.insert({file->device, file->inode});
    main_ = {file->device, file->inode};
    read_main_text(file->text, name);
  }

  void read_main_text(std::string_view text, const FileName& name) {
    if (says_nothing(text)) return problems_.error({name, 1, 1}, {}, "the file is empty; " + std::string(simplest));
    include_places_ = read_text(text, name, false);
  }

  FileName remember(std::string_view file_name) {
    return files_.emplace_back(std::make_shared<const std::string>(file_name));
  }

  Loaded finish() {
    const FileName main_file = files_.front();
    const std::vector<std::string>& patterns = loaded_.configuration.server.include;
    for (std::size_t i = 0; i < include_places_.size(); ++i) include(patterns[i], include_places_[i]);
    read_accepted_domains();
    check_across(loaded_.configuration, main_file, problems_);
    loaded_.problems = problems_.take(files_);
    return std::move(loaded_);
  }

 private:
  tl::expected<SourceFile, std::string> read_file(const std::string& path, const SourceKind& kind = toml_file) const {
    auto file = SourceFile::read(path, kind);
    if (!change_ || change_->path != path) return file;
    if (!change_->text) return tl::unexpected(std::string("the file is about to be removed"));
    constexpr std::uint64_t none = ~std::uint64_t{0};
    // With what tells it from others where it exists already.
    if (!file) return SourceFile{*change_->text, none, none, 0, 0, 0};
    file->text = *change_->text;
    return file;
  }

  // What is wrong with an entry of server.include is told where it stands.
  void include(const std::string& pattern, const model::Location& place) {
    const auto files = expand_include(pattern, *place.file, change_);
    if (!files) return problems_.error(place, include_key, files.error());
    for (const std::string& path : *files) include_file(path, place);
  }

  void include_file(const std::string& path, const model::Location& place) {
    auto file = read_file(path);
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
    read_text(file->text, remember(path), true);
  }

  void read_accepted_domains() {
    model::Organization& organization = loaded_.configuration.organization;
    const std::string& path = organization.accepted_domains_file;
    if (path.empty()) return;
    const auto file = read_file(path, domains_file);
    if (!file) return problems_.error(organization.location, domains_file_key, in_quotes(path) + ": " + file.error());
    const FileName name = remember(path);
    if (auto why = why_not_text(file->text, domains_file); !why.empty()) {
      return problems_.error({name, 0, 0}, domains_file_key, std::move(why));
    }
    read_domains(file->text, name, organization.accepted_domains, problems_);
  }

  std::vector<model::Location> read_text(std::string_view text, const FileName& name, bool included) {
    if (auto why = why_not_text(text); !why.empty()) {
      problems_.error({name, 0, 0}, {}, std::move(why));
      return {};
    }
    return read_document(text, name, included, loaded_.configuration, problems_);
  }

  const std::optional<FileChange>& change_;
  Loaded loaded_;
  Problems problems_;
  std::vector<FileName> files_;  // in the order in which they were read
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
