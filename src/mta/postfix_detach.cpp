#include "connectord/base/digest.h"
#include "connectord/mta/files.h"
#include "connectord/mta/postfix_attachment.h"
#include "connectord/runtime/load_policy.h"
#include "postfix_run.h"

namespace connectord::mta {
namespace {

class PostfixDetacher : private PostfixRun {
 public:
  PostfixDetacher(const std::string& folder, const Order& order) : PostfixRun(folder, order) {}

  PostfixReport run() {
    return PostfixRun::run([this] { return plan(); }, [this] { decide(); });
  }

 private:
  Done plan() {
    report_.after = report_.before;
    report_.master_after = edited_master_cf(report_.master_before, own_services_to_remove(setup_, {}));
    if (record_) {
      const std::string now = base::sha256_hex(report_.before);
      // Cut off before it changed anything, or put back by hand.
      if (now == record_->before_sha256) return {};
      if (now == record_->after_sha256 && !record_->backup.empty()) {
        auto backup = read_file(record_->backup);
        if (backup && base::sha256_hex(*backup) == record_->before_sha256) {
          report_.after = std::move(*backup);
          report_.restored_whole = true;
          return {};
        }
      }
    }
    return plan_by_parameters();
  }

  Done plan_by_parameters() {
    MtaRequirements required;
    if (!record_) {
      // Attached by hand, or not at all: what to look for is in connectord's configuration.
      runtime::LoadedPolicy loaded =
          runtime::load_policy(order_.configuration, runtime::environment_of_host(), runtime::SecretFiles::leave);
      if (!loaded.policy) {
        report_.problems = std::move(loaded.problems);
        return tl::unexpected(std::string("nothing tells what to look for in main.cf: there is no ") +
                              record_file(setup_.folder) + ", and connectord's configuration does not load");
      }
      required = mta_requirements_of(order_.configuration, loaded.policy->configuration());
    }
    const Removal removal = plan_removal(setup_, record_, required);
    report_.left = removal.left;
    std::vector<Assignment> assignments;
    for (const Removal::Edit& edit : removal.edits) assignments.emplace_back(edit.parameter, edit.after);
    if (assignments.empty()) return {};
    auto after = edited_main_cf(report_.before, assignments);
    if (!after) return tl::unexpected(after.error());
    report_.after = std::move(*after);
    return {};
  }

  void decide() {
    if (!changes_anything() && !record_) return end(Result::not_attached);
    if (!order_.carry_out) return end(Result::would_detach);
    apply();
  }

  void apply() {
    if (auto claimed = claim(); !claimed) return end(Result::refused, claimed.error());
    const bool running = instance_->is_running();
    if (changes_anything()) {
      if (auto changed = change(); !changed) return end(Result::failed, changed.error());
    }
    if (running) {
      if (auto reloaded = instance_->reload(); !reloaded) return end(Result::failed, reloaded.error());
    }
    if (record_) forget();
    end(changes_anything() ? Result::detached : Result::not_attached);
  }

  bool changes_anything() const { return report_.after != report_.before || changes_services(); }

  // main.cf first, so that nothing names a service that is gone.
  Done change() {
    if (auto installed = PostfixInstance::install(instance_->main_cf(), report_.before, report_.after); !installed) {
      return installed;
    }
    if (auto installed = install_services(); !installed) return installed;
    const auto checked = instance_->check();
    report_.changed = checked.has_value();
    if (checked) return {};
    const auto back = replace_file(instance_->main_cf(), report_.before, instance_->main_cf()).and_then([this] {
      return put_services_back();
    });
    return tl::unexpected(checked.error() + (back ? "; main.cf and master.cf are as they were" : "; " + back.error()));
  }

  // Where others have changed main.cf, the copy of what it was before is of use yet.
  void forget() {
    if (!report_.restored_whole && report_.after != report_.before && !record_->backup.empty()) {
      report_.left.push_back(record_->backup + " is main.cf as it was before attach; delete it when you like");
      record_->backup.clear();
    }
    instance_->forget(*record_);
  }
};

}  // namespace

PostfixReport detach_postfix(const std::string& folder, const Order& order) {
  return PostfixDetacher(folder, order).run();
}

}  // namespace connectord::mta
