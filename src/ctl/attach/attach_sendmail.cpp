// connectorctl attach sendmail, detach sendmail
#include <signal.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <ostream>

#include "../configuration_file.h"
#include "attach_commands.h"
#include "connectord/net/listener.h"
#include "files.h"
#include "main_cf.h"
#include "program.h"
#include "proof.h"
#include "report.h"
#include "running_daemon.h"
#include "sendmail_plan.h"

namespace connectord::ctl {
namespace {

using Done = tl::expected<void, std::string>;

class Sendmail {
 public:
  Sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal)
      : arguments_(arguments), common_(common), terminal_(terminal), mc_(arguments.sendmail_mc) {}

  Status attach() {
    if (const auto ready = begin(); ready) return *ready;
    plan_ = plan_sendmail(before_, wanted_);
    after_ = plan_.after;
    if (!plan_.refusals.empty()) return report("refused", Status::wrong_input);
    const bool built = plan_.attached && cf_of_now().asks_connectord;
    if (built) return report("attached already", Status::answered);
    if (!arguments_.yes) return report("would attach", Status::answered);
    if (auto health = ask_running_daemon(common_.configuration, user_); !health) return fail("refused", health.error());
    if (!net::knock(*wanted_.milter)) {
      return fail("refused", wanted_.milter->to_string() + ": nobody listens there; restart connectord");
    }
    if (auto done = change(true); !done) return fail("rolled back", done.error() + "; " + roll_back());
    return report("attached", Status::answered);
  }

  Status detach() {
    if (const auto ready = begin(); ready) return *ready;
    after_ = without_our_lines(before_);
    if (after_ == before_) {
      if (plan_sendmail(before_, wanted_).attached) {
        return fail("failed", mc_.string() + " has connectord in a line of your own: take it out, then make -C " +
                                  mc_.parent_path().string() + " and restart Sendmail");
      }
      return report("not attached", Status::answered);
    }
    if (!arguments_.yes) return report("would detach", Status::answered);
    if (auto done = change(false); !done) return fail("failed", done.error() + "; " + roll_back());
    drop_needless_backup();
    return report("detached", Status::answered);
  }

 private:
  // What both need; a status if it cannot be had.
  std::optional<Status> begin() {
    const auto policy = load_or_complain(common_, terminal_);
    if (!policy) return Status::wrong_input;
    user_ = policy->configuration().server.user;
    wanted_ = wanted_by(common_.configuration, policy->configuration());
    auto content = read_file(mc_);
    if (!content) return fail("failed", content.error());
    before_ = after_ = std::move(*content);
    return std::nullopt;
  }

  SendmailCf cf_of_now() const {
    const auto cf = read_file(mc_.parent_path() / "sendmail.cf");
    return cf && wanted_.milter ? read_sendmail_cf(*cf, *wanted_.milter) : SendmailCf();
  }

  Done change(bool attaching) {
    if (!std::filesystem::exists(mc_.parent_path() / "Makefile")) {
      return tl::unexpected("there is no " + (mc_.parent_path() / "Makefile").string() +
                            ", so this command cannot make sendmail.cf");
    }
    const auto lock = lock_folder(mc_.parent_path());
    if (!lock) return tl::unexpected("another connectorctl is at " + mc_.parent_path().string());
    if (!process()) {
      return tl::unexpected("Sendmail does not run (by " + cf_of_now().pid_file +
                            "), so nothing could be proved; start it");
    }
    if (before_ != after_) {
      if (attaching && !has_our_lines(before_)) {
        if (auto copied = replace_file(backup(), before_, mc_); !copied) return copied;
      }
      if (auto written = replace_file(mc_, after_, mc_); !written) return written;
    }
    changed_ = true;
    if (auto built = build_and_restart(); !built) return built;
    const SendmailCf cf = cf_of_now();
    if (cf.asks_connectord != attaching) {
      return tl::unexpected(std::string(attaching
                                            ? "sendmail.cf was made and does not have connectord among its filters"
                                            : "sendmail.cf was made and still has connectord among its filters"));
    }
    if (!attaching || !arguments_.probe) return {};
    if (!cf.entrance) return tl::unexpected(std::string("sendmail.cf has no DaemonPortOptions to probe"));
    // Started anew, Sendmail waits for a minute where it finds no name of its own.
    constexpr std::chrono::seconds patience{75};
    auto seen = prove_attached({*cf.entrance, "postmaster", true, false, patience},
                               [this] { return ask_running_daemon(common_.configuration, user_); });
    if (!seen) return tl::unexpected(seen.error());
    proof_ = std::move(*seen);
    return {};
  }

