#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/mta/sendmail_cf.h"

namespace connectord::mta {

using Done = tl::expected<void, std::string>;

// The files of one Sendmail, and its daemon.
class SendmailHost {
 public:
  // sendmail.mc and, beside it, sendmail.cf.
  struct Files {
    std::string mc;
    std::string cf;
    friend bool operator==(const Files&, const Files&) = default;
  };

  explicit SendmailHost(std::filesystem::path mc) : mc_(std::move(mc)), cf_(mc_.parent_path() / "sendmail.cf") {}

  const std::filesystem::path& mc() const { return mc_; }
  const std::filesystem::path& cf() const { return cf_; }

  tl::expected<Files, std::string> read() const;
  // The sendmail.cf that m4 makes of this sendmail.mc, which may include files of its folder, and what m4 finds odd in
  // it. Changes nothing.
  struct Made {
    std::string cf;
    std::string complaints;
  };
  tl::expected<Made, std::string> made_of(const std::string& mc) const;
  // Replaces both, if they are still what the change was planned from.
  Done install(const Files& planned_from, const Files& files) const;

  // Copies beside the files, *.before-connectord.
  Done back_up(const Files& files) const;
  std::optional<Files> backup() const;
  void forget_backup() const;

  // The daemon, by the PidFile of its sendmail.cf; empty if it does not run.
  static std::optional<pid_t> process(const SendmailCf& cf);
  // Why it would not come back after SIGHUP; empty if it would.
  static std::string obstacle_to_restart(const SendmailCf& cf);
  // Has it read its sendmail.cf anew.
  static Done restart(const SendmailCf& cf);
  // Has a Sendmail of its own look that up in these maps, by the sendmail.cf that is there; returns what it says.
  tl::expected<std::string, std::string> look_up(const std::string& key, const std::vector<std::string>& maps) const;

 private:
  std::filesystem::path mc_;
  std::filesystem::path cf_;
};

}  // namespace connectord::mta
