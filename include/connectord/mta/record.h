#pragma once

#include <map>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/mta/postfix_plan.h"
#include "connectord/mta/postfix_setup.h"

namespace connectord::mta {

// What attach has done to a main.cf, kept beside it so that detach can undo it: written before main.cf is changed, so
// that whatever moment a run is cut off at, the hashes show how far it came.
struct Record {
  struct Parameter {
    std::optional<std::string> before;  // as main.cf had it before the first attach; empty where it had nothing
    std::string after;
    std::string part;  // what was added to a list
  };

  std::string configuration;  // connectord's
  std::string attached;       // when
  bool proved = false;        // a probe has shown that connectord is asked
  std::string before_sha256;  // of main.cf before and after
  std::string after_sha256;
  std::string backup;  // main.cf as it was before; empty where others have changed main.cf since
  std::map<std::string, Parameter> parameters;

  std::string to_json() const;
  static tl::expected<Record, std::string> from_json(const std::string& text);
};

std::string record_file(const std::string& folder);
// std::nullopt if there is none. On failure says what is wrong with it.
tl::expected<std::optional<Record>, std::string> read_record(const std::string& folder);

// The record of these changes, on top of what an earlier attach has recorded. Pure.
Record recorded(const std::optional<Record>& earlier, const std::vector<Change>& changes);

// What takes connectord out of main.cf again. Pure.
struct Removal {
  struct Edit {
    std::string parameter;
    std::string before;                // as main.cf says it now
    std::optional<std::string> after;  // empty: main.cf shall not say it
  };
  std::vector<Edit> edits;
  std::vector<std::string> left;  // what is not touched, and why
};
Removal plan_removal(const PostfixSetup& setup, const std::optional<Record>& record, const MtaRequirements& required);

// Takes out of the lists what an earlier attach has added and connectord does not listen at any more, so that the plan
// is made without it. Says which parameters were changed by it. Pure.
std::vector<std::string> retire(PostfixSetup& setup, const std::optional<Record>& record,
                                const MtaRequirements& required);

}  // namespace connectord::mta
