#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "connectord/dns/dns_answers.h"

namespace connectord::reporting {

// Who gets the reports about one policy domain.
struct Recipients {
  struct To {
    std::string address;
    std::optional<std::uint64_t> max_bytes{};  // ReportUri::max_bytes

    friend bool operator==(const To&, const To&) = default;
  };
  // What is named and gets none.
  struct Left {
    std::string address;        // or the URI, where it is no address; empty: nobody is named, or nothing is known
    std::string why;            // in words
    bool is_temporary = false;  // DNS does not tell now

    friend bool operator==(const Left&, const Left&) = default;
  };

  std::vector<To> to;
  std::vector<Left> left;
  std::string problem;  // what is wrong with the record, for its owner
};

// More addresses than these are left.
inline constexpr std::size_t max_report_recipients = 10;

// Whom the record that is at the domain now names in rua, and who of them wants it: an address of another organization
// only with its record below _report._dmarc, which may name another address of the same host in its place (RFC 9990,
// 4). mailto: alone is served. `is_skipped` says of a normalized domain that nothing goes there. std::nullopt while
// answers are missing, which are then noted. Pure.
std::optional<Recipients> find_recipients(const std::string& policy_domain,
                                          const std::function<bool(const std::string&)>& is_skipped,
                                          dns::DnsAnswers& dns_answers);

}  // namespace connectord::reporting
