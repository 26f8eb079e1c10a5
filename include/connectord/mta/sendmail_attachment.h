#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "connectord/model/configuration.h"
#include "connectord/mta/attachment.h"

// Attaches connectord to a Sendmail, and takes it off again. Nothing is printed.
namespace connectord::mta {

struct SendmailReport : Report {
  std::vector<std::string> reasons;  // of the lines that attach adds
  bool differs = false;              // sendmail.mc or sendmail.cf is to become another, or has become it
  bool runs = false;                 // Sendmail does, as far as that was looked at
};

// Plans what Sendmail needs to ask connectord with that configuration, and does it if the order says so: sendmail.mc
// gets the lines, m4 makes sendmail.cf of it, and Sendmail reads it; all is put back if Sendmail does not come to ask
// connectord. `mc` is sendmail.mc. One run at a time for each folder.
SendmailReport attach_sendmail(const std::filesystem::path& mc, const Order& order,
                               const model::Configuration& configuration);

// Plans to undo what attach has done, and does it if the order says so. The configuration of the order, where it loads,
// says what to look for, should a person have attached it by hand.
SendmailReport detach_sendmail(const std::filesystem::path& mc, const Order& order);

}  // namespace connectord::mta
