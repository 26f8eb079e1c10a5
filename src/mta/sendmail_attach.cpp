#include "connectord/mta/files.h"
#include "connectord/mta/main_cf.h"
#include "connectord/mta/running_daemon.h"
#include "connectord/mta/sendmail_attachment.h"
#include "connectord/mta/sendmail_host.h"
#include "connectord/mta/sendmail_plan.h"
#include "connectord/net/listener.h"
#include "connectord/runtime/load_policy.h"
#include "sendmail_mc.h"
#include "verification.h"

namespace connectord::mta {
namespace {

class SendmailRun {
 public:
  SendmailRun(const std::filesystem::path& mc, const Order& order) : order_(order), host_(mc) {
    report_.file = host_.mc().string();
  }

  SendmailReport attach(const model::Configuration& configuration) && {
    user_ = configuration.server.user;
    required_ = mta_requirements_of(order_.configuration, configuration);
    do_attach();
    return finished();
  }

  SendmailReport detach() && {
    // What to look for, should a person have attached it by hand.
    const runtime::LoadedPolicy loaded =
        runtime::load_policy(order_.configuration, runtime::environment_of_host(), runtime::SecretFiles::leave);
    if (loaded.policy) required_ = mta_requirements_of(order_.configuration, loaded.policy->configuration());
    do_detach();
    return finished();
  }

 private:
  void do_attach() {
    if (auto done = begin().and_then([this] { return plan_attaching(); }); !done) {
      return end(Result::failed, done.error());
    }
    if (!plan_.refusals.empty()) return end(Result::refused);
    if (after_ == before_) return end(Result::attached_already);
    if (!order_.carry_out) return end(Result::would_attach);
    if (auto ready = ready_to_attach(); !ready) return end(Result::refused, ready.error());
    if (auto done = change().and_then([this] { return prove(); }); !done) return roll_back(done.error());
    end(Result::attached);
  }

  void do_detach() {
    if (auto done = begin().and_then([this] { return plan_detaching(); }); !done) {
      return end(Result::failed, done.error());
    }
    if (after_ == before_) {
      if (required_.milter && asks(now_, *required_.milter)) {
        return end(Result::failed, host_.mc().string() +
                                       " has connectord in a line of your own: take it out, then make -C " +
                                       host_.mc().parent_path().string() + " and restart Sendmail");
      }
      return end(Result::not_attached);
    }
    if (!order_.carry_out) return end(Result::would_detach);
    if (auto ready = ready_to_change(); !ready) return end(Result::refused, ready.error());
    if (auto done = change(); !done) return roll_back(done.error());
    if (report_.restored_whole) host_.forget_backup();
    end(Result::detached);
  }

  // What both need to know.
  mta::Done begin() {
    auto files = host_.read();
    if (!files) return tl::unexpected(files.error());
    before_ = after_ = std::move(*files);
    now_ = mta::read_sendmail_cf(before_.cf);
    base_.mc = mta::without_our_lines(before_.mc);
    auto made = host_.made_of(base_.mc);
    if (!made) return tl::unexpected(made.error());
    base_.cf = std::move(made->cf);
    complaints_ = std::move(made->complaints);
    return {};
  }

  // sendmail.cf must not have anything that is lost when it is made anew. A run that was cut off left one that was made
  // of the other sendmail.mc.
  mta::Done expect_nothing_by_hand(const std::string& made_of_wanted) const {
    if (mta::same_but_for_comments(before_.cf, base_.cf) || mta::same_but_for_comments(before_.cf, made_of_wanted))
      return {};
    const auto made = host_.made_of(before_.mc);
    if (!made) return tl::unexpected(made.error());
    if (mta::same_but_for_comments(before_.cf, made->cf)) return {};
    const std::string folder = host_.mc().parent_path().string();
    return tl::unexpected(host_.cf().string() + " is not what m4 makes of " + host_.mc().string() +
                          ", so changes by hand would be lost; bring them into it, or make it anew and see that all is "
                          "well: make -C " +
                          folder + " sendmail.cf");
  }

