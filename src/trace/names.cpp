#include "connectord/trace/entry.h"

namespace connectord::trace {

std::string_view to_string(Direction direction) {
  return model::word_of(direction);
}

std::string_view to_string(Status status) {
  return model::word_of(status);
}

std::string_view to_string(Stage stage) {
  return model::word_of(stage);
}

std::optional<Direction> parse_direction(std::string_view word) {
  return model::value_of<Direction>(word);
}

std::optional<Status> parse_status(std::string_view word) {
  return model::value_of<Status>(word);
}

std::optional<model::Action> parse_action(std::string_view word) {
  return model::value_of<model::Action>(word);
}

}  // namespace connectord::trace
