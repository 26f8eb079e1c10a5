#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "received.h"

namespace connectord::mail {

// Everything between "from" and "by" of a Received field.
struct FromClause {
  std::string name;                   // the words, joined by spaces
  std::vector<std::string> comments;  // without the outer parentheses
};

// Fills in helo, client_name, client_address and address_problem. `by` must be set.
void read_client(const FromClause& clause, Received& received);

}  // namespace connectord::mail
