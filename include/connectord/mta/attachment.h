#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/mta/postfix_plan.h"

// What attach and detach come to, for either mail server. Plain values.
namespace connectord::mta {

// How a run has ended.
enum class Result : std::uint8_t {
  would_attach,
  attached,
  attached_already,
  not_proved,  // attached, but no conversation has shown that connectord is asked
  proved,      // the same, and now one has
  would_detach,
  detached,
  not_attached,
  refused,  // something stands in the way; nothing was changed
  failed,
  rolled_back  // everything is as it was before the run
};
// Stable words: "attached already".
std::string_view to_string(Result result);

// What is to be done.
struct Order {
  std::string configuration;  // connectord's file
  bool carry_out = false;     // false: it is only planned
  bool converse = true;       // prove by a conversation with the mail server that connectord is asked
};

struct Report {
  Result result = Result::failed;
  std::string error;             // why not, where the refusals do not say it
  std::vector<Advice> refusals;  // with one of these nothing may be changed
  std::vector<Advice> missing;   // what only a person can add
  std::vector<Advice> warnings;
  std::string file;             // main.cf or sendmail.mc
  std::string before;           // its content
  std::string after;            // the same after the change
  std::string backup;           // a copy of what it was before; empty for none
  std::string proof;            // what a conversation has shown; empty for none
  bool changed = false;         // this run has changed the file
  bool restored_whole = false;  // detach: it is what it was before attach, to the byte
};

}  // namespace connectord::mta
