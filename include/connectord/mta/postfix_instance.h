#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/mta/main_cf.h"
#include "connectord/mta/postfix_plan.h"
#include "connectord/mta/record.h"

// The steps that attach and detach share: they change main.cf as a whole or not at all, and have Postfix reload.
namespace connectord::mta {

using Done = tl::expected<void, std::string>;

// One instance of Postfix, and one connectord.
class PostfixInstance {
 public:
  explicit PostfixInstance(std::string folder) : folder_(std::move(folder)) {}

  std::string main_cf() const { return folder_ + "/main.cf"; }
  std::string master_cf() const { return folder_ + "/master.cf"; }
  const std::string& folder() const { return folder_; }

  bool is_running() const;
  // Postfix's own check of its configuration; what it says where it finds fault.
  Done check() const;
  Done reload() const;

  // Replaces main.cf or master.cf if it is still what it was when the change was planned.
  static Done install(const std::string& file, const std::string& planned_from, const std::string& content);
  Done write_record(const Record& record) const;
  // Puts this content back, forgets the record and reloads.
  Done roll_back(const std::string& content, const std::optional<Record>& record) const;
  void forget(const Record& record) const;

 private:
  std::string folder_;
};

// What attach and detach begin with.
struct PostfixState {
  PostfixSetup setup;
  PostfixInstance instance;
  std::optional<Record> record;  // of an earlier attach
  std::string main_cf;           // its content
  std::string master_cf;         // its content
};
tl::expected<PostfixState, std::string> read_state(const std::string& folder);

std::vector<Assignment> assignments_of(const std::vector<Change>& changes);

}  // namespace connectord::mta
