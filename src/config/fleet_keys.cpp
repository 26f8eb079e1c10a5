#include "connectord/config/fleet_keys.h"

#include <array>

namespace connectord::config {
namespace {

constexpr std::string_view a_path = "a path, and each host has its own files";
constexpr std::string_view of_mail = "all hosts judge the same mail";

constexpr std::array<KeyOwner, 17> owners = {{
    {"server", Whose::host, "where it listens, as whom, and under which name it reports"},
    {"organization", Whose::fleet, of_mail},
    {"organization.accepted_domains_file", Whose::host, a_path},
    {"dns", Whose::host, "each asks the resolver beside it"},
    {"authentication", Whose::fleet, of_mail},
    {"signing", Whose::fleet, "`key_file` is where each host has the key"},
    {"sealing", Whose::fleet, "`key_file` is where each host has the key"},
    {"tag", Whose::fleet, "hosts pass mail on to each other"},
    {"inbound", Whose::fleet, of_mail},
    {"outbound", Whose::fleet, "files with passwords are named here and lie on each host"},
    {"rule", Whose::fleet, "files with addresses are named here and lie on each host"},
    {"trace", Whose::host, "what is kept on its disk"},
    {"validation", Whose::host, "one of the hosts is enough"},
    {"delivery", Whose::fleet, "mail is protected alike whichever host it leaves"},
    {"delivery.state", Whose::host, a_path},
    {"reports", Whose::host, "one of the hosts is enough"},
    {"log", Whose::host, "where its log goes"},
}};

constexpr KeyOwner others{"fleet", Whose::host, "how the host reaches the fleet"};

}  // namespace

std::span<const KeyOwner> key_owners() {
  return owners;
}

const KeyOwner& owner_of(std::string_view key) {
  const std::string_view table = key.substr(0, key.find('.'));
  const KeyOwner* best = &others;
  for (const KeyOwner& one : owners) {
    if (one.key == key) return one;
    if (one.key == table) best = &one;
  }
  return *best;
}

std::string key_owners_markdown() {
  std::string text = "| | whose | |\n| --- | --- | --- |\n";
  const auto row = [&text](const KeyOwner& one) {
    const bool is_table = one.key.find('.') == std::string_view::npos;
    text.append("| `").append(is_table ? "[" : "").append(one.key).append(is_table ? "]" : "").append("` | ");
    text.append(one.whose == Whose::fleet ? "**the fleet's**" : "the host's").append(" | ").append(one.why);
    text.append(" |\n");
  };
  for (const KeyOwner& one : owners) row(one);
  row(others);
  return text;
}

}  // namespace connectord::config
