#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "connectord/model/rule.h"
#include "problems.h"
#include "source_file.h"

namespace connectord::config {

// What senders_file and recipients_file may be.
inline constexpr SourceKind addresses_file{
    .largest = std::size_t{64} << 20,
    .words = "a list of addresses",
    .too_large = "divide the rule's people among several rules",
    .directory = "write the name of a file with one address or domain a line",
};

// The addresses and domains of such a file, one a line and comments behind "#". `key` is where the file is named. A
// file that names none is an error, since a list that was cut off would otherwise let everybody through.
model::AddressList read_addresses(std::string_view text, const std::shared_ptr<const std::string>& file,
                                  const std::string& key, Problems& problems);

}  // namespace connectord::config
