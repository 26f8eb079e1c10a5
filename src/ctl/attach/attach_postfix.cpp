// connectorctl attach postfix
#include <filesystem>
#include <ostream>

#include "../configuration_file.h"
#include "../table.h"
#include "attach_commands.h"
#include "connectord/net/digest.h"
#include "connectord/net/display_control.h"
#include "files.h"
#include "postfix_attachment.h"
#include "probe.h"
#include "proof.h"
#include "reach.h"
#include "report.h"
#include "running_daemon.h"

namespace connectord::ctl {
namespace {

// "20261121T120000Z"
std::string compact(std::string time) {
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return time;
}

class AttachPostfix {
 public:
  AttachPostfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal)
      : arguments_(arguments), common_(common), terminal_(terminal) {}

  Status run() {
    const auto policy = load_or_complain(common_, terminal_);
    if (!policy) return Status::wrong_input;
    user_ = policy->configuration().server.user;
    wanted_ = wanted_by(common_.configuration, policy->configuration());
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
    // An attach that was cut off before it changed anything.
    if (record_ && record_->before_sha256 == net::sha256_hex(before_)) record_.reset();
    const PostfixSetup as_it_is = setup_;
    const std::vector<std::string> retired = retire(setup_, record_, wanted_);
    plan_ = plan_postfix(setup_, wanted_);
    for (const std::string& parameter : retired) drop_retired(parameter, as_it_is);
    for (Advice& advice : unreachable_listeners(setup_, wanted_)) plan_.refusals.push_back(std::move(advice));
    auto after = edited_main_cf(before_, assignments_of(plan_.changes));
    if (!after) return tl::unexpected(after.error());
    after_ = std::move(*after);
    return {};
  }

  // Where an old listener of connectord's is in a list, the change is from what the list is, not from what it is
  // without.
  void drop_retired(const std::string& parameter, const PostfixSetup& as_it_is) {
    for (Change& change : plan_.changes) {
      if (change.parameter != parameter) continue;
      change.before = as_it_is.value(parameter);
      return;
    }
    plan_.changes.push_back({parameter, as_it_is.value(parameter), setup_.value(parameter),
                             "connectord no longer listens where it was attached before", ""});
  }

  Status decide() {
    const bool attached = plan_.changes.empty();
    const bool unproved = record_ && !record_->proved && arguments_.probe;
    if (!plan_.refusals.empty()) return report("refused", Status::wrong_input);
    if (attached && !(unproved && arguments_.yes)) {
      return report(unproved ? "not proved" : "attached already", Status::answered);
    }
    if (!arguments_.yes) return report("would attach", Status::answered);
    return apply();
  }

  Status apply() {
    if (const std::string obstacle = obstacle_to_replacing(instance_->main_cf()); !obstacle.empty())
      return fail("refused", obstacle);
    const auto lock = lock_folder(setup_.folder);
    if (!lock) return fail("refused", "another connectorctl is at " + setup_.folder);
    if (auto health = ask_running_daemon(common_.configuration, user_); !health) return fail("refused", health.error());
    if (!instance_->is_running()) {
      return fail("refused", "this Postfix does not run, so nothing could be proved; start it: postfix -c " +
                                 setup_.folder + " start");
    }
    if (!plan_.changes.empty()) {
      if (auto changed = change(); !changed) return fail("failed", changed.error());
    }
    if (auto proved = prove(); !proved) return undo(proved.error());
    return report(plan_.changes.empty() ? "proved" : "attached", Status::answered);
  }

  // In this order a run may be cut off anywhere: the copy and the record harm nobody until main.cf is changed.
  Done change() {
    Record next = recorded(record_, plan_.changes);
    const bool untouched = !record_ || record_->after_sha256 == net::sha256_hex(before_);
    if (!record_) {
      next.backup = instance_->main_cf() + ".before-connectord-" + compact(utc_now());
      next.before_sha256 = net::sha256_hex(before_);
      if (auto copied = replace_file(next.backup, before_, instance_->main_cf()); !copied) return copied;
    }
    // What others have changed since cannot be put back by putting the old file back.
    if (!untouched) next.backup.clear();
    next.configuration = common_.configuration;
    next.attached = utc_now();
    next.after_sha256 = net::sha256_hex(after_);
    if (auto written = instance_->write_record(next); !written) return written;
    if (auto installed = instance_->install(before_, after_); !installed) {
      record_ ? void(instance_->write_record(*record_)) : instance_->forget(next);
      return installed;
    }
    next_ = std::move(next);
    return {};
  }

