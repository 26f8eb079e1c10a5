#pragma once

#include <optional>
#include <string>

#include "connectord/mta/files.h"
#include "connectord/mta/postfix_attachment.h"
#include "connectord/mta/postfix_instance.h"

namespace connectord::mta {

// What attaching to a Postfix and detaching from it share.
class PostfixRun {
 protected:
  PostfixRun(const std::string& folder, const Order& order) : order_(order) {
    report_.folder = folder;
    report_.file = "main.cf";
  }

  // `decide` is called where `plan` has one.
  template <class Planner, class Decider>
  PostfixReport run(const Planner& plan, const Decider& decide) {
    if (auto planned = begin().and_then(plan); planned) {
      decide();
    } else {
      end(Result::failed, planned.error());
    }
    return std::move(report_);
  }

  // Why main.cf may not be changed by this run. Holds the lock from here on.
  Done claim() {
    for (const std::string& file : {instance_->main_cf(), instance_->master_cf()}) {
      if (file == instance_->master_cf() && !changes_services()) continue;
      if (std::string obstacle = obstacle_to_replacing(file); !obstacle.empty()) {
        return tl::unexpected(std::move(obstacle));
      }
    }
    lock_ = lock_folder(setup_.folder);
    return lock_ ? Done() : tl::unexpected("another connectorctl is at " + setup_.folder);
  }

  bool changes_services() const { return report_.master_after != report_.master_before; }

  Done install_services() const {
    if (!changes_services()) return {};
    return PostfixInstance::install(instance_->master_cf(), report_.master_before, report_.master_after);
  }

  // After that, and where what follows fails.
  Done put_services_back() const {
    if (!changes_services()) return {};
    return replace_file(instance_->master_cf(), report_.master_before, instance_->master_cf());
  }

  void end(Result result, std::string why = {}) {
    report_.result = result;
    report_.error = std::move(why);
  }

  const Order& order_;
  PostfixSetup setup_;
  std::optional<PostfixInstance> instance_;
  std::optional<Record> record_;  // of an earlier attach
  PostfixReport report_;

 private:
  // Reads how it is now.
  Done begin() {
    auto state = read_state(report_.folder);
    if (!state) return tl::unexpected(state.error());
    setup_ = std::move(state->setup);
    instance_.emplace(std::move(state->instance));
    record_ = std::move(state->record);
    report_.before = std::move(state->main_cf);
    report_.master_file = instance_->master_cf();
    report_.master_before = std::move(state->master_cf);
    report_.master_after = report_.master_before;
    report_.version = setup_.version;
    report_.file = instance_->main_cf();
    return {};
  }

  std::optional<base::FileDescriptor> lock_;
};

}  // namespace connectord::mta
