#include "connectord/runtime/signing_keys.h"

#include <algorithm>
#include <utility>

#include "connectord/config/secret_file.h"

namespace connectord::runtime {
namespace {

tl::expected<auth::DkimPrivateKey, std::string> read_key(const std::string& path, const config::SecretReader& reader) {
  return config::read_secret_file(path, reader).and_then(&auth::DkimPrivateKey::parse);
}

}  // namespace

std::shared_ptr<const SigningKeys> load_signing_keys(const model::Configuration& configuration,
                                                     std::vector<model::Problem>& problems) {
  if (configuration.signing.empty()) return nullptr;
  const auto reader = config::reader_of_secrets(configuration.server.user);
  if (!reader) {
    problems.push_back({configuration.signing.front().location, "server.user", reader.error()});
    return nullptr;
  }
  auto keys = std::make_shared<SigningKeys>();
  for (const model::Signing& signing : configuration.signing) {
    auto key = read_key(signing.key_file, *reader);
    if (key) {
      keys->push_back({signing.domain.name(), signing.selector, signing.headers, std::move(*key)});
    } else {
      problems.push_back({signing.location, "signing.key_file", "\"" + signing.key_file + "\": " + key.error()});
    }
  }
  if (keys->size() < configuration.signing.size()) return nullptr;
  return keys;
}

}  // namespace connectord::runtime
