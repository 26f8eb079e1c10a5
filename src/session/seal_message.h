#pragma once

#include <vector>

#include "connectord/auth/dkim_signer.h"
#include "connectord/mail/header_field.h"
#include "connectord/mime/bytes.h"
#include "connectord/model/configuration.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::session {

// A message that rules have changed, as it leaves.
struct Leaving {
  const model::Configuration& configuration;
  const model::Facts& facts;
  const model::Decision& decision;
  const auth::DkimSigningIdentity* identity = nullptr;  // of [sealing]; nullptr: for who only looks
  const std::vector<mail::HeaderField>& header;
  const mime::Bytes* body = nullptr;
};

struct Sealed {
  std::vector<model::HeaderChange> header_changes;  // none where it cannot be sealed
  model::Finding finding;
};

// Adds a set to the message's ARC chain (RFC 8617, 5.1), with what was seen before rules changed it.
Sealed seal_message(const Leaving& message);

}  // namespace connectord::session
