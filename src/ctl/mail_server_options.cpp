#include "mail_server_options.h"

namespace connectord::ctl {

MailServerOptions::MailServerOptions(const Subcommand& command, mta::MailServerPlaces& places)
    : postfix_(command.add_option("--postfix-config", places.folder, "The folder of Postfix's main.cf")),
      sendmail_(
          command.add_option("--sendmail-mc", places.sendmail_mc, "Sendmail's sendmail.mc, where it is Sendmail")) {
  postfix_.capture_default_str();
  sendmail_.capture_default_str();
}

void MailServerOptions::note_named(mta::MailServerPlaces& places) const {
  places.postfix_named = postfix_.is_given();
  places.sendmail_named = sendmail_.is_given();
}

}  // namespace connectord::ctl
