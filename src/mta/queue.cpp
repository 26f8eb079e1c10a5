#include "connectord/mta/queue.h"

#include <sys/stat.h>

#include <array>
#include <nlohmann/json.hpp>

#include "connectord/base/json.h"
#include "connectord/mta/time_limit.h"
#include "program.h"

namespace connectord::mta {
namespace {

using Parsed = nlohmann::json;

constexpr std::size_t max_text_length = 1024;

std::string text_at(const Parsed& object, const char* key) {
  const auto value = object.find(key);
  if (value == object.end() || !value->is_string()) return {};
  return value->get_ref<const std::string&>().substr(0, max_text_length);
}

template <class Number>
Number number_at(const Parsed& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && value->is_number_integer() ? value->get<Number>() : Number{};
}

void add_recipients(const Parsed& object, QueuedMessage& message) {
  const auto recipients = object.find("recipients");
  if (recipients == object.end() || !recipients->is_array()) return;
  for (const Parsed& recipient : *recipients) {
    if (recipient.is_object())
      message.recipients.push_back({text_at(recipient, "address"), text_at(recipient, "delay_reason")});
  }
}

std::optional<QueuedMessage> message_of(std::string_view line) {
  const Parsed object = base::parse_sorted_json(line);
  if (!object.is_object()) return std::nullopt;
  QueuedMessage message;
  message.queue_id = text_at(object, "queue_id");
  if (message.queue_id.empty()) return std::nullopt;
  message.held = text_at(object, "queue_name") == "hold";
  message.arrived = number_at<std::int64_t>(object, "arrival_time");
  message.size = number_at<std::uint64_t>(object, "message_size");
  message.sender = text_at(object, "sender");
  if (message.sender == "MAILER-DAEMON") message.sender.clear();
  add_recipients(object, message);
  return message;
}

// Below a hashed queue, files lie in folders named after the first letters of their names (qmgr(8): hash_queue_depth).
std::optional<std::int64_t> time_of_next_try(const PostfixSetup& setup, const std::string& queue_id) {
  constexpr std::size_t max_depth = 4;
  const std::string folder = setup.queue_directory + "/deferred/";
  std::string hashed;
  for (std::size_t depth = 0; depth <= max_depth; ++depth) {
    struct stat info {};
    if (::stat((folder + hashed + queue_id).c_str(), &info) == 0) return info.st_mtim.tv_sec;
    if (depth < queue_id.size()) hashed += std::string(1, queue_id[depth]) + "/";
  }
  return std::nullopt;
}

bool is_file_name(const std::string& queue_id) {
  return queue_id.find('/') == std::string::npos && queue_id.front() != '.';
}

QueueTimes times_of(const PostfixSetup& setup) {
  return {mta_seconds(setup.effective("maximal_queue_lifetime"), 'd'),
          mta_seconds(setup.effective("bounce_queue_lifetime"), 'd'),
          mta_seconds(setup.effective("minimal_backoff_time")), mta_seconds(setup.effective("maximal_backoff_time"))};
}

// What to do about it, where a program without root's rights is kept from asking.
std::string advice_at(const std::string& error) {
  const bool is_kept_out = error.find("ermission denied") != std::string::npos ||
                           error.find("not permitted") != std::string::npos ||
                           error.find("setgid") != std::string::npos;
  if (!is_kept_out) return error;
  return error + "; let connectord's user ask: adduser connectord postdrop && systemctl restart connectord";
}

}  // namespace

Queue parse_postqueue(std::string_view text) {
  Queue queue;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    auto message = message_of(line);
    if (!message) continue;
    if (queue.messages.size() >= max_queued_messages) {
      ++queue.left_out;
    } else {
      queue.messages.push_back(std::move(*message));
    }
  }
  return queue;
}

tl::expected<Queue, std::string> read_queue(const PostfixSetup& setup) {
  const auto output = output_of({"postqueue", "-c", setup.folder, "-j"});
  if (!output) return tl::unexpected(advice_at(output.error()));
  Queue queue = parse_postqueue(*output);
  queue.times = times_of(setup);
  for (QueuedMessage& message : queue.messages) {
    if (!message.held && is_file_name(message.queue_id)) message.next_try = time_of_next_try(setup, message.queue_id);
  }
  return queue;
}

}  // namespace connectord::mta
