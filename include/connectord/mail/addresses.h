#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace connectord::mail {

// More addresses of one field are not looked for.
constexpr std::size_t max_addresses = 10'000;

// The addresses in a field such as From, To or Cc (RFC 5322, 3.4), as they stand there: in angle brackets or bare, each
// as often as it is there, groups' members too. Display names, comments and what has no "@" are none. Takes time in
// proportion to the text. Thread-safe.
std::vector<std::string> addresses_in(std::string_view raw);

}  // namespace connectord::mail
