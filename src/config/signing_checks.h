#pragma once

#include "problems.h"
#include "reader.h"

// What must fit together in what is signed.
namespace connectord::config {

// Within one [[signing]]: a domain that could be anybody's, and fields without which a signature is void.
void check_signing_table(Reader& reader, const toml::table& table, const model::Signing& signing);

// Between them, and with the rest: two keys at one place in DNS, fields that connectord itself changes, no milter.
void check_signing(const model::Configuration& configuration, Problems& problems);

}  // namespace connectord::config