  std::filesystem::path backup() const {
    std::filesystem::path file = mc_;
    file += ".before-connectord";
    return file;
  }

  // A copy that says nothing else than sendmail.mc itself.
  void drop_needless_backup() const {
    std::error_code ignored;
    const auto copy = read_file(backup());
    const auto now = read_file(mc_);
    if (copy && now && *copy == *now) std::filesystem::remove(backup(), ignored);
  }

  // The daemon of the sendmail.cf as it is now; empty if it does not run.
  std::optional<pid_t> process() const {
    const auto text = read_file(cf_of_now().pid_file);
    pid_t pid = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), pid);
    if (pid <= 1 || ::kill(pid, 0) != 0) return std::nullopt;
    return pid;
  }

  Done build_and_restart() const {
    const auto pid = process();  // by the sendmail.cf that it was started with
    if (auto made = output_of({"make", "-C", mc_.parent_path().string()}); !made) return tl::unexpected(made.error());
    if (!pid || ::kill(*pid, SIGHUP) != 0)
      return tl::unexpected(std::string("Sendmail cannot be told to read its sendmail.cf"));
    return {};
  }

  std::string roll_back() const {
    if (!changed_) return "nothing is changed";
    auto back = replace_file(mc_, before_, mc_);
    if (back) back = build_and_restart();
    if (!back) return mc_.string() + " could not be put back whole: " + back.error();
    drop_needless_backup();
    return mc_.string() + " is as it was before, sendmail.cf is made anew, and Sendmail has been told";
  }

  Status report(const std::string& result, Status status) {
    const std::string diff = unified_diff(mc_, before_, after_);
    if (common_.json) {
      print_json(result, diff, "");
      return status;
    }
    for (const std::string& reason : plan_.reasons) terminal_.out << reason << '\n';
    if (!diff.empty()) terminal_.out << '\n' << diff << '\n';
    print_advice(terminal_.error, "missing", plan_.open);
    print_advice(terminal_.error, "refused", plan_.refusals);
    if (result == "would attach" || result == "would detach") {
      terminal_.out << "Nothing is changed yet. To do it, say --yes; sendmail.cf is then made by make -C "
                    << mc_.parent_path().string() << ", and Sendmail told by SIGHUP\n";
    } else if (result == "attached already" || result == "not attached") {
      terminal_.out << mc_.string() << ": " << result << ", nothing to do\n";
    } else {
      terminal_.out << mc_.string() << ": " << result << '\n' << proof_ << (proof_.empty() ? "" : "\n");
    }
    return status;
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
    object["mta"] = "Sendmail";
    object["sendmail_mc"] = mc_.string();
    object["result"] = result;
    object["error"] = why.empty() ? Json(nullptr) : Json(why);
    object["reasons"] = plan_.reasons;
    object["diff"] = diff;
    object["refusals"] = to_json(plan_.refusals);
    object["missing"] = to_json(plan_.open);
    object["proof"] = proof_.empty() ? Json(nullptr) : Json(proof_);
    terminal_.out << object.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  }

  const AttachArguments& arguments_;
  const Common& common_;
  const Terminal& terminal_;
  std::filesystem::path mc_;
  std::string user_;
  Wanted wanted_;
  std::string before_;
  std::string after_;
  SendmailPlan plan_;
  bool changed_ = false;
  std::string proof_;
};

}  // namespace

Status attach_sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal) {
  return Sendmail(arguments, common, terminal).attach();
}

Status detach_sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal) {
  return Sendmail(arguments, common, terminal).detach();
}

}  // namespace connectord::ctl
