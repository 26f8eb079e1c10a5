#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/config/imported.h"

// What Get-InboundConnector, Get-OutboundConnector and Get-TransportRule of Exchange say, as connectors and rules of
// ours; and what of Get-OrganizationConfig and Get-AcceptedDomain belongs into [organization], which no included file
// has. Pure; the text is a stranger's.
namespace connectord::exchange {

using config::Fate;
using config::ImportedConnector;
using config::ImportedProperty;

// What [organization] says already.
struct Organization {
  std::vector<std::string> accepted_domains;  // for connectors that are for all of them
  bool reject_direct_send = false;
};

// Of one object or a list of them, in UTF-8 or, as PowerShell writes files, UTF-16. A property that cannot be taken
// stops nothing but itself: it is to be done by hand, and its connector or rule is disabled until then, unless the
// property only informs people. Names are unique in each table. A rule does something only where Exchange's Mode is
// Enforce. On failure says what is wrong with the file.
tl::expected<std::vector<ImportedConnector>, std::string> read_exchange(std::string_view text,
                                                                        const Organization& organization);

}  // namespace connectord::exchange
