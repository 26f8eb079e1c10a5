#pragma once

#include <cstdint>
#include <string>

#include "connectord/trace/search.h"

// Rows of a fleet's trace have one number for a host and the number of the row there, which JSON has exactly.
namespace connectord::trace {

inline constexpr unsigned bits_of_row = 40;

constexpr std::int64_t joint_row(std::int64_t host, std::int64_t row) {
  return host << bits_of_row | row;
}
constexpr std::int64_t row_of_host(std::int64_t joint) {
  return joint & ((std::int64_t{1} << bits_of_row) - 1);
}

// "4711", or "mx1-4711" in a fleet. Archive::row_named() reads it.
std::string row_name(const Row& row);

}  // namespace connectord::trace
