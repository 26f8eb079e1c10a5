#include "connectord/mta/sendmail_host.h"

#include <signal.h>

#include <cerrno>
#include <charconv>

#include "connectord/mta/files.h"
#include "program.h"

namespace connectord::mta {
namespace {

std::filesystem::path copy_of(std::filesystem::path file) {
  return file += ".before-connectord";
}

}  // namespace

tl::expected<SendmailHost::Files, std::string> SendmailHost::read() const {
  auto mc = read_file(mc_);
  if (!mc) return tl::unexpected(mc.error());
  auto cf = read_file(cf_);
  if (!cf) return tl::unexpected(cf.error());
  return Files{std::move(*mc), std::move(*cf)};
}

tl::expected<SendmailHost::Made, std::string> SendmailHost::made_of(const std::string& mc) const {
  auto output = run_program({"env", "-C", mc_.parent_path().string(), "m4", "-"}, mc);
  if (!output) return tl::unexpected(output.error());
  if (output->status != 0)
    return tl::unexpected("m4 cannot make sendmail.cf of " + mc_.string() + ": " + output->error);
  return Made{std::move(output->out), std::move(output->error)};
}

Done SendmailHost::install(const Files& planned_from, const Files& files) const {
  const auto now = read();
  if (!now) return tl::unexpected(now.error());
  if (*now != planned_from) {
    return tl::unexpected(mc_.string() + " or " + cf_.string() +
                          " was changed by somebody else at this moment; nothing is done, run this again");
  }
  if (auto written = replace_file(mc_, files.mc, mc_); !written) return written;
  // Last, so that make takes it for newer than sendmail.mc.
  auto written = replace_file(cf_, files.cf, cf_);
  if (written) return written;
  if (auto back = replace_file(mc_, planned_from.mc, mc_); back) return written;
  return tl::unexpected(written.error() + "; " + mc_.string() + " is changed already; its copy is beside it");
}

Done SendmailHost::back_up(const Files& files) const {
  if (auto copied = replace_file(copy_of(mc_), files.mc, mc_); !copied) return copied;
  return replace_file(copy_of(cf_), files.cf, cf_);
}

std::optional<SendmailHost::Files> SendmailHost::backup() const {
  auto mc = read_file(copy_of(mc_));
  auto cf = read_file(copy_of(cf_));
  if (!mc || !cf) return std::nullopt;
  return Files{std::move(*mc), std::move(*cf)};
}

void SendmailHost::forget_backup() const {
  std::error_code ignored;
  std::filesystem::remove(copy_of(mc_), ignored);
  std::filesystem::remove(copy_of(cf_), ignored);
}

std::optional<pid_t> SendmailHost::process(const SendmailCf& cf) {
  const auto text = read_file(cf.pid_file);
  pid_t pid = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), pid);
  if (pid <= 1 || (::kill(pid, 0) != 0 && errno != EPERM)) return std::nullopt;
  return pid;
}

std::string SendmailHost::obstacle_to_restart(const SendmailCf& cf) {
  // The number of the process, and in the next line its command.
  const auto text = read_file(cf.pid_file);
  const std::size_t end = text ? text->find('\n') : std::string::npos;
  if (end == std::string::npos || end + 1 >= text->size() || (*text)[end + 1] == '/') return {};
  return "Sendmail was started without its whole path, so it would end at SIGHUP; start it anew: "
         "systemctl restart sendmail";
}

Done SendmailHost::restart(const SendmailCf& cf) {
  const auto pid = process(cf);
  if (pid && ::kill(*pid, SIGHUP) == 0) return {};
  return tl::unexpected("Sendmail cannot be told to read its sendmail.cf: no process of ours by " + cf.pid_file);
}

tl::expected<std::string, std::string> SendmailHost::look_up(const std::string& key,
                                                             const std::vector<std::string>& maps) const {
  std::string commands;
  for (const std::string& map : maps) commands.append("/map ").append(map).append(" ").append(key).append("\n");
  const auto output = run_program({"sendmail", "-bt", "-C" + cf_.string()}, commands);
  if (!output) return tl::unexpected(output.error());
  return output->out + output->error;
}

}  // namespace connectord::mta
