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

constexpr std::array<std::pair<std::string_view, SpokenStatus>, 16> spoken_words = {{
    {"accepted", {Status::getting_status}},
    {"delivered", {Status::delivered}},
    {"deferred", {Status::pending}},
    {"bounced", {Status::failed, true}},
    {"refused", {Status::failed, false}},
    {"quarantined", {Status::quarantined}},
    {"expanded", {Status::expanded}},
    {"sent", {Status::delivered}},
    {"waiting", {Status::pending}},
    {"queued", {Status::pending}},
    {"rejected", {Status::failed, false}},
    {"held", {Status::quarantined}},
    {"failed", {Status::failed}},
    {"pending", {Status::pending}},
    {"getting_status", {Status::getting_status}},
    {"unknown", {Status::getting_status}},
}};

}  // namespace

std::string_view spoken(Status status, model::Action action) {
  const bool was_taken = action == model::Action::accept || action == model::Action::quarantine;
  for (const auto& [word, meaning] : spoken_words) {
    if (meaning.status == status && meaning.was_taken.value_or(was_taken) == was_taken) return word;
  }
  return "";
}

std::optional<SpokenStatus> parse_spoken_status(std::string_view word) {
  for (const auto& [name, meaning] : spoken_words) {
    if (name == word) return meaning;
  }
  return std::nullopt;
}

std::vector<std::string> spoken_statuses() {
  std::vector<std::string> words;
  for (const auto& [word, meaning] : spoken_words) words.emplace_back(word);
  return words;
}

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

std::optional<model::Action> parse_action(std::string_view word) {
  return model::value_of<model::Action>(word);
}

}  // namespace connectord::trace
