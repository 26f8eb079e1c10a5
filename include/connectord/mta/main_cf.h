#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace connectord::mta {

// A parameter and its new value; empty: main.cf shall not say it.
using Assignment = std::pair<std::string, std::optional<std::string>>;

// What main.cf would be after these assignments: postconf(1) changes a copy.
tl::expected<std::string, std::string> edited_main_cf(const std::string& content,
                                                      const std::vector<Assignment>& assignments);

// The difference of two versions of a file, as diff -u shows it; empty where there is none.
std::string unified_diff(const std::string& file, const std::string& before, const std::string& after);

}  // namespace connectord::mta
