#include "connectord/ctl/connectorctl.h"

#include <CLI/CLI.hpp>
#include <ostream>

#include "commands.h"
#include "connectord/version.h"

namespace connectord::ctl {
namespace {

class CommandLine {
 public:
  explicit CommandLine(const Terminal& terminal) : terminal_(terminal) {
    app_.require_subcommand(1);
    app_.allow_extras(false);
    app_.set_version_flag("--version", std::string("connectorctl ") + version);
    add_check();
    add_list();
    add_show();
    add_explain();
  }

  Status run(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error, terminal_.out, terminal_.error) == 0 ? Status::answered : Status::wrong_usage;
    }
    return status_;
  }

 private:
  CLI::App* command(const std::string& name, const std::string& help) {
    CLI::App* command = app_.add_subcommand(name, help);
    command->add_option("--config", common_.configuration, "The configuration file")->capture_default_str();
    command->add_flag("--json", common_.json, "Print JSON");
    return command;
  }

  void add_check() {
    command("check", "Check the configuration and tell everything that is wrong with it")->callback([this] {
      status_ = check(common_, terminal_);
    });
  }

  void add_list() {
    command("list", "List the connectors")->callback([this] { status_ = list(common_, terminal_); });
  }

  void add_show() {
    CLI::App* show_command = command("show", "Show one connector whole");
    show_command->add_option("name", name_, "The connector's name")->required();
    show_command->callback([this] { status_ = show(common_, name_, terminal_); });
  }

  void add_explain() {
    CLI::App* explain_command = command("explain", "Tell what would become of a message, and why");
    explain_command->add_option("--client-ip", explain_.client_ip, "The client's address")->required();
    explain_command->add_option("--client-port", explain_.client_port, "The client's port")
        ->check(CLI::Range(1, 65535));
    explain_command->add_option("--client-name", explain_.client_name, "The client's host name");
    explain_command->add_option("--helo", explain_.helo, "The name in HELO or EHLO");
    explain_command->add_option("--mail-from", explain_.mail_from, "The address in MAIL FROM; \"\" for none")
        ->required();
    explain_command->add_option("--rcpt-to", explain_.recipients, "An address in RCPT TO; may be given again");
    explain_command->add_option("--tls", explain_.tls, "The TLS version, as TLSv1.3; leave out for no TLS");
    explain_command->add_option("--cert-subject", explain_.certificate_subject,
                                "The client certificate's common name, or its whole name as /C=…/CN=…");
    explain_command->add_option("--cert-issuer", explain_.certificate_issuer,
                                "The issuer's common name, or whole name");
    explain_command->add_option("--cert-fingerprint", explain_.certificate_fingerprints,
                                "sha256:… of the certificate or spki-sha256:… of its key; may be given again");
    explain_command->add_option("--sasl-username", explain_.sasl_username, "The user of an authenticated submission");
    explain_command->add_option("--message", explain_.message_file, "A file with the message; - for standard input");
    explain_command->add_option("--at", explain_.at, "The time to judge by, as 2026-11-21T12:00:00Z; default: now");
    explain_command->callback([this] { status_ = explain(common_, explain_, terminal_); });
  }

  Terminal terminal_;
  CLI::App app_{"connectorctl tells what connectord does and why.", "connectorctl"};
  Common common_;
  std::string name_;
  ExplainArguments explain_;
  Status status_ = Status::wrong_usage;
};

}  // namespace

Status run(int argc, const char* const* argv, const Terminal& terminal) {
  return CommandLine(terminal).run(argc, argv);
}

}  // namespace connectord::ctl
