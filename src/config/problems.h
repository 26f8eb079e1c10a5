#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "connectord/model/configuration.h"

namespace connectord::config {

// Collects what is wrong with a configuration. Not thread-safe.
class Problems {
 public:
  // More than a person will read; what is beyond is counted only, so that memory stays bounded.
  static constexpr std::size_t most = 1000;

  void error(model::Location location, std::string key, std::string message);
  void warning(model::Location location, std::string key, std::string message);
  std::size_t errors() const { return errors_; }

  // A state to return to, for whoever tries one way of reading and may have to take another.
  struct Mark {
    std::size_t listed;
    std::size_t errors;
    std::size_t left_out;
  };
  Mark mark() const { return {problems_.size(), errors_, left_out_}; }
  void return_to(const Mark& mark);

  // In the order in which `files` were read, then by line. Leaves this empty.
  std::vector<model::Problem> take(const std::vector<std::shared_ptr<const std::string>>& files);

 private:
  void add(model::Problem problem);

  std::vector<model::Problem> problems_;
  std::size_t errors_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace connectord::config
