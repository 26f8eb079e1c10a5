// connectorctl detach postfix
#include <filesystem>
#include <ostream>

#include "../configuration_file.h"
#include "attach_commands.h"
#include "connectord/net/digest.h"
#include "files.h"
#include "postfix_attachment.h"
#include "report.h"

namespace connectord::ctl {
namespace {

class DetachPostfix {
 public:
  DetachPostfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal)
      : arguments_(arguments), common_(common), terminal_(terminal) {}

  Status run() {
    auto state = read_state(arguments_.folder);
    if (!state) return fail("failed", state.error());
    setup_ = std::move(state->setup);
    instance_.emplace(std::move(state->instance));
    record_ = std::move(state->record);
    before_ = std::move(state->main_cf);
    if (auto planned = plan(); !planned) return fail("failed", planned.error());
    return decide();
  }

 private:
  Done plan() {
    after_ = before_;
    if (record_) {
      const std::string now = net::sha256_hex(before_);
      // Cut off before it changed anything, or put back by hand.
      if (now == record_->before_sha256) return {};
      if (now == record_->after_sha256 && !record_->backup.empty()) {
        auto backup = read_file(record_->backup);
        if (backup && net::sha256_hex(*backup) == record_->before_sha256) {
          after_ = std::move(*backup);
          whole_ = true;
          return {};
        }
      }
    }
    return plan_by_parameters();
  }

  Done plan_by_parameters() {
    Wanted wanted;
    if (!record_) {
      // Attached by hand, or not at all: what to look for is in connectord's configuration.
      const runtime::LoadedPolicy loaded = load(common_, runtime::SecretFiles::leave);
      if (!loaded.policy) {
        print_problems(loaded.problems, terminal_);
        return tl::unexpected(std::string("nothing tells what to look for in main.cf: there is no ") +
                              record_file(setup_.folder) + ", and connectord's configuration does not load");
      }
      wanted = wanted_by(common_.configuration, loaded.policy->configuration());
    }
    const Removal removal = plan_removal(setup_, record_, wanted);
    left_ = removal.left;
    std::vector<Assignment> assignments;
    for (const Removal::Edit& edit : removal.edits) assignments.emplace_back(edit.parameter, edit.after);
    if (assignments.empty()) return {};
    auto after = edited_main_cf(before_, assignments);
    if (!after) return tl::unexpected(after.error());
    after_ = std::move(*after);
    return {};
  }

  Status decide() {
    if (after_ == before_ && !record_) return report("not attached");
    if (!arguments_.yes) return report("would detach");
    return apply();
  }

  Status apply() {
    if (const std::string obstacle = obstacle_to_replacing(instance_->main_cf()); !obstacle.empty())
      return fail("refused", obstacle);
    const auto lock = lock_folder(setup_.folder);
    if (!lock) return fail("refused", "another connectorctl is at " + setup_.folder);
    const bool running = instance_->is_running();
    if (after_ != before_) {
      if (auto installed = instance_->install(before_, after_); !installed) return fail("failed", installed.error());
      if (auto checked = instance_->check(); !checked) {
        const auto back = replace_file(instance_->main_cf(), before_, instance_->main_cf());
        return fail("failed", checked.error() + (back ? "; main.cf is as it was" : "; " + back.error()));
      }
    }
    if (running) {
      if (auto reloaded = instance_->reload(); !reloaded) return fail("failed", reloaded.error());
    }
    if (record_) forget();
    return report(after_ == before_ ? "not attached" : "detached");
  }

  // Where others have changed main.cf, the copy of what it was before is of use yet.
  void forget() {
    if (!whole_ && after_ != before_ && !record_->backup.empty()) {
      left_.push_back(record_->backup + " is main.cf as it was before attach; delete it when you like");
      record_->backup.clear();
    }
    instance_->forget(*record_);
  }

  Status report(const std::string& result) {
    const std::string diff = unified_diff(instance_->main_cf(), before_, after_);
    if (common_.json) {
      print_json(result, diff, "");
      return Status::answered;
    }
    if (!diff.empty()) terminal_.out << diff << '\n';
    for (const std::string& line : left_) terminal_.out << "left: " << line << '\n';
    if (result == "not attached") {
      terminal_.out << instance_->main_cf() << ": not attached, nothing to do\n";
    } else if (result == "would detach") {
      terminal_.out << "Nothing is changed yet. To do it: connectorctl detach postfix --yes"
                    << (setup_.folder == "/etc/postfix" ? "" : " --postfix-config " + setup_.folder) << '\n';
    } else {
      terminal_.out << instance_->main_cf() << ": detached"
                    << (whole_ ? "; it is what it was before attach, to the byte" : "") << '\n';
    }
    return Status::answered;
  }

  Status fail(const std::string& result, const std::string& why) {
    if (common_.json) {
      print_json(result, "", why);
    } else {
      terminal_.error << "connectorctl: " << why << '\n';
    }
    return Status::wrong_input;
  }

  void print_json(const std::string& result, const std::string& diff, const std::string& why) {
    Json object;
    object["mta"] = setup_.version.empty() ? Json(nullptr) : Json("Postfix " + setup_.version);
    object["configuration_directory"] = arguments_.folder;
    object["result"] = result;
    object["error"] = why.empty() ? Json(nullptr) : Json(why);
    object["diff"] = diff;
    object["restored_to_the_byte"] = whole_;
    object["left"] = left_;
    terminal_.out << object.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  }

  const AttachArguments& arguments_;
  const Common& common_;
  const Terminal& terminal_;
  PostfixSetup setup_;
  std::optional<PostfixInstance> instance_;
  std::optional<Record> record_;
  std::string before_;
  std::string after_;
  std::vector<std::string> left_;
  bool whole_ = false;
};

}  // namespace

Status detach_postfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal) {
  return DetachPostfix(arguments, common, terminal).run();
}

}  // namespace connectord::ctl
