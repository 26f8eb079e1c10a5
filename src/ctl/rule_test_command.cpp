// rule test: what rules would do with a message, by the API, which may try a rule that is not there yet.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "api_client.h"
#include "commands.h"
#include "connector_document.h"
#include "connectord/base/base64.h"
#include "connectord/base/json.h"
#include "finding_text.h"
#include "input.h"
#include "json_output.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct TestArguments {
  ApiOptions api;
  std::string name;
  std::string draft;
  std::string message;
  std::string client_ip = "127.0.0.1";
  std::string mail_from;
  std::vector<std::string> rcpt_to;
  std::string sasl_username;
};

tl::expected<Json, std::string> question_of(const TestArguments& arguments, std::istream& in) {
  const auto message = read_input(arguments.message, in);
  if (!message) return tl::unexpected("--message: " + message.error());
  Json question{{"client_ip", arguments.client_ip}, {"mail_from", arguments.mail_from}};
  if (!arguments.rcpt_to.empty()) question["rcpt_to"] = arguments.rcpt_to;
  if (!arguments.sasl_username.empty()) question["sasl_username"] = arguments.sasl_username;
  question["message_base64"] = base::to_base64(*message);
  if (arguments.draft.empty()) return question;
  return read_rule(arguments.draft, in).map([&](Json rule) {
    question["rule"] = std::move(rule);
    return question;
  });
}

// "confidential: reject (matched: subject_words "confidential")"
void print_hit(std::ostream& out, const Json& hit) {
  std::string actions;
  for (const Json& action : hit.value("actions", Json::array())) {
    if (action.is_string()) actions += (actions.empty() ? "" : ", ") + action.get<std::string>();
  }
  const std::string because = text_at(hit, "because");
  const std::string skipped = text_at(hit, "skipped_because");
  out << text_at(hit, "rule") << (text_at(hit, "mode") == "audit" ? " (audit)" : "") << ": ";
  if (!skipped.empty()) {
    out << "cannot be asked, " << skipped << '\n';
    return;
  }
  out << (actions.empty() ? "stop" : harmless(actions)) << (because.empty() ? "" : "; matched " + because) << '\n';
}

void print_answer(std::ostream& out, const Json& answer, const std::string& name) {
  bool is_there = name.empty();
  const Json hits = answer.value("rules", Json::array());
  for (const Json& hit : hits) {
    print_hit(out, hit);
    is_there = is_there || text_at(hit, "rule") == name;
  }
  if (!is_there) out << harmless(name) << ": does not match\n";
  if (hits.empty() && name.empty()) out << "no rule matches\n";
  out << "action: " << text_at(answer, "action");
  if (const std::string reply = text_at(answer, "reply"); !reply.empty()) out << ", " << reply;
  out << '\n';
}

Status test(const Common& common, const TestArguments& arguments, const Terminal& terminal) {
  const auto answer = question_of(arguments, terminal.in).and_then([&](const Json& question) {
    return call_api(common, arguments.api, {"POST", "/api/exchange/rules/test", base::json_text(question)}, terminal);
  });
  if (!answer) {
    terminal.error << "connectorctl: " << answer.error() << '\n';
    return Status::wrong_input;
  }
  if (common.json) {
    print_json(answer->body, terminal.out);
  } else {
    print_answer(terminal.out, answer->body, arguments.name);
  }
  return Status::answered;
}

}  // namespace

void add_rule_test_command(const CommandLine& line) {
  const Subcommand command = line.command("test", "Tell what rules would do with a message; nothing is changed");
  const auto arguments = std::make_shared<TestArguments>();
  add_api_options(command, arguments->api);
  command.add_option("name", arguments->name, "A rule; it is said too that this one does not match");
  command.add_option("--file", arguments->draft, "A file with a draft of a rule, which counts beside the others");
  command.add_option("--message", arguments->message, "A file with the message; - for standard input").required();
  command.add_option("--client-ip", arguments->client_ip, "The client's address").capture_default_str();
  command.add_option("--mail-from", arguments->mail_from, "The address in MAIL FROM; \"\" for none").required();
  command.add_option("--rcpt-to", arguments->rcpt_to, "An address in RCPT TO; may be given again").required();
  command.add_option("--sasl-username", arguments->sasl_username, "The user of an authenticated submission");
  command.callback([line, arguments] { line.status = test(line.common, *arguments, line.terminal); });
}

}  // namespace connectord::ctl