  mta::Done plan_attaching() {
    plan_ = mta::plan_sendmail(mta::read_sendmail_cf(base_.cf), required_);
    if (!plan_.refusals.empty()) return {};
    if (!plan_.changes.empty() && mta::lists_filters(base_.mc) &&
        !mta::asks(mta::read_sendmail_cf(base_.cf), *required_.milter)) {
      plan_.refusals.push_back({"sendmail.mc sets confINPUT_MAIL_FILTERS, which decides which filters are asked",
                                "write MAIL_FILTER(`connectord', `S=" + mta::sendmail_socket(*required_.milter) +
                                    ", F=T, T=S:30s;R:30s;E:2m')dnl before it, and connectord first in it"});
      return {};
    }
    mta::SendmailHost::Files files{mta::with_our_lines(base_.mc, plan_.changes), {}};
    auto made = host_.made_of(files.mc);
    if (!made) return tl::unexpected(made.error());
    files.cf = std::move(made->cf);
    if (made->complaints != complaints_) {
      report_.warnings.push_back({"m4 finds these lines odd: " + made->complaints, "see that all is as you want it"});
    }
    for (const mta::SendmailChange& change : mta::plan_sendmail(mta::read_sendmail_cf(files.cf), required_).changes) {
      plan_.refusals.push_back({"something in sendmail.mc counts more than the line that is missing: " + change.what,
                                "take it out, or write by hand " + change.lines});
    }
    if (!plan_.refusals.empty()) return {};
    if (files.mc == before_.mc && mta::same_but_for_comments(files.cf, before_.cf)) return {};
    after_ = std::move(files);
    return expect_nothing_by_hand(after_.cf);
  }

  mta::Done plan_detaching() {
    const auto backup = host_.backup();
    const bool cut_off = required_.milter && mta::asks(now_, *required_.milter) &&
                         !mta::asks(mta::read_sendmail_cf(base_.cf), *required_.milter);
    if (base_.mc == before_.mc && !cut_off) return {};
    after_ = base_;
    report_.restored_whole = backup && backup->mc == base_.mc && mta::same_but_for_comments(backup->cf, base_.cf);
    if (report_.restored_whole) after_.cf = backup->cf;
    return expect_nothing_by_hand(after_.cf);
  }

  mta::Done ready_to_change() {
    std::string obstacle = mta::obstacle_to_replacing(host_.mc());
    report_.runs = mta::SendmailHost::process(now_).has_value();
    if (obstacle.empty() && report_.runs) obstacle = mta::SendmailHost::obstacle_to_restart(now_);
    return obstacle.empty() ? mta::Done() : tl::unexpected(obstacle);
  }

  mta::Done ready_to_attach() {
    if (auto ready = ready_to_change(); !ready) return ready;
    if (auto health = mta::ask_running_daemon(order_.configuration, user_); !health)
      return tl::unexpected(health.error().what + "; " + health.error().write);
    for (const auto* listener : {&required_.milter, &required_.socketmap}) {
      if (!*listener || net::knock(**listener)) continue;
      return tl::unexpected((*listener)->to_string() + ": nobody listens there; restart connectord");
    }
    if (report_.runs) return {};
    return tl::unexpected("Sendmail does not run (by " + now_.pid_file + "), so nothing could be proved; start it");
  }

  mta::Done change() {
    const auto lock = mta::lock_folder(host_.mc().parent_path());
    if (!lock) return tl::unexpected("another connectorctl is at " + host_.mc().parent_path().string());
    if (!mta::has_our_lines(before_.mc) && mta::has_our_lines(after_.mc)) {
      if (auto copied = host_.back_up(before_); !copied) return copied;
      backed_up_ = true;
    }
    if (auto installed = host_.install(before_, after_); !installed) return installed;
    report_.changed = true;
    return report_.runs ? mta::SendmailHost::restart(now_) : mta::Done();
  }

