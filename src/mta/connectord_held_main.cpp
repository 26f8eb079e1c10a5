#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "connectord/base/build.h"
#include "connectord/base/files.h"
#include "connectord/mta/held_mail.h"

// connectord-held: releases and deletes what the mail server holds, for connectord, which has no rights to do so.
// Started as root for one connection each, which is its standard input (connectord-held.socket). What it is asked comes
// from a user whom root does not trust: one of three words, and a queue ID of letters and digits.
namespace {

using namespace connectord;

constexpr int wrong_usage = 2;
constexpr unsigned max_seconds_to_ask = 10;
constexpr const char* usage =
    "connectord-held releases and deletes mail that the mail server holds, for connectord.\n"
    "Usage: connectord-held [--postfix-config FOLDER | --sendmail-mc FILE]\n"
    "  --postfix-config FOLDER  The folder of Postfix's main.cf [/etc/postfix]\n"
    "  --sendmail-mc FILE       Sendmail's sendmail.mc, where it is Sendmail [/etc/mail/sendmail.mc]\n"
    "  --version                Print the version\n"
    "  --help                   Print this\n";

// The first line of standard input; empty where there is none, or a longer one than any request is.
std::string read_request() {
  std::string line;
  std::array<char, 1> letter{};
  while (line.size() < mta::max_held_request && ::read(STDIN_FILENO, letter.data(), letter.size()) == 1) {
    if (letter[0] == '\n') return line;
    line += letter[0];
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  mta::MailServerPlaces places;
  const std::array<option, 5> options{{{"postfix-config", required_argument, nullptr, 'p'},
                                       {"sendmail-mc", required_argument, nullptr, 's'},
                                       {"version", no_argument, nullptr, 'v'},
                                       {"help", no_argument, nullptr, 'h'},
                                       {}}};
  for (int found = 0; (found = ::getopt_long(argc, argv, "", options.data(), nullptr)) != -1;) {  // NOLINT
    switch (found) {
      case 'p':
        places.folder = optarg;
        places.postfix_named = true;
        break;
      case 's':
        places.sendmail_mc = optarg;
        places.sendmail_named = true;
        break;
      case 'v':
        std::printf("connectord-held %s\n", base::version_and_commit().c_str());
        return 0;
      case 'h':
        std::fputs(usage, stdout);
        return 0;
      default:
        std::fputs(usage, stderr);
        return wrong_usage;
    }
  }
  // Whoever connects and asks nothing ends this process, by SIGALRM.
  ::alarm(max_seconds_to_ask);
  const std::string request = read_request();
  ::alarm(0);
  const std::string answer = mta::answer_about_held_mail(request, *mta::held_mail_here(places));
  return base::write_all(STDOUT_FILENO, answer) ? 0 : 1;
}
