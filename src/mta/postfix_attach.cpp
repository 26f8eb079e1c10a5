#include <filesystem>

#include "connectord/base/digest.h"
#include "connectord/base/time.h"
#include "connectord/mta/files.h"
#include "connectord/mta/listener_access.h"
#include "connectord/mta/postfix_attachment.h"
#include "connectord/mta/running_daemon.h"
#include "postfix_run.h"
#include "postfix_smtp_listener.h"
#include "verification.h"

namespace connectord::mta {
namespace {

std::string utc_now() {
  return base::utc_text(base::unix_time());
}

// "20261121T120000Z"
std::string compact(std::string time) {
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return time;
}

class PostfixAttacher : private PostfixRun {
 public:
  PostfixAttacher(const std::string& folder, const Order& order, const model::Configuration& configuration)
      : PostfixRun(folder, order),
        user_(configuration.server.user),
        required_(mta_requirements_of(order.configuration, configuration)) {}

  PostfixReport run() {
    return PostfixRun::run([this] { return plan(); }, [this] { decide(); });
  }

 private:
  Done plan() {
    // An attach that was cut off before it changed anything.
    if (record_ && record_->before_sha256 == base::sha256_hex(report_.before)) record_.reset();
    const PostfixSetup as_it_is = setup_;
    const std::vector<std::string> retired = retire(setup_, record_, required_);
    Plan plan = plan_postfix(setup_, required_);
    report_.changes = std::move(plan.changes);
    report_.services = std::move(plan.services);
    report_.master_after = edited_master_cf(report_.master_before, report_.services);
    report_.refusals = std::move(plan.refusals);
    report_.missing = std::move(plan.open);
    report_.warnings = std::move(plan.warnings);
    for (const std::string& parameter : retired) drop_retired(parameter, as_it_is);
    for (Advice& advice : unreachable_listeners(setup_, required_)) report_.refusals.push_back(std::move(advice));
    auto after = edited_main_cf(report_.before, assignments_of(report_.changes));
    if (!after) return tl::unexpected(after.error());
    report_.after = std::move(*after);
    return {};
  }

  // Where an old listener of connectord's is in a list, the change is from what the list is, not from what it is
  // without.
  void drop_retired(const std::string& parameter, const PostfixSetup& as_it_is) {
    for (Change& change : report_.changes) {
      if (change.parameter != parameter) continue;
      change.before = as_it_is.value(parameter);
      return;
    }
    report_.changes.push_back({parameter, as_it_is.value(parameter), setup_.value(parameter),
                               "connectord no longer listens where it was attached before", ""});
  }

  void decide() {
    const bool attached = is_as_planned();
    const bool unproved = record_ && !record_->proved && order_.converse;
    if (!report_.refusals.empty()) return end(Result::refused);
    if (attached && !(unproved && order_.carry_out)) {
      return end(unproved ? Result::not_proved : Result::attached_already);
    }
    if (!order_.carry_out) return end(Result::would_attach);
    apply();
  }

  void apply() {
    if (auto claimed = claim(); !claimed) return end(Result::refused, claimed.error());
    if (auto health = ask_running_daemon(order_.configuration, user_); !health) {
      return end(Result::refused, health.error().what + "; " + health.error().write);
    }
    if (!instance_->is_running()) {
      return end(Result::refused, "this Postfix does not run, so nothing could be proved; start it: postfix -c " +
                                      setup_.folder + " start");
    }
    if (auto changed = change(); !changed) return end(Result::failed, changed.error());
    if (auto proved = prove(); !proved) return undo(proved.error());
    end(is_as_planned() ? Result::proved : Result::attached);
  }

  bool is_as_planned() const { return report_.changes.empty() && report_.services.empty(); }

  // Services first: as long as nobody names them, they do nothing.
  Done change() {
    if (auto installed = install_services(); !installed) return installed;
    if (report_.changes.empty()) return {};
    auto changed = change_parameters();
    if (!changed) static_cast<void>(put_services_back());
    return changed;
  }

  // In this order a run may be cut off anywhere: the copy and the record harm nobody until main.cf is changed.
  Done change_parameters() {
    Record next = recorded(record_, report_.changes);
    const bool untouched = !record_ || record_->after_sha256 == base::sha256_hex(report_.before);
    if (!record_) {
      next.backup = instance_->main_cf() + ".before-connectord-" + compact(utc_now());
      next.before_sha256 = base::sha256_hex(report_.before);
      if (auto copied = replace_file(next.backup, report_.before, instance_->main_cf()); !copied) return copied;
    }
    // What others have changed since cannot be put back by putting the old file back.
    if (!untouched) next.backup.clear();
    next.configuration = order_.configuration;
    next.attached = utc_now();
    next.after_sha256 = base::sha256_hex(report_.after);
    if (auto written = instance_->write_record(next); !written) return written;
    if (auto installed = instance_->install(instance_->main_cf(), report_.before, report_.after); !installed) {
      record_ ? void(instance_->write_record(*record_)) : instance_->forget(next);
      return installed;
    }
    report_.changed = true;
    report_.backup = next.backup;
    next_ = std::move(next);
    return {};
  }

  Done prove() {
    if (auto checked = instance_->check(); !checked) return checked;
    if (auto reloaded = instance_->reload(); !reloaded) return reloaded;
    Record next = next_.value_or(record_.value_or(Record{}));
    if (order_.converse) {
      const auto smtp_listener = smtp_listener_of(setup_, required_);
      if (!smtp_listener) return tl::unexpected(smtp_listener.error());
      auto seen = verify_attached(
          {*smtp_listener, own_recipient(setup_), required_.milter.has_value(), required_.policy.has_value()},
          [this] { return ask_running_daemon(order_.configuration, user_); });
      if (!seen) return tl::unexpected(seen.error());
      report_.proof = std::move(*seen);
    }
    next.proved = order_.converse;
    // Where it was attached by hand, nothing of main.cf was ours.
    return next_ || record_ ? instance_->write_record(next) : Done();
  }

  void undo(const std::string& why) {
    const auto services_back = put_services_back();
    if (!services_back)
      return end(Result::failed, why + "; and putting master.cf back failed: " + services_back.error());
    if (!next_) {
      if (changes_services()) void(instance_->reload());
      return end(Result::failed, why + "; main.cf was not changed by this run" +
                                     (changes_services() ? ", and master.cf is as it was before" : ""));
    }
    const auto back = instance_->roll_back(report_.before, record_);
    std::error_code ignored;
    if (back && !record_) std::filesystem::remove(next_->backup, ignored);
    if (!back) {
      return end(Result::failed,
                 why + "; and putting main.cf back failed: " + back.error() + "; its copy is " + next_->backup);
    }
    end(Result::rolled_back, why + "; main.cf is as it was before, and Postfix is reloaded");
  }

  std::string user_;
  MtaRequirements required_;
  std::optional<Record> next_;  // of this one, when main.cf is changed
};

}  // namespace

PostfixReport attach_postfix(const std::string& folder, const Order& order, const model::Configuration& configuration) {
  return PostfixAttacher(folder, order, configuration).run();
}

}  // namespace connectord::mta
