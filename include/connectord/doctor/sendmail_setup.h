#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/doctor/findings.h"
#include "connectord/model/configuration.h"
#include "connectord/mta/mta_requirements.h"
#include "connectord/mta/sendmail_host.h"

namespace connectord::doctor {

// A Sendmail as it stands: its files, what would become of them, and its daemon. Times in nanoseconds since 1970.
struct SendmailSetup {
  std::string mc;
  std::string cf_file;
  mta::SendmailCf cf;
  std::string access_file;  // the text of its access table; empty if that is no file
  std::string access;
  std::optional<mta::SendmailCf> made;  // what m4 makes of sendmail.mc now; empty if it cannot be made
  std::string obstacle;                 // why not
  bool is_of_mc = true;                 // sendmail.cf is that, but for comments
  std::int64_t mc_changed = 0;
  std::int64_t cf_changed = 0;
  std::optional<std::int64_t> started;  // when the daemon has read its files; empty if it does not run
  std::string obstacle_to_restart;      // why it would end at SIGHUP; empty if it would not
};

// Changes nothing. On failure says what cannot be read.
tl::expected<SendmailSetup, std::string> read_sendmail(const mta::SendmailHost& host);

// When that was changed; empty if it is not there.
std::optional<std::int64_t> changed_at(const std::string& file);

// What is wrong with it, so far as it can be known from that alone. Pure.
void judge_sendmail(const SendmailSetup& setup, const mta::MtaRequirements& required,
                    const model::Configuration& configuration, Findings& findings);

}  // namespace connectord::doctor
