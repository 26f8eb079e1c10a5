#include "connectord/model/configuration.h"

namespace connectord::model {

std::string to_string(const Problem& problem) {
  std::string text = to_string(problem.location);
  text += problem.severity == Problem::Severity::error ? ": error: " : ": warning: ";
  if (!problem.key.empty()) text += problem.key + ": ";
  return text + problem.message;
}

}  // namespace connectord::model
