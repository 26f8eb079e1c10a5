// What is said between connectord and connectord-held, on either side.
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "connectord/base/json.h"
#include "connectord/base/text.h"
#include "connectord/mta/held_mail.h"
#include "connectord/net/listener.h"

namespace connectord::mta {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t max_answer = std::size_t{16} << 20U;
constexpr std::size_t max_told_recipients = 100;

std::string line_of(const Json& answer) {
  return base::ascii_json_text(answer) + "\n";
}

std::string refused(const HeldFailure& failure) {
  return line_of(
      {{"done", false}, {"missing", failure.is_missing}, {"unknown", failure.is_unknown}, {"error", failure.words}});
}

Json to_json(const QueuedMessage& message) {
  Json recipients = Json::array();
  for (const QueuedRecipient& recipient : message.recipients) {
    if (recipients.size() < max_told_recipients) recipients.push_back(recipient.address);
  }
  return {{"queue_id", message.queue_id},
          {"arrived", message.arrived},
          {"size", message.size},
          {"sender", message.sender},
          {"recipients", std::move(recipients)}};
}

std::string list_in_words(const HeldMail& held) {
  const auto list = held.list();
  if (!list) return refused({.words = list.error()});
  Json listed = Json::array();
  for (const QueuedMessage& message : list->messages) listed.push_back(to_json(message));
  return line_of({{"done", true}, {"messages", std::move(listed)}, {"left_out", list->left_out}});
}

std::optional<QueuedMessage> message_from(const Json& object) {
  if (!object.is_object()) return std::nullopt;
  QueuedMessage message;
  message.held = true;
  message.queue_id = object.value("queue_id", "");
  if (!is_strict_queue_id(message.queue_id)) return std::nullopt;
  message.arrived = object.value("arrived", std::int64_t{0});
  message.size = object.value("size", std::uint64_t{0});
  message.sender = object.value("sender", "");
  for (const auto& recipient : object.value("recipients", Json::array())) {
    if (recipient.is_string()) message.recipients.push_back({recipient.get<std::string>(), ""});
  }
  return message;
}

// Until the other side closes.
std::string read_answer(int fd, std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  std::string answer;
  std::array<char, 1UL << 16U> piece{};
  while (answer.size() < max_answer) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) <= 0) return {};
    const ssize_t count = ::recv(fd, piece.data(), piece.size(), 0);
    if (count <= 0) return answer;
    answer.append(piece.data(), static_cast<std::size_t>(count));
  }
  return {};
}

class HeldByHelper : public HeldMail {
 public:
  HeldByHelper(std::string path, std::chrono::milliseconds limit) : path_(std::move(path)), limit_(limit) {}

  tl::expected<HeldList, std::string> list() const override {
    const auto answer = ask("list");
    if (!answer) return tl::unexpected(answer.error().words);
    HeldList list;
    const auto not_understood = tl::unexpected(path_ + ": the answer is none of connectord-held's");
    const auto listed = answer->find("messages");
    if (listed == answer->end() || !listed->is_array()) return not_understood;
    try {
      for (const Json& object : *listed) {
        if (auto message = message_from(object)) list.messages.push_back(std::move(*message));
      }
      list.left_out = answer->value("left_out", std::size_t{0});
    } catch (const Json::exception&) {
      return not_understood;
    }
    return list;
  }

  tl::expected<void, HeldFailure> carry_out(HeldOrder order, const std::string& queue_id) const override {
    if (!is_strict_queue_id(queue_id))
      return tl::unexpected(HeldFailure{.is_missing = true, .words = "that is no queue ID"});
    return ask(std::string(model::word_of(order)) + " " + queue_id).map([](const Json& /*answer*/) {});
  }

 private:
  tl::expected<Json, HeldFailure> ask(const std::string& request) const {
    const auto failed = [this](const std::string& why) {
      return tl::unexpected(HeldFailure{.is_missing = false, .words = path_ + ": " + why});
    };
    const auto endpoint = net::Endpoint::parse("unix:" + path_);
    if (!endpoint) return failed(endpoint.error());
    const auto connection = net::connect_to(*endpoint, limit_);
    if (!connection) {
      return failed(
          "connectord-held does not answer: systemctl enable --now connectord-held.socket; without systemd, "
          "root decides by connectorctl held");
    }
    const std::string line = request + "\n";
    const ssize_t sent = ::send(connection->get(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(line.size())) return failed("connectord-held does not listen");
    const Json answer = base::parse_sorted_json(read_answer(connection->get(), limit_));
    const bool is_answer = answer.is_object() && answer.contains("done") && answer["done"].is_boolean();
    if (!is_answer)
      return tl::unexpected(HeldFailure{.words = path_ + ": connectord-held gave no answer", .is_unknown = true});
    if (answer["done"].get<bool>()) return answer;
    const auto is_said = [&answer](const char* key) { return answer.contains(key) && answer[key] == true; };
    const bool has_words = answer.contains("error") && answer["error"].is_string();
    return tl::unexpected(HeldFailure{.is_missing = is_said("missing"),
                                      .words = has_words ? answer["error"].get<std::string>() : "it refuses",
                                      .is_unknown = is_said("unknown")});
  }

  std::string path_;
  std::chrono::milliseconds limit_;
};

}  // namespace

std::shared_ptr<const HeldMail> held_mail_by_helper(std::string socket_path, std::chrono::milliseconds limit) {
  return std::make_shared<HeldByHelper>(std::move(socket_path), limit);
}

std::string answer_about_held_mail(std::string_view request, const HeldMail& held) {
  if (request == "list") return list_in_words(held);
  const std::size_t space = request.find(' ');
  const auto order = model::value_of<HeldOrder>(request.substr(0, space));
  if (!order || space == std::string_view::npos) return refused({.words = "that is no request"});
  const std::string queue_id(request.substr(space + 1));
  if (!is_strict_queue_id(queue_id)) return refused({.is_missing = true, .words = "that is no queue ID"});
  const auto done = held.carry_out(*order, queue_id);
  return done ? line_of({{"done", true}}) : refused(done.error());
}

}  // namespace connectord::mta