  mta::Done prove() {
    if (!order_.converse) return {};
    const mta::SendmailCf cf = mta::read_sendmail_cf(after_.cf);
    if (!cf.smtp_listener) return tl::unexpected(std::string("sendmail.cf has no DaemonPortOptions to probe"));
    // Started anew, Sendmail waits for a minute where it finds no name of its own.
    constexpr std::chrono::seconds timeout{75};
    auto seen = mta::verify_attached({*cf.smtp_listener, "postmaster", true, false, timeout},
                                     [this] { return mta::ask_running_daemon(order_.configuration, user_); });
    if (!seen) return tl::unexpected(seen.error());
    report_.proof = std::move(*seen);
    return required_.socketmap && mta::asks_for_routes(cf, *required_.socketmap) ? prove_routes() : mta::Done();
  }

  // No mail leaves for a probe, so Sendmail is made to ask the maps.
  mta::Done prove_routes() {
    const std::vector<std::string> maps = {"mailertable", "sendmail_tls"};
    const auto was = mta::ask_running_daemon(order_.configuration, user_);
    const auto said = host_.look_up("connectord.invalid", maps);
    const auto is = mta::ask_running_daemon(order_.configuration, user_);
    if (!was || !is) return tl::unexpected(was ? is.error().what : was.error().what);
    if (!said) return tl::unexpected(said.error());
    const std::uint64_t lookups = mta::asked_so_far(*is).socketmap_lookups - mta::asked_so_far(*was).socketmap_lookups;
    if (lookups < maps.size()) {
      return tl::unexpected("connectord was not asked for routes by sendmail -bt -C" + host_.cf().string() +
                            ", which says: " + *said);
    }
    report_.proof += "; and " + std::to_string(lookups) + " lookups of mailertable and sendmail_tls";
    return {};
  }

  void roll_back(const std::string& why) {
    if (!report_.changed) {
      if (backed_up_) host_.forget_backup();
      return end(Result::failed, why + "; nothing is changed");
    }
    auto back = host_.install(after_, before_);
    if (back && report_.runs) back = SendmailHost::restart(now_);
    if (!back) {
      return end(Result::failed, why + "; and putting " + host_.mc().string() + " and sendmail.cf back failed: " +
                                     back.error() + "; their copies are *.before-connectord");
    }
    if (backed_up_) host_.forget_backup();
    end(Result::rolled_back, why + "; sendmail.mc and sendmail.cf are as they were before, and Sendmail has been told");
  }

  void end(Result result, std::string why = {}) {
    report_.result = result;
    report_.error = std::move(why);
  }

  SendmailReport finished() {
    for (SendmailChange& change : plan_.changes) report_.reasons.push_back(std::move(change.reason));
    report_.refusals = std::move(plan_.refusals);
    report_.missing = std::move(plan_.open);
    report_.missing.insert(report_.missing.end(), plan_.configuration.begin(), plan_.configuration.end());
    report_.differs = after_ != before_;
    report_.before = std::move(before_.mc);
    report_.after = std::move(after_.mc);
    return std::move(report_);
  }

  const Order& order_;
  SendmailHost host_;
  std::string user_;
  MtaRequirements required_;
  SendmailHost::Files before_;
  SendmailHost::Files base_;  // without connectord: sendmail.mc, and what m4 makes of it
  SendmailHost::Files after_;
  SendmailCf now_;
  SendmailPlan plan_;
  std::string complaints_;  // of m4 about sendmail.mc without connectord
  bool backed_up_ = false;
  SendmailReport report_;
};

}  // namespace

SendmailReport attach_sendmail(const std::filesystem::path& mc, const Order& order,
                               const model::Configuration& configuration) {
  return SendmailRun(mc, order).attach(configuration);
}

SendmailReport detach_sendmail(const std::filesystem::path& mc, const Order& order) {
  return SendmailRun(mc, order).detach();
}

}  // namespace connectord::mta
