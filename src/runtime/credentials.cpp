#include "connectord/runtime/credentials.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/config/named_files.h"
#include "connectord/config/secret_file.h"

namespace connectord::runtime {
namespace {

using Read = tl::expected<std::string, std::string>;

// One line, which may have its end. What stands there is repeated in no message.
Read parse(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  const auto colon = text.find(':');
  const bool has_both = colon != std::string::npos && colon > 0 && colon + 1 < text.size();
  if (!has_both || std::any_of(text.begin(), text.end(), base::is_control)) {
    return tl::unexpected(std::string("the file must be one line, user:password"));
  }
  return text;
}

// Each file once, however many connectors of this host or of the fleet name it.
class CredentialFiles {
 public:
  explicit CredentialFiles(const model::Configuration& configuration)
      : configuration_(configuration), reader_(config::reader_of_secrets(configuration.server.user)) {}

  const Read& read(const model::Route& route) {
    const bool as_user = config::is_read_as_user(configuration_, route.location);
    const auto [known, is_new] = known_.try_emplace({route.credentials, as_user});
    if (is_new) known->second = read_anew(route);
    return known->second;
  }

 private:
  Read read_anew(const model::Route& route) const {
    if (!reader_) return tl::unexpected(reader_.error());
    const std::string& path = route.credentials;
    return config::read_named_file(configuration_, route.location, path,
                                   [&] { return config::read_secret_file(path, *reader_).and_then(parse); });
  }

  const model::Configuration& configuration_;
  tl::expected<config::SecretReader, std::string> reader_;
  std::map<std::pair<std::string, bool>, Read> known_;
};

}  // namespace

Read read_credential_file(const model::Configuration& configuration, const model::OutboundConnector& connector) {
  return CredentialFiles(configuration).read(connector.route);
}

std::shared_ptr<const Credentials> read_credentials(const model::Configuration& configuration,
                                                    std::vector<model::Problem>& problems) {
  auto credentials = std::make_shared<Credentials>();
  std::optional<CredentialFiles> files;
  for (const model::OutboundConnector& connector : configuration.outbound) {
    const std::string& path = connector.route.credentials;
    if (!connector.enabled || path.empty()) continue;
    if (!files) files.emplace(configuration);
    if (const Read& read = files->read(connector.route)) {
      credentials->emplace(connector.name, *read);
    } else {
      problems.push_back({connector.route.location, "outbound.route.credentials", "\"" + path + "\": " + read.error(),
                          model::Problem::Severity::error});
    }
  }
  return credentials;
}

}  // namespace connectord::runtime
