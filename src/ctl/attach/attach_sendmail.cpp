// connectorctl attach sendmail, detach sendmail
#include <chrono>
#include <ostream>

#include "../configuration_file.h"
#include "attach_commands.h"
#include "connectord/net/listener.h"
#include "files.h"
#include "main_cf.h"
#include "proof.h"
#include "report.h"
#include "running_daemon.h"
#include "sendmail_host.h"
#include "sendmail_mc.h"
#include "sendmail_plan.h"

namespace connectord::ctl {
namespace {

class Sendmail {
 public:
  Sendmail(const AttachArguments& arguments, const Common& common, const Terminal& terminal)
      : arguments_(arguments), common_(common), terminal_(terminal), host_(arguments.sendmail_mc) {}

  Status attach() {
    const auto policy = load_or_complain(common_, terminal_);
    if (!policy) return Status::wrong_input;
    user_ = policy->configuration().server.user;
    wanted_ = wanted_by(common_.configuration, policy->configuration());
    if (auto done = begin().and_then([this] { return plan_attaching(); }); !done) return fail("failed", done.error());
    if (!plan_.refusals.empty()) return report("refused", Status::wrong_input);
    if (after_ == before_) return report("attached already", Status::answered);
    if (!arguments_.yes) return report("would attach", Status::answered);
    if (auto ready = ready_to_attach(); !ready) return fail("refused", ready.error());
    if (auto done = change().and_then([this] { return prove(); }); !done) return roll_back(done.error());
    return report("attached", Status::answered);
  }

  Status detach() {
    // What to look for, should a person have attached it by hand.
    const runtime::LoadedPolicy loaded = load(common_, runtime::SecretFiles::leave);
    if (loaded.policy) wanted_ = wanted_by(common_.configuration, loaded.policy->configuration());
    if (auto done = begin().and_then([this] { return plan_detaching(); }); !done) return fail("failed", done.error());
    if (after_ == before_) {
      if (wanted_.milter && asks(now_, *wanted_.milter)) {
        return fail("failed", host_.mc().string() +
                                  " has connectord in a line of your own: take it out, then make -C " +
                                  host_.mc().parent_path().string() + " and restart Sendmail");
      }
      return report("not attached", Status::answered);
    }
    if (!arguments_.yes) return report("would detach", Status::answered);
    if (auto ready = ready_to_change(); !ready) return fail("refused", ready.error());
    if (auto done = change(); !done) return roll_back(done.error());
    if (whole_) host_.forget_backup();
    return report("detached", Status::answered);
  }

 private:
  // What both need to know.
  Done begin() {
    auto files = host_.read();
    if (!files) return tl::unexpected(files.error());
    before_ = after_ = std::move(*files);
    now_ = read_sendmail_cf(before_.cf);
    base_.mc = without_our_lines(before_.mc);
    auto made = host_.made_of(base_.mc);
    if (!made) return tl::unexpected(made.error());
    base_.cf = std::move(made->cf);
    complaints_ = std::move(made->complaints);
    return {};
  }

  // sendmail.cf must not have anything that is lost when it is made anew. A run that was cut off left one that was made
  // of the other sendmail.mc.
  Done expect_nothing_by_hand(const std::string& made_of_wanted) const {
    if (same_but_for_comments(before_.cf, base_.cf) || same_but_for_comments(before_.cf, made_of_wanted)) return {};
    const auto made = host_.made_of(before_.mc);
    if (!made) return tl::unexpected(made.error());
    if (same_but_for_comments(before_.cf, made->cf)) return {};
    const std::string folder = host_.mc().parent_path().string();
    return tl::unexpected(host_.cf().string() + " is not what m4 makes of " + host_.mc().string() +
                          ", so changes by hand would be lost; bring them into it, or make it anew and see that all is "
                          "well: make -C " +
                          folder + " sendmail.cf");
  }

