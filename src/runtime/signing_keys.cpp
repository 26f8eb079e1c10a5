#include "connectord/runtime/signing_keys.h"

#include <algorithm>
#include <utility>

#include "connectord/config/named_files.h"
#include "connectord/config/secret_file.h"

namespace connectord::runtime {
namespace {

tl::expected<auth::DkimPrivateKey, std::string> read_key(const model::Configuration& configuration,
                                                         const model::Location& place, const std::string& path,
                                                         const config::SecretReader& reader) {
  return config::read_named_file(configuration, place, path, [&] { return config::read_secret_file(path, reader); })
      .and_then(&auth::DkimPrivateKey::parse);
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
    auto key = read_key(configuration, signing.location, signing.key_file, *reader);
    if (key) {
      keys->push_back({signing.domain.name(), signing.selector, signing.headers, std::move(*key)});
    } else {
      problems.push_back({signing.location, "signing.key_file", "\"" + signing.key_file + "\": " + key.error()});
    }
  }
  if (keys->size() < configuration.signing.size()) return nullptr;
  return keys;
}

std::shared_ptr<const auth::DkimSigningIdentity> load_sealing_key(const model::Configuration& configuration,
                                                                  std::vector<model::Problem>& problems) {
  if (!configuration.sealing) return nullptr;
  const model::Sealing& sealing = *configuration.sealing;
  const auto refuse = [&](const std::string& why) {
    problems.push_back({sealing.location, "sealing.key_file", "\"" + sealing.key_file + "\": " + why});
    return nullptr;
  };
  const auto reader = config::reader_of_secrets(configuration.server.user);
  if (!reader) return refuse(reader.error());
  auto key = read_key(configuration, sealing.location, sealing.key_file, *reader);
  if (!key) return refuse(key.error());
  if (key->algorithm() != auth::DkimAlgorithm::rsa_sha256) {
    return refuse("ARC knows RSA keys only (RFC 8617, 4.1.3); make one with: connectorctl dkim new " +
                  sealing.domain.name());
  }
  return std::make_shared<const auth::DkimSigningIdentity>(
      auth::DkimSigningIdentity{sealing.domain.name(), sealing.selector, {}, std::move(*key)});
}

}  // namespace connectord::runtime
