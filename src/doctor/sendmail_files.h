#pragma once

#include <sys/types.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectord/mta/postfix_plan.h"
#include "connectord/mta/sendmail_cf.h"

// Files and folders that Sendmail does not use because others could have changed or read them (Sendmail's cf/README and
// doc/op, "DontBlameSendmail").
namespace connectord::doctor {

// Whom Sendmail trusts with files.
struct SendmailTrust {
  std::set<std::string> excuses;  // the words of DontBlameSendmail
  std::set<uid_t> owners = {0};   // whose files it reads though nobody else may

  bool has_excuse(const std::string& word) const { return excuses.count(word) > 0; }
};
SendmailTrust trust_of(const mta::SendmailCf& cf);

// The first folder on the way to that file that it takes for unsafe, with what mends it.
std::optional<mta::Advice> unsafe_folder(const std::string& file, const SendmailTrust& trust);

// The files of ServerCertFile and its like: one, or one of each algorithm.
std::vector<std::string> files_listed(const std::string& option);

// Why it offers no STARTTLS with these files: one that is not there, not safe or not right.
std::vector<mta::Advice> unusable_tls_files(const mta::SendmailCf& cf, const SendmailTrust& trust);

}  // namespace connectord::doctor
