#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/net/domain_name.h"
#include "problems.h"
#include "source_file.h"

namespace connectord::config {

// What organization.accepted_domains_file may be.
inline constexpr SourceKind domains_file{
    .largest = std::size_t{16} << 20,
    .words = "a list of domains",
    .too_large = "write *.example.net in place of all names below example.net",
    .directory = "write the name of a file with one domain a line",
};

// Adds the domains of such a file, one a line and comments behind "#", to `domains`. A file that names none is an
// error: a list that was cut off would otherwise give all our domains away.
void read_domains(std::string_view text, const std::shared_ptr<const std::string>& file,
                  std::vector<net::DomainPattern>& domains, Problems& problems);

}  // namespace connectord::config
