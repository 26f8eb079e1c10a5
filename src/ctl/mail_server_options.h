#pragma once

#include "command_line.h"
#include "connectord/mta/mail_servers.h"

namespace connectord::ctl {

// --postfix-config and --sendmail-mc, for a command that looks at the mail servers here.
class MailServerOptions {
 public:
  // `places` must live until the command line was run.
  MailServerOptions(const Subcommand& command, mta::MailServerPlaces& places);

  // After the command line was read: which of them a person has named.
  void note_named(mta::MailServerPlaces& places) const;

 private:
  Option postfix_;
  Option sendmail_;
};

}  // namespace connectord::ctl
