#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/engine/policy.h"

// What the socketmap answers, as tables in files, for mail servers that are not to ask. They say no more than a table
// can, and no longer than until the configuration changes.
namespace connectord::ctl {

struct StaticTable {
  std::string_view name;   // as an argument of `connectorctl maps`
  std::string_view usage;  // what to write into the mail server's configuration
  std::vector<std::pair<std::string, std::string>> rows{};
  std::vector<std::string> notes{};  // what the table cannot say
};

// In the order of the documentation: transport, tls_policy, header_checks, sasl, mailertable. No table has a password.
std::vector<StaticTable> static_tables(const engine::Policy& policy);

}  // namespace connectord::ctl
