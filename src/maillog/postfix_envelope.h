#pragma once

#include <string>
#include <string_view>

namespace connectord::maillog {

// What a line of Postfix's about a refusal reports of the transaction, behind the answer. What is not there, or could
// be read in two ways, is empty.
struct LoggedEnvelope {
  std::string mail_from;
  std::string recipient;
  std::string helo;
  std::string sasl_username;
};

// Takes the envelope off the end of `text`, in which the answer comes first:
//   550 5.1.1 <b@c>: no; from=<a@b> to=<b@c> proto=ESMTP helo=<name>
//   550 5.1.1 <b@c>: no; from=<a@b> to=<b@c> proto=ESMTP helo=<name> sasl_method=PLAIN sasl_username=joe    (3.10)
//   550 5.7.1 no; from=<a@b> to=<b@c> proto=ESMTP helo=<name> sasl_username=<joe>              (3.10, of a milter)
//   550 5.7.1 no; from=<a@b>, to=<b@c>, proto=ESMTP, helo=<name>                                        (postscreen)
// `daemon` is the program that wrote the line: what it leaves in a HELO name differs.
//
// The answer may hold anything from outside, and so may the name of a user, which is the only part behind it that has
// no end of its own. All else has: an address ends where its quotes say, and a HELO name has no space.
LoggedEnvelope take_envelope(std::string_view daemon, std::string_view& text);

}  // namespace connectord::maillog