  Done prove() {
    if (auto checked = instance_->check(); !checked) return checked;
    if (auto reloaded = instance_->reload(); !reloaded) return reloaded;
    Record next = next_.value_or(record_.value_or(Record{}));
    if (arguments_.probe) {
      const auto entrance = entrance_of(setup_, wanted_);
      if (!entrance) return tl::unexpected(entrance.error());
      auto seen =
          prove_attached({*entrance, own_recipient(setup_), wanted_.milter.has_value(), wanted_.policy.has_value()},
                         [this] { return ask_running_daemon(common_.configuration, user_); });
      if (!seen) return tl::unexpected(seen.error());
      proof_ = std::move(*seen);
    }
    next.proved = arguments_.probe;
    return instance_->write_record(next);
  }

  Status undo(const std::string& why) {
    if (!next_) return fail("failed", why + "; main.cf was not changed by this run");
    const auto back = instance_->roll_back(before_, record_);
    std::error_code ignored;
    if (back && !record_) std::filesystem::remove(next_->backup, ignored);
    if (!back)
      return fail("failed",
                  why + "; and putting main.cf back failed: " + back.error() + "; its copy is " + next_->backup);
    return fail("rolled back", why + "; main.cf is as it was before, and Postfix is reloaded");
  }

  Status report(const std::string& result, Status status) {
    if (common_.json) {
      print_json(result, "");
      return status;
    }
    print_plan();
    print_result(result);
    return status;
  }

  Status fail(const std::string& result, const std::string& why) {
    if (common_.json) {
      print_json(result, why);
    } else {
      terminal_.error << "connectorctl: " << why << '\n';
    }
    return Status::wrong_input;
  }

  void print_json(const std::string& result, const std::string& why) {
    Json object;
    object["mta"] = setup_.version.empty() ? Json(nullptr) : Json("Postfix " + setup_.version);
    object["configuration_directory"] = arguments_.folder;
    object["result"] = result;
    object["error"] = why.empty() ? Json(nullptr) : Json(why);
    object["changes"] = Json::array();
    for (const Change& change : plan_.changes) {
      object["changes"].push_back({{"parameter", change.parameter},
                                   {"before", change.before ? Json(*change.before) : Json(nullptr)},
                                   {"after", change.after},
                                   {"reason", change.reason}});
    }
    object["diff"] = diff();
    object["refusals"] = to_json(plan_.refusals);
    object["missing"] = to_json(plan_.open);
    object["warnings"] = to_json(plan_.warnings);
    object["proof"] = proof_.empty() ? Json(nullptr) : Json(proof_);
    terminal_.out << net::escape_display_controls(object.dump(2, ' ', false, Json::error_handler_t::replace)) << '\n';
  }

  std::string diff() const { return unified_diff(instance_ ? instance_->main_cf() : "main.cf", before_, after_); }

  void print_plan() {
    if (!plan_.changes.empty()) {
      std::vector<std::vector<std::string>> rows;
      for (const Change& change : plan_.changes) rows.push_back({change.parameter, change.reason});
      write_table(terminal_.out, rows);
      terminal_.out << '\n' << diff() << '\n';
    }
    print_advice(terminal_.error, "missing", plan_.open);
    print_advice(terminal_.error, "warning", plan_.warnings);
    print_advice(terminal_.error, "refused", plan_.refusals);
  }

  void print_result(const std::string& result) {
    const std::string& main_cf = instance_->main_cf();
    if (result == "attached already") {
      terminal_.out << main_cf << ": attached already, nothing to do\n";
    } else if (result == "not proved") {
      terminal_.out << main_cf
                    << ": attached, but no probe has shown that connectord is asked; to make it: " << command_line()
                    << '\n';
    } else if (result == "would attach") {
      terminal_.out << "Nothing is changed yet. To do it: " << command_line() << '\n';
    } else if (result == "refused") {
      terminal_.error << main_cf << ": nothing is changed\n";
    } else {
      if (next_) {
        terminal_.out << main_cf << ": attached; ";
        terminal_.out << (next_->backup.empty() ? "" : "as it was before: " + next_->backup) << '\n';
      }
      terminal_.out << (proof_.empty() ? "not proved: no probe was made" : proof_) << '\n';
    }
  }

  std::string command_line() const {
    std::string line = "connectorctl attach postfix --yes";
    if (common_.configuration != Common().configuration) line += " --config " + common_.configuration;
    if (setup_.folder != "/etc/postfix") line += " --postfix-config " + setup_.folder;
    return line;
  }

  const AttachArguments& arguments_;
  const Common& common_;
  const Terminal& terminal_;
  std::string user_;
  Wanted wanted_;
  PostfixSetup setup_;
  std::optional<PostfixInstance> instance_;
  std::optional<Record> record_;  // of an earlier attach
  std::optional<Record> next_;    // of this one, when main.cf is changed
  std::string before_;
  std::string after_;
  Plan plan_;
  std::string proof_;
};

}  // namespace

Status attach_postfix(const AttachArguments& arguments, const Common& common, const Terminal& terminal) {
  return AttachPostfix(arguments, common, terminal).run();
}

}  // namespace connectord::ctl
