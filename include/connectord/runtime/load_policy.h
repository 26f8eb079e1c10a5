#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/config/load.h"
#include "connectord/dns/resolver.h"
#include "connectord/runtime/policy_store.h"

namespace connectord::runtime {

struct LoadedPolicy {
  std::shared_ptr<const engine::Policy> policy;  // nullptr if any problem is an error
  Secrets secrets;
  std::vector<model::Problem> problems;
  config::SourceTexts sources{};  // what was read
};

// Whether the files with secrets that a configuration names are read. Only root and the daemon's user can; who just
// looks at the configuration leaves them.
enum class SecretFiles : std::uint8_t { read, leave };

// Reads a configuration and makes it ready to decide by; reports every problem of every file at once.
LoadedPolicy load_policy(const std::string& path, const config::Environment& environment,
                         SecretFiles files = SecretFiles::read);

// Those that keep a configuration from being taken, in words.
std::vector<std::string> errors_in(const std::vector<model::Problem>& problems);

// The resolver that [dns] asks for. On failure says what is wrong with the settings or the system.
tl::expected<std::shared_ptr<dns::Resolver>, std::string> make_resolver(const model::Dns& settings);
// A generation's own, which has a cache, or one made for the moment where its policy needs none for mail.
tl::expected<std::shared_ptr<dns::Resolver>, std::string> resolver_of(const Generation& generation);

// The environment of this process.
config::Environment environment_of_host();

}  // namespace connectord::runtime
