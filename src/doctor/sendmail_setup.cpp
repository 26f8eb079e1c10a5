#include "connectord/doctor/sendmail_setup.h"

#include <sys/stat.h>

#include <algorithm>
#include <sstream>

#include "connectord/base/text.h"
#include "connectord/mta/files.h"
#include "sendmail_judgement.h"

namespace connectord::doctor {
namespace {

bool has(const std::vector<Issue>& troubles, const std::string& what) {
  return std::any_of(troubles.begin(), troubles.end(), [&](const Issue& one) { return one.what == what; });
}

// "/etc/mail/access" of "hash -T<TMPF> /etc/mail/access"; empty for other kinds of maps.
std::string file_of(const std::string& map) {
  std::istringstream words(map);
  std::string kind;
  words >> kind;
  if (kind != "hash" && kind != "btree" && kind != "cdb" && kind != "text") return {};
  std::string file;
  for (std::string word; words >> word;) file = word;
  return file.starts_with('/') ? file : "";
}

// The troubles of the sendmail.cf that is there, and those to come with the next one.
void judge_both(const SendmailSetup& setup, const mta::MtaRequirements& required,
                const model::Configuration& configuration, Findings& findings) {
  const std::vector<Issue> now = judge_sendmail_cf(setup.cf, required, configuration, setup.mc);
  const std::vector<Issue> then = setup.made ? judge_sendmail_cf(*setup.made, required, configuration, setup.mc) : now;
  for (Issue issue : now) {
    // sendmail.mc is right already.
    if (!has(then, issue.what)) issue.write = remake_line(setup.mc);
    findings.add(std::move(issue));
  }
  for (Issue issue : then) {
    if (has(now, issue.what)) continue;
    issue.severity = Severity::warning;
    issue.what = "once sendmail.cf is made anew: " + issue.what;
    findings.add(std::move(issue));
  }
}

void judge_age(const SendmailSetup& setup, Findings& findings) {
  if (!setup.made) {
    findings.note("sendmail",
                  "whether " + setup.cf_file + " is made of " + setup.mc + " is not known: " + setup.obstacle);
  } else if (!setup.is_of_mc && setup.mc_changed > setup.cf_changed) {
    findings.warn("sendmail", setup.mc + " was changed after sendmail.cf was made of it, so that does not count yet",
                  remake_line(setup.mc));
  } else if (!setup.is_of_mc) {
    findings.warn(
        "sendmail",
        setup.cf_file + " is not what m4 makes of " + setup.mc +
            ": what was changed in it by hand, or by an older package sendmail-cf, is lost when it is made anew",
        "bring what it lacks into " + setup.mc + ", then: " + remake_line(setup.mc));
  }
}

void judge_daemon(const SendmailSetup& setup, Findings& findings) {
  if (!setup.started) {
    findings.critical("sendmail", "Sendmail does not run (by " + setup.cf.pid_file + ")", "systemctl start sendmail");
    return;
  }
  if (*setup.started < setup.cf_changed) {
    findings.warn("sendmail", "it was started before " + setup.cf_file + " was written, and goes by an older one",
                  restart_line);
  }
  if (!setup.obstacle_to_restart.empty()) {
    findings.warn("sendmail", "it was started without its whole path, so it would end at SIGHUP", restart_line);
  }
}

}  // namespace

std::optional<std::int64_t> changed_at(const std::string& file) {
  constexpr std::int64_t second = 1'000'000'000;
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return std::nullopt;
  return info.st_mtim.tv_sec * second + info.st_mtim.tv_nsec;
}

tl::expected<SendmailSetup, std::string> read_sendmail(const mta::SendmailHost& host) {
  SendmailSetup setup;
  setup.mc = host.mc().string();
  setup.cf_file = host.cf().string();
  const auto text = mta::read_file(host.cf());
  if (!text) return tl::unexpected(text.error());
  setup.cf = mta::read_sendmail_cf(*text);
  const auto access = setup.cf.maps.find("access");
  if (access != setup.cf.maps.end()) setup.access_file = file_of(access->second);
  if (!setup.access_file.empty()) setup.access = mta::read_file(setup.access_file).value_or("");
  setup.mc_changed = changed_at(setup.mc).value_or(0);
  setup.cf_changed = changed_at(setup.cf_file).value_or(0);
  const auto mc = mta::read_file(host.mc());
  const auto made = mc ? host.made_of(*mc) : tl::unexpected(mc.error());
  if (made) {
    setup.made = mta::read_sendmail_cf(made->cf);
    setup.is_of_mc = mta::same_but_for_comments(*text, made->cf);
  } else {
    setup.obstacle = base::trimmed(made.error());
  }
  // It writes that file whenever it begins, at SIGHUP too.
  if (mta::SendmailHost::process(setup.cf)) setup.started = changed_at(setup.cf.pid_file);
  setup.obstacle_to_restart = mta::SendmailHost::obstacle_to_restart(setup.cf);
  return setup;
}

void judge_sendmail(const SendmailSetup& setup, const mta::MtaRequirements& required,
                    const model::Configuration& configuration, Findings& findings) {
  judge_both(setup, required, configuration, findings);
  for (Issue& issue : judge_access(setup.access, required, setup.access_file)) findings.add(std::move(issue));
  judge_age(setup, findings);
  judge_daemon(setup, findings);
  findings.seen("sendmail", setup.cf.version + ", " + setup.cf_file);
}

}  // namespace connectord::doctor
