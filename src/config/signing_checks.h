#pragma once

#include <string>

#include "problems.h"
#include "reader.h"

// What must fit together in what is signed.
namespace connectord::config {

// A field that connectord deletes and writes; `tag` is tag.header.
bool is_own_field(const std::string& name, const std::string& tag);

// Within one [[signing]]: a domain that could be anybody's, and fields without which a signature is void.
void check_signing_table(Reader& reader, const toml::table& table, const model::Signing& signing);

// Within [sealing]: a domain that could be several.
void check_sealing_table(Reader& reader, const toml::table& table, const model::Sealing& sealing);

// Between them, and with the rest: two keys at one place in DNS, fields that connectord itself changes, no milter.
void check_signing(const model::Configuration& configuration, Problems& problems);

}  // namespace connectord::config
