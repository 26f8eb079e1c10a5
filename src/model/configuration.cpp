#include "connectord/model/configuration.h"

namespace connectord::model {

Configuration::Configuration() = default;
Configuration::Configuration(const Configuration&) = default;
Configuration::Configuration(Configuration&&) noexcept = default;
Configuration& Configuration::operator=(const Configuration&) = default;
Configuration& Configuration::operator=(Configuration&&) noexcept = default;
Configuration::~Configuration() = default;

Server::Server() = default;
Server::Server(const Server&) = default;
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(const Server&) = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

std::string to_string(const Problem& problem) {
  std::string text = to_string(problem.location);
  text += problem.severity == Problem::Severity::error ? ": error: " : ": warning: ";
  if (!problem.key.empty()) text += problem.key + ": ";
  return text + problem.message;
}

}  // namespace connectord::model
