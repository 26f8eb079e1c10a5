#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "../attach/postfix_setup.h"
#include "../command_line.h"
#include "connectord/engine/policy.h"
#include "connectord/trace/search.h"

// What is wrong with the whole arrangement: connectord, the mail server, DNS, files, the machine. Looks only.
namespace connectord::ctl {

// warning: to be mended when there is time. critical: mail is not handled as the configuration says, or soon will not
// be.
enum class Severity { warning, critical };

struct Trouble {
  Severity severity = Severity::warning;
  std::string area;  // "postfix", "certificates": a stable word
  std::string what;
  std::string write;  // the line or command that mends it
};

// What was found so far, and what was looked at.
class Findings {
 public:
  void critical(std::string area, std::string what, std::string write);
  void warn(std::string area, std::string what, std::string write);
  // What is well, or could not be looked at, and why.
  void note(std::string area, std::string what);

  const std::vector<Trouble>& troubles() const { return troubles_; }
  const std::vector<std::pair<std::string, std::string>>& notes() const { return notes_; }
  // The critical ones first.
  void sort();

 private:
  std::vector<Trouble> troubles_;
  std::vector<std::pair<std::string, std::string>> notes_;
};

// What the examinations share. `now` is in seconds since 1970.
struct Patient {
  const Common& common;
  const model::Configuration& configuration;
  const engine::Policy& policy;
  std::int64_t now = 0;
  std::optional<PostfixSetup> postfix{};
};

// Where the mail server's files are.
struct MailServerFiles {
  std::string postfix_folder = "/etc/postfix";
  std::string sendmail_mc = "/etc/mail/sendmail.mc";
  bool sendmail_named = false;  // somebody says that it is Sendmail; otherwise Postfix counts where both are there
};

// connectord and the mail server. Forks, so it must be called while there is one thread.
void examine_daemon(Patient& patient, const MailServerFiles& files, Findings& findings);
// Certificates that end: of the mail server, the API, partners as validations saw them; authorities. And failed
// validations.
void examine_certificates(const Patient& patient, Findings& findings);
// Whether the resolver answers.
void examine_dns(const Patient& patient, Findings& findings);
// Disk and clock.
void examine_machine(const Patient& patient, Findings& findings);
// What the message trace tells: connectors without mail, mail that matches none, facts that do not arrive, deliveries
// that nobody tells of. Without a trace, a note.
void examine_trace(const Patient& patient, Findings& findings);
// The same on an archive that is open.
void examine_archive(const Patient& patient, trace::Archive& archive, Findings& findings);

}  // namespace connectord::ctl