  Done plan_attaching() {
    plan_ = plan_sendmail(read_sendmail_cf(base_.cf), wanted_);
    if (!plan_.refusals.empty()) return {};
    if (!plan_.changes.empty() && lists_filters(base_.mc) && !asks(read_sendmail_cf(base_.cf), *wanted_.milter)) {
      plan_.refusals.push_back({"sendmail.mc sets confINPUT_MAIL_FILTERS, which decides which filters are asked",
                                "write MAIL_FILTER(`connectord', `S=" + sendmail_socket(*wanted_.milter) +
                                    ", F=T, T=S:30s;R:30s;E:2m')dnl before it, and connectord first in it"});
      return {};
    }
    SendmailHost::Files wanted{with_our_lines(base_.mc, plan_.changes), {}};
    auto made = host_.made_of(wanted.mc);
    if (!made) return tl::unexpected(made.error());
    wanted.cf = std::move(made->cf);
    if (made->complaints != complaints_) {
      warnings_.push_back({"m4 finds these lines odd: " + made->complaints, "see that all is as you want it"});
    }
    for (const SendmailChange& change : plan_sendmail(read_sendmail_cf(wanted.cf), wanted_).changes) {
      plan_.refusals.push_back({"something in sendmail.mc counts more than the line that is missing: " + change.what,
                                "take it out, or write by hand " + change.lines});
    }
    if (!plan_.refusals.empty()) return {};
    if (wanted.mc == before_.mc && same_but_for_comments(wanted.cf, before_.cf)) return {};
    after_ = std::move(wanted);
    return expect_nothing_by_hand(after_.cf);
  }

  Done plan_detaching() {
    const auto backup = host_.backup();
    const bool cut_off =
        wanted_.milter && asks(now_, *wanted_.milter) && !asks(read_sendmail_cf(base_.cf), *wanted_.milter);
    if (base_.mc == before_.mc && !cut_off) return {};
    after_ = base_;
    whole_ = backup && backup->mc == base_.mc && same_but_for_comments(backup->cf, base_.cf);
    if (whole_) after_.cf = backup->cf;
    return expect_nothing_by_hand(after_.cf);
  }

  Done ready_to_change() {
    std::string obstacle = obstacle_to_replacing(host_.mc());
    runs_ = SendmailHost::process(now_).has_value();
    if (obstacle.empty() && runs_) obstacle = SendmailHost::obstacle_to_restart(now_);
    return obstacle.empty() ? Done() : tl::unexpected(obstacle);
  }

  Done ready_to_attach() {
    if (auto ready = ready_to_change(); !ready) return ready;
    if (auto health = ask_running_daemon(common_.configuration, user_); !health) return tl::unexpected(health.error());
    for (const auto* listener : {&wanted_.milter, &wanted_.socketmap}) {
      if (!*listener || net::knock(**listener)) continue;
      return tl::unexpected((*listener)->to_string() + ": nobody listens there; restart connectord");
    }
    if (runs_) return {};
    return tl::unexpected("Sendmail does not run (by " + now_.pid_file + "), so nothing could be proved; start it");
  }

  Done change() {
    const auto lock = lock_folder(host_.mc().parent_path());
    if (!lock) return tl::unexpected("another connectorctl is at " + host_.mc().parent_path().string());
    if (!has_our_lines(before_.mc) && has_our_lines(after_.mc)) {
      if (auto copied = host_.back_up(before_); !copied) return copied;
      backed_up_ = true;
    }
    if (auto installed = host_.install(before_, after_); !installed) return installed;
    changed_ = true;
    return runs_ ? SendmailHost::restart(now_) : Done();
  }

  Done prove() {
    if (!arguments_.probe) return {};
    const SendmailCf cf = read_sendmail_cf(after_.cf);
    if (!cf.entrance) return tl::unexpected(std::string("sendmail.cf has no DaemonPortOptions to probe"));
    // Started anew, Sendmail waits for a minute where it finds no name of its own.
    constexpr std::chrono::seconds patience{75};
    auto seen = prove_attached({*cf.entrance, "postmaster", true, false, patience},
                               [this] { return ask_running_daemon(common_.configuration, user_); });
    if (!seen) return tl::unexpected(seen.error());
    proof_ = std::move(*seen);
    return wanted_.socketmap && asks_for_routes(cf, *wanted_.socketmap) ? prove_routes() : Done();
  }

