#pragma once

#include <string>
#include <vector>

#include "connectord/model/configuration.h"
#include "connectord/mta/attachment.h"
#include "connectord/mta/postfix_plan.h"

// Attaches connectord to an instance of Postfix, and takes it off again. Nothing is printed.
namespace connectord::mta {

struct PostfixReport : Report {
  std::string folder;   // of main.cf; as it was asked for where it could not be read
  std::string version;  // empty where it could not be read
  std::vector<Change> changes;
  std::vector<ServiceChange> services{};  // attach: of master.cf
  std::string master_file{};              // master.cf, its content, and that after the change
  std::string master_before{};
  std::string master_after{};
  std::vector<std::string> left;  // detach: what is not touched, and why
  std::vector<model::Problem>
      problems{};  // detach: of connectord's configuration, where nothing else says what to undo
};

// Plans what Postfix needs to ask connectord with that configuration, and does it if the order says so: main.cf
// and master.cf are changed as a whole, and put back if Postfix does not come to ask connectord. One run at a time for
// each folder; forks, so it must be called while there is one thread.
PostfixReport attach_postfix(const std::string& folder, const Order& order, const model::Configuration& configuration);

// Plans to undo what attach has done, and does it if the order says so. Without a record of an attach, the
// configuration of the order says what to look for.
PostfixReport detach_postfix(const std::string& folder, const Order& order);

}  // namespace connectord::mta
