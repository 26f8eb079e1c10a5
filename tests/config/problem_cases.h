#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/config/load.h"

namespace connectord::config {

inline constexpr auto warning = model::Problem::Severity::warning;

// A short way to write which problem must be reported of a document. `text` need be part of the message only.
struct ExpectedProblem {
  std::uint32_t line;
  std::uint32_t column;
  std::string_view key;
  std::string_view text;
  model::Problem::Severity severity = model::Problem::Severity::error;
};

inline Loaded parse_text(std::string_view text) {
  return parse(text, "test.toml", Environment{"mx.example.net"});
}

// What must be there for a configuration of no complaints.
inline constexpr std::string_view listening =
    "[server]\nmilter = \"unix:/run/m.sock\"\npolicy = \"unix:/run/p.sock\"\n";

// A document whose connector begins in line 4.
inline std::string with_server(std::string_view rest) {
  return std::string(listening) + std::string(rest);
}

inline std::string listed(const std::vector<model::Problem>& problems) {
  std::string text = "problems:\n";
  for (const auto& problem : problems) text += to_string(problem) + "\n";
  return text;
}

inline bool has_problem(const std::vector<model::Problem>& problems, const ExpectedProblem& expected) {
  return std::any_of(problems.begin(), problems.end(), [&](const model::Problem& problem) {
    return problem.location.line == expected.line && problem.location.column == expected.column &&
           problem.key == expected.key && problem.severity == expected.severity &&
           problem.message.find(expected.text) != std::string::npos;
  });
}

// A document, and the one problem that it has.
struct ProblemCase {
  std::string_view what;
  std::string text;
  ExpectedProblem expected;
};

inline void check_all(const std::vector<ProblemCase>& cases) {
  for (const ProblemCase& one : cases) {
    const Loaded loaded = parse_text(one.text);
    EXPECT_TRUE(has_problem(loaded.problems, one.expected)) << one.what << "\n" << one.text << listed(loaded.problems);
    EXPECT_EQ(loaded.problems.size(), 1U) << one.what << "\n" << one.text << listed(loaded.problems);
    EXPECT_EQ(loaded.ok(), one.expected.severity == warning) << one.what;
  }
}

}  // namespace connectord::config
