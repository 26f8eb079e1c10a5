#include "attach_commands.h"

#include <memory>

#include "commands.h"

namespace connectord::ctl {
namespace {

using Command = Status (*)(const AttachArguments&, const Common&, const Terminal&);

void add_to(const CommandLine& line, const std::string& name, const std::string& help, const char* place_option,
            std::string AttachArguments::*place, const char* place_help, bool probes, Command run) {
  const Subcommand command = line.command(name, help);
  const auto arguments = std::make_shared<AttachArguments>();
  command.add_option(place_option, *arguments.*place, place_help).capture_default_str();
  command.add_flag("--yes", arguments->yes, "Do it; without this, it is only shown");
  if (probes) command.add_flag("--no-probe", arguments->no_probe, "Do not converse with the mail server to prove it");
  command.callback([line, arguments, run] { line.status = run(*arguments, line.common, line.terminal); });
}

}  // namespace

void add_attach_commands(const CommandLine& line) {
  const CommandLine attaching = line.group("attach", "Attach connectord to a mail server");
  const CommandLine detaching = line.group("detach", "Take connectord off a mail server again");
  constexpr const char* folder = "--postfix-config";
  constexpr const char* folder_help = "The folder of main.cf and master.cf, which names the instance";
  add_to(attaching, "postfix", "Show, and with --yes make, what Postfix needs to ask connectord", folder,
         &AttachArguments::folder, folder_help, true, attach_postfix);
  add_to(detaching, "postfix", "Show, and with --yes undo, what attach has changed", folder, &AttachArguments::folder,
         folder_help, false, detach_postfix);
  constexpr const char* mc = "--sendmail-mc";
  constexpr const char* mc_help = "The file that sendmail.cf is made of";
  add_to(attaching, "sendmail", "Show, and with --yes make, what Sendmail needs to ask connectord", mc,
         &AttachArguments::sendmail_mc, mc_help, true, attach_sendmail);
  add_to(detaching, "sendmail", "Show, and with --yes undo, what attach has changed", mc, &AttachArguments::sendmail_mc,
         mc_help, false, detach_sendmail);
}

}  // namespace connectord::ctl
