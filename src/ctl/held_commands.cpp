// held: mail that the mail server holds because of a rule or of DMARC, until somebody decides.
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "api_client.h"
#include "commands.h"
#include "connectord/base/percent.h"
#include "connectord/base/text.h"
#include "connectord/mta/mail_servers.h"
#include "json_output.h"
#include "local_changes.h"
#include "mail_server_options.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
using Answer = tl::expected<ApiAnswer, std::string>;

constexpr std::string_view path_of_held = "/api/exchange/quarantine";

struct HeldArguments {
  ApiOptions api;
  mta::MailServerPlaces places;
  std::vector<std::string> queue_ids;
};

struct HeldWork {
  const Common& common;
  const HeldArguments& arguments;
  const Terminal& terminal;

  // Root needs nobody's help: it asks the mail server itself.
  Answer call(const ApiCall& call) const {
    if (arguments.api.api.empty() && ::geteuid() == 0) {
      return decide_locally(common, call, arguments.places, terminal);
    }
    return call_api(common, arguments.api, call, terminal);
  }
};

Status fail_held(const std::string& why, const Terminal& terminal) {
  terminal.error << "connectorctl: " << why << '\n';
  return Status::wrong_input;
}

// An array's texts, fit for a terminal.
std::vector<std::string> texts_at(const Json& object, const char* key) {
  std::vector<std::string> texts;
  if (!object.is_object() || !object.contains(key) || !object[key].is_array()) return texts;
  for (const Json& text : object[key]) {
    if (text.is_string()) texts.push_back(harmless(text.get<std::string>()));
  }
  return texts;
}

std::string sender_at(const Json& message) {
  return "<" + text_at(message, "sender") + ">";
}

void print_held(const Json& list, const Terminal& terminal) {
  Table table({{"QUEUE ID"}, {"SINCE"}, {"FROM"}, {"TO"}, {"REASON", true}});
  for (const Json& message : list["messages"]) {
    table.add({text_at(message, "queue_id"), text_at(message, "time"), sender_at(message),
               base::joined(texts_at(message, "recipients")), text_at(message, "reason")});
  }
  if (list["messages"].empty()) terminal.out << "nothing is held because of connectord\n";
  if (!list["messages"].empty()) table.print(terminal);
  const std::size_t others = list["others"].get<std::size_t>();
  if (others > 0) terminal.out << others << " more held for other reasons, which connectord does not touch\n";
  const std::size_t left_out = list["left_out"].get<std::size_t>();
  if (left_out > 0) terminal.out << left_out << " more held that were not looked at, since there are too many\n";
}

bool is_list(const Json& body) {
  const auto has_count = [&body](const char* key) { return body.contains(key) && body[key].is_number_unsigned(); };
  return body.is_object() && body.contains("messages") && body["messages"].is_array() && has_count("others") &&
         has_count("left_out");
}

tl::expected<Json, std::string> read_list(const HeldWork& work) {
  return work.call({"GET", std::string(path_of_held)})
      .and_then([](const ApiAnswer& answer) -> tl::expected<Json, std::string> {
        if (!is_list(answer.body)) return tl::unexpected(std::string("the answer is no list of held mail"));
        return answer.body;
      });
}

Status list_held(const HeldWork& work) {
  const auto list = read_list(work);
  if (!list) return fail_held(list.error(), work.terminal);
  if (work.common.json) {
    print_json(*list, work.terminal.out);
  } else {
    print_held(*list, work.terminal);
  }
  return Status::answered;
}

void print_one(const Json& message, std::ostream& out) {
  const auto line = [&out](std::string label, const std::string& value) {
    constexpr std::size_t width = 12;
    label.resize(width, ' ');
    if (!value.empty()) out << label << value << '\n';
  };
  line("queue ID", text_at(message, "queue_id"));
  line("since", text_at(message, "time"));
  line("reason", text_at(message, "reason"));
  line("rules", base::joined(texts_at(message, "rules")));
  line("MAIL FROM", sender_at(message));
  line("to", base::joined(texts_at(message, "recipients")));
  line("From", text_at(message, "from"));
  line("Subject", text_at(message, "subject"));
  line("Message-ID", text_at(message, "message_id"));
  line("bytes", std::to_string(message.value("size", std::uint64_t{0})));
  line("trace", "connectorctl trace show " + std::to_string(message.value("trace_id", std::int64_t{0})));
}

Status show_held(const HeldWork& work) {
  const auto list = read_list(work);
  if (!list) return fail_held(list.error(), work.terminal);
  const std::string& wanted = work.arguments.queue_ids.front();
  for (const Json& message : (*list)["messages"]) {
    if (!message.is_object() || text_at(message, "queue_id") != wanted) continue;
    if (work.common.json) {
      print_json(message, work.terminal.out);
    } else {
      print_one(message, work.terminal.out);
    }
    return Status::answered;
  }
  return fail_held(
      "connectord has no mail held under the queue ID " + harmless(wanted) + "; see: connectorctl held list",
      work.terminal);
}

struct HeldCommand {
  const char* name;
  const char* help;
  const char* method;
  const char* below;  // behind the queue ID in the path
  const char* done;
};

Status decide(const HeldWork& work, const HeldCommand& command) {
  Status status = Status::answered;
  Json results = Json::array();
  for (const std::string& queue_id : work.arguments.queue_ids) {
    const std::string path = std::string(path_of_held) + "/" + base::percent_encoded(queue_id) + command.below;
    const Answer answer = work.call({command.method, path});
    if (!answer) status = fail_held(harmless(queue_id) + ": " + answer.error(), work.terminal);
    if (answer && !work.common.json) work.terminal.out << queue_id << ": " << command.done << '\n';
    if (answer) results.push_back({{"queue_id", queue_id}, {"result", command.done}});
  }
  if (work.common.json) print_json(results, work.terminal.out);
  return status;
}

// A command with what all of them take.
template <class Run>
std::pair<Subcommand, std::shared_ptr<HeldArguments>> add_held_command(const CommandLine& below, const char* name,
                                                                       const char* help, Run run) {
  const Subcommand command = below.command(name, help);
  const auto arguments = std::make_shared<HeldArguments>();
  arguments->places = mta::usual_places();
  add_api_options(command, arguments->api);
  const MailServerOptions options(command, arguments->places);
  command.callback([below, arguments, options, run] {
    options.note_named(arguments->places);
    below.status = run(HeldWork{below.common, *arguments, below.terminal});
  });
  return {command, arguments};
}

}  // namespace

void add_held_commands(const CommandLine& line) {
  const CommandLine below = line.group("held", "Decide on mail that a rule or DMARC had the mail server hold");
  add_held_command(below, "list", "List it", list_held);
  const auto [show, shown] = add_held_command(below, "show", "Show one message", show_held);
  show.add_option("queue_id", shown->queue_ids, "Its queue ID").required();
  for (const HeldCommand& what :
       {HeldCommand{"release", "Have messages delivered as they are", "POST", "/release", "released"},
        HeldCommand{"delete", "Delete messages, which nobody gets then", "DELETE", "", "deleted"}}) {
    const auto [command, arguments] =
        add_held_command(below, what.name, what.help, [what](const HeldWork& work) { return decide(work, what); });
    command.add_option("queue_id", arguments->queue_ids, "Their queue IDs").required();
  }
}

}  // namespace connectord::ctl
