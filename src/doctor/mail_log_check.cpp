#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "connectord/base/accounts.h"
#include "connectord/doctor/doctor.h"
#include "connectord/maillog/mail_log_reader.h"
#include "process_access.h"

namespace connectord::doctor {
namespace {

// What lets connectord read a file that it may not.
std::string line_for(const std::string& file, const std::string& user) {
  struct stat info {};
  const bool known = ::stat(file.c_str(), &info) == 0;
  const auto owners = known ? base::name_of_group(info.st_gid) : std::nullopt;
  if (!owners || (info.st_mode & S_IRGRP) == 0 || info.st_gid == 0 || user.empty()) {
    return "let a group read the log and its folder (in logrotate: create 640 root adm), and connectord's user be in "
           "it";
  }
  return "adduser " + user + " " + *owners + " && systemctl restart connectord";
}

}  // namespace

void examine_mail_log(const Context& context, Findings& findings) {
  const auto& settings = context.configuration.trace;
  if (!settings || settings->mail_log.empty()) return;
  const std::string& log = settings->mail_log;
  if (const auto readable = maillog::check_mail_log(log); !readable) {
    return findings.critical("deliveries", "trace.mail_log cannot be read: " + readable.error(),
                             "name the mail server's log, or \"journal\"; connectord's user must be able to read it");
  }
  if (log == "journal") return;
  const auto rights = context.daemon ? rights_of(*context.daemon) : std::nullopt;
  const int error = rights ? error_of_access(log, R_OK, *rights).value_or(0) : 0;
  if (error == 0) return;
  findings.critical("deliveries",
                    "the connectord that runs may not read trace.mail_log, " + log + ": " + std::strerror(error),
                    line_for(log, context.configuration.server.user));
}

}  // namespace connectord::doctor
