#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/inspect/inspector.h"
#include "connectord/model/inspection.h"

// What the process that unpacks says to the one that asked it. Pure and thread-safe.
namespace connectord::inspect {

struct Answer {
  model::FileContents contents;
  std::size_t entries = 0;     // how many members it had
  std::uint64_t unpacked = 0;  // bytes of them

  bool operator==(const Answer&) const;
};

// Lines "WORD VALUE", texts in hexadecimal, the last one "end".
std::string to_lines(const Answer& answer);

// Longer answers are not read: twice what the limits let an answer hold, and some more.
std::size_t max_answer_size(const Limits& limits);

// std::nullopt for anything that is not an answer from its first byte to its last; the process may have been taken
// over by what it unpacked.
std::optional<Answer> read_answer(std::string_view lines);

// How the process is given the limits: numbers in its arguments.
std::string to_argument(const Limits& limits);
std::optional<Limits> read_limits(std::string_view argument);

}  // namespace connectord::inspect