  // No mail leaves for a probe, so Sendmail is told to ask the maps.
  Done prove_routes() {
    const std::vector<std::string> maps = {"mailertable", "sendmail_tls"};
    const auto was = ask_running_daemon(common_.configuration, user_);
    const auto said = host_.look_up("connectord.invalid", maps);
    const auto is = ask_running_daemon(common_.configuration, user_);
    if (!was || !is) return tl::unexpected(was ? is.error() : was.error());
    if (!said) return tl::unexpected(said.error());
    const std::uint64_t lookups = asked_so_far(*is).socketmap_lookups - asked_so_far(*was).socketmap_lookups;
    if (lookups < maps.size()) {
      return tl::unexpected("connectord was not asked for routes by sendmail -bt -C" + host_.cf().string() +
                            ", which says: " + *said);
    }
    proof_ += "; and " + std::to_string(lookups) + " lookups of mailertable and sendmail_tls";
    return {};
  }

  Status roll_back(const std::string& why) {
    if (!changed_) {
      if (backed_up_) host_.forget_backup();
      return fail("failed", why + "; nothing is changed");
    }
    auto back = host_.install(after_, before_);
    if (back && runs_) back = SendmailHost::restart(now_);
    if (!back) {
      return fail("failed", why + "; and putting " + host_.mc().string() + " and sendmail.cf back failed: " +
                                back.error() + "; their copies are *.before-connectord");
    }
    if (backed_up_) host_.forget_backup();
    return fail("rolled back",
                why + "; sendmail.mc and sendmail.cf are as they were before, and Sendmail has been told");
  }

  Status report(const std::string& result, Status status) {
    if (common_.json) {
      print_json(result, "");
      return status;
    }
    if (after_ != before_) {
      for (const SendmailChange& change : plan_.changes) terminal_.out << change.reason << '\n';
      terminal_.out << '\n' << diff() << '\n';
    }
    print_advice(terminal_.error, "missing", plan_.open);
    print_advice(terminal_.error, "missing", plan_.configuration);
    print_advice(terminal_.error, "warning", warnings_);
    print_advice(terminal_.error, "refused", plan_.refusals);
    print_result(result);
    return status;
  }

  std::string diff() const { return unified_diff(host_.mc(), before_.mc, after_.mc); }

  void print_result(const std::string& result) {
    std::ostream& out = terminal_.out;
    const std::string mc = host_.mc().string();
    if (result == "refused") {
      terminal_.error << mc << ": nothing is changed\n";
    } else if (result == "attached already" || result == "not attached") {
      out << mc << ": " << result << ", nothing to do\n";
    } else if (result == "would attach" || result == "would detach") {
      out << "Nothing is changed yet. To do it, say --yes; sendmail.cf is then made by m4, and Sendmail told by "
             "SIGHUP\n";
    } else if (result == "detached") {
      out << mc << ": detached"
          << (whole_ ? "; it and sendmail.cf are what they were before attach, to the byte"
                     : "; sendmail.cf is made anew, the copies *.before-connectord are left")
          << (runs_ ? "" : "; Sendmail does not run") << '\n';
    } else {
      out << mc << ": attached; as it was before: " << mc << ".before-connectord\n"
          << (proof_.empty() ? "not proved: no probe was made" : proof_) << '\n';
    }
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
    object["mta"] = "Sendmail";
    object["sendmail_mc"] = host_.mc().string();
    object["result"] = result;
    object["error"] = why.empty() ? Json(nullptr) : Json(why);
    object["reasons"] = Json::array();
    for (const SendmailChange& change : plan_.changes) object["reasons"].push_back(change.reason);
    object["diff"] = diff();
    object["refusals"] = to_json(plan_.refusals);
    object["missing"] = to_json(plan_.open);
    for (const Json& one : to_json(plan_.configuration)) object["missing"].push_back(one);
    object["warnings"] = to_json(warnings_);
    object["proof"] = proof_.empty() ? Json(nullptr) : Json(proof_);
    object["restored_to_the_byte"] = whole_;
    terminal_.out << object.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  }

  const AttachArguments& arguments_;
  const Common& common_;
  const Terminal& terminal_;
  SendmailHost host_;
  std::string user_;
  Wanted wanted_;
  SendmailHost::Files before_;
  SendmailHost::Files base_;  // without connectord: sendmail.mc, and what m4 makes of it
  SendmailHost::Files after_;
  SendmailCf now_;
  SendmailPlan plan_;
  std::string complaints_;  // of m4 about sendmail.mc without connectord
  std::vector<Advice> warnings_;
  bool runs_ = false;
  bool backed_up_ = false;
  bool changed_ = false;
  bool whole_ = false;  // detach puts back what attach has found
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
