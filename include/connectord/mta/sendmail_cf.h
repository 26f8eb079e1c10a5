#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectord/net/endpoint.h"

namespace connectord::mta {

// What a sendmail.cf says of all that concerns connectord (Sendmail Installation and Operation Guide, 5).
struct SendmailCf {
  struct Filter {
    std::string name;
    std::string equates;  // "S=unix:/run/connectord/milter.sock, F=T, T=S:30s;R:30s;E:2m"
  };

  std::vector<Filter> filters;                 // those that are defined
  std::vector<std::string> asked;              // the names of those that are asked, in order
  std::vector<std::string> smtp_listeners;     // DaemonPortOptions of each port for strangers, not of submission
  std::map<std::string, std::string> options;  // those that are set; of several with one name, the last
  std::map<std::string, std::string> maps;     // "mailertable" to "socket unix:/run/connectord/socketmap.sock"
  std::vector<std::string> macros;             // those that it gives a value, without their braces
  std::string local_tls_rcpt;                  // the rules of that ruleset; empty if there is none
  std::string tls_clt_features;                // the same of that one
  bool tls_requirements = false;               // TLS_connection compares; without an access table it accepts all
  bool esmtp = false;                          // there is the mailer that connectord's routes name
  std::string version;                         // "8.17.1.9/Debian-2+deb12u2"
  std::string pid_file;                        // where the daemon has its number
  std::optional<net::Endpoint> smtp_listener;  // the first of these as a client has it; empty if there is none

  // The value, empty where the option is not set.
  std::string option(const std::string& name) const;
};

SendmailCf read_sendmail_cf(const std::string& cf);

// The part behind "S=", "F=" and so on, which count by their first letter, of "S=unix:…, F=T, T=…".
std::string equate(const std::string& equates, char letter);

// True if the two differ in comments and empty lines only: so a sendmail.cf that m4 makes again of the same sendmail.mc
// differs from the old one by when and where it was made.
bool same_but_for_comments(const std::string& cf, const std::string& other);

// "inet:8891@127.0.0.1", "unix:/run/connectord/milter.sock": libmilter's and Sendmail's notation.
std::string sendmail_socket(const net::Endpoint& endpoint);

}  // namespace connectord::mta
