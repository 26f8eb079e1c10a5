#include <array>
#include <utility>

#include "connectord/trace/entry.h"

namespace connectord::trace {
namespace {

constexpr std::array<std::pair<std::string_view, Status>, 6> statuses = {{
    {"getting_status", Status::getting_status},
    {"pending", Status::pending},
    {"delivered", Status::delivered},
    {"failed", Status::failed},
    {"quarantined", Status::quarantined},
    {"expanded", Status::expanded},
}};

}  // namespace

std::string_view to_string(Direction direction) {
  return direction == Direction::outbound ? "outbound" : "inbound";
}

std::string_view to_string(Status status) {
  for (const auto& [name, value] : statuses) {
    if (value == status) return name;
  }
  return "";
}

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::mail_from:
      return "mail_from";
    case Stage::rcpt_to:
      return "rcpt_to";
    case Stage::message:
      return "message";
    case Stage::mta:
      return "mta";
  }
  return "";
}

std::optional<Direction> parse_direction(std::string_view word) {
  for (const Direction direction : {Direction::inbound, Direction::outbound}) {
    if (word == to_string(direction)) return direction;
  }
  return std::nullopt;
}

std::optional<Status> parse_status(std::string_view word) {
  for (const auto& [name, value] : statuses) {
    if (name == word) return value;
  }
  return std::nullopt;
}

std::optional<model::Action> parse_action(std::string_view word) {
  using model::Action;
  for (const Action action : {Action::accept, Action::reject, Action::defer, Action::quarantine, Action::discard}) {
    if (word == model::to_string(action)) return action;
  }
  return std::nullopt;
}

}  // namespace connectord::trace
