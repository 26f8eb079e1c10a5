#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace connectord::trace {

// Whom a From field names, in the forms in which addresses and domains are compared (terms.h).
struct AuthorNames {
  std::vector<std::string> addresses;
  std::vector<std::string> domains;  // all that some program may read
};

// `from` is the value of the field. Nobody where it cannot be read.
AuthorNames author_names(std::string_view from);

}  // namespace connectord::trace
