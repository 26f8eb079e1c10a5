#pragma once

#include <memory>
#include <vector>

#include "connectord/auth/dkim_signer.h"
#include "connectord/model/configuration.h"

namespace connectord::runtime {

// The private keys of one configuration, one for each entry of its signing. Immutable, so threads share it freely.
using SigningKeys = std::vector<auth::DkimSigningIdentity>;

// Reads the key files. Reports every file that is not safe or holds no key that can sign; the keys are nullptr then,
// and also where nothing is signed. Nothing of a key stands in a problem.
std::shared_ptr<const SigningKeys> load_signing_keys(const model::Configuration& configuration,
                                                     std::vector<model::Problem>& problems);

// Reads the key of [sealing] in the same way; nullptr also where nothing is sealed. It must be RSA.
std::shared_ptr<const auth::DkimSigningIdentity> load_sealing_key(const model::Configuration& configuration,
                                                                  std::vector<model::Problem>& problems);

}  // namespace connectord::runtime
