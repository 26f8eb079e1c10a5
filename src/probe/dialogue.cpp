#include "dialogue.h"

#include <algorithm>

#include "connectord/base/base64.h"
#include "refusal.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::Outcome;
using std::chrono::milliseconds;

constexpr milliseconds slow_greeting{5'000};

bool is_gone(const smtp::Failure& failure) {
  return failure.kind == smtp::Failure::Kind::interrupted;
}

// One conversation with one address.
class Dialogue {
 public:
  Dialogue(const OutboundPlan& plan, const Target& target, const DaneFacts& dane, smtp::SmtpClient client,
           StepLog& steps)
      : plan_(plan), target_(target), dane_(dane), client_(std::move(client)), steps_(steps) {}

  DialogueEnd run(bool with_tls) {
    if (target_.implicit_tls && encrypt() != Security::encrypted) {
      usable_ = false;  // there was no greeting yet
      quit();
      return DialogueEnd::over;
    }
    if (!greeting() || !ehlo()) return DialogueEnd::over;
    if (with_tls && !encrypted_) {
      const Security security = secure();
      if (security == Security::broken) return DialogueEnd::again_in_the_clear;
      if (security == Security::failed) {
        quit();
        return DialogueEnd::over;
      }
    }
    if (credentials() && mail()) recipient();
    quit();
    return DialogueEnd::over;
  }

 private:
  // broken: not to be used any more, but mail may go in the clear.
  enum class Security { encrypted, clear, failed, broken };

  const Limits& limits() const { return steps_.services().limits; }

  smtp::SmtpClient::Answered say(std::string_view line) {
    auto reply = client_.command(line, steps_.deadline(limits().reply));
    usable_ = reply.has_value();
    return reply;
  }

  // What a failed read means, where it means nothing more special.
  void add_failure(Finding finding, const smtp::Failure& failure, milliseconds limit, Obstacle obstacle) {
    finding.outcome = Outcome::fail;
    finding.seen = smtp::words_of(failure, limit);
    if (is_gone(failure)) finding.outcome = Outcome::temperror;
    steps_.add(std::move(finding), is_gone(failure) ? Obstacle::incomplete : obstacle);
  }

  void add_refusal(Finding finding, const smtp::SmtpReply& reply, Obstacle permanent) {
    Refusal refusal = refusal_of(reply);
    finding.outcome = refusal.outcome;
    finding.seen = reply.to_string();
    if (finding.hint.empty() || reply.is_transient()) finding.hint = std::move(refusal.hint);
    steps_.add(std::move(finding), reply.is_transient() ? Obstacle::deferred : permanent);
  }

  bool greeting() {
    Finding finding{.check = model::check::smtp_greeting, .expected = "220"};
    const smtp::Deadline began = steps_.services().clock();
    const auto reply = client_.read_reply(steps_.deadline(limits().greeting));
    if (!reply) {
      if (reply.error().kind == smtp::Failure::Kind::timed_out) {
        finding.hint =
            "the server is overloaded or slow on purpose; mail servers wait up to 5 minutes, so that mail may "
            "pass all the same, slowly";
      }
      add_failure(std::move(finding), reply.error(), limits().greeting, Obstacle::not_ready);
      return false;
    }
    if (reply->code != smtp::ready) {
      add_refusal(std::move(finding), *reply, Obstacle::not_ready);
      quit();
      return false;
    }
    finding.seen = reply->to_string();
    const auto took = std::chrono::duration_cast<milliseconds>(steps_.services().clock() - began);
    if (took < slow_greeting) {
      steps_.add(std::move(finding));
      return true;
    }
    finding.seen = "after " + smtp::duration_text(took) + ": " + finding.seen;
    finding.hint = "the server is overloaded, or slow on purpose";
    steps_.warn(std::move(finding));
    return true;
  }

  bool ehlo() {
    Finding finding{.check = model::check::smtp_ehlo, .expected = "250"};
    const auto reply = say("EHLO " + plan_.helo);
    if (!reply) {
      add_failure(std::move(finding), reply.error(), limits().reply, Obstacle::not_ready);
      return false;
    }
    if (!reply->is_positive()) {
      finding.hint = "the server does not like the name that this host gives, \"" + plan_.helo + "\", or knows no EHLO";
      add_refusal(std::move(finding), *reply, Obstacle::not_ready);
      quit();
      return false;
    }
    extensions_ = smtp::extensions_of(*reply);
    finding.seen = reply->to_string();
    steps_.add(std::move(finding));
    return true;
  }

  Security secure() {
    Finding finding{.check = model::check::smtp_starttls, .expected = "STARTTLS is offered"};
    if (!extensions_.starttls) return without_starttls(std::move(finding));
    const auto reply = say("STARTTLS");
    if (!reply || reply->code != smtp::ready) {
      finding.seen = reply ? reply->to_string() : smtp::words_of(reply.error(), limits().reply);
      finding.hint = "the server offers STARTTLS and refuses it; look into its log, for its certificate above all";
      return without_tls(std::move(finding), reply && reply->is_transient() ? Obstacle::deferred : Obstacle::tls_failed,
                         reply ? Security::clear : Security::broken);
    }
    finding.seen = "offered";
    steps_.add(std::move(finding));
    return handshake();
  }

  Security without_starttls(Finding finding) {
    finding.seen = "not offered";
    finding.hint = "the partner must enable it; some firewalls take it away";
    return without_tls(std::move(finding), Obstacle::no_starttls, Security::clear);
  }

  // What becomes of mail that cannot be encrypted.
  Security without_tls(Finding finding, Obstacle obstacle, Security otherwise) {
    const sts::StsPolicy* policy = plan_.policy_of(target_.domain);
    const bool asked = target_.implicit_tls || plan_.needs_tls() ||
                       (policy != nullptr && policy->mode == sts::StsPolicy::Mode::enforce);
    finding.outcome = obstacle == Obstacle::deferred ? Outcome::temperror : Outcome::fail;
    if (asked) {
      steps_.add(std::move(finding), obstacle);
      return Security::failed;
    }
    finding.hint = "mail leaves in the clear; " + finding.hint;
    steps_.warn(std::move(finding));
    return otherwise;
  }

  Security handshake() {
    const Security security = encrypt();
    if (security != Security::encrypted) return security;
    // What was offered before counts no more (RFC 3207, 4.2).
    return ehlo() ? Security::encrypted : Security::failed;
  }

  Security encrypt() {
    // As the mail server does: a name is asked for only where DANE or MTA-STS want it (RFC 7672, 8.1).
    const bool by_dane = !dane_.associations.empty();
    const bool by_name = by_dane || plan_.policy_of(target_.domain) != nullptr;
    const std::string& name = by_dane ? dane_.base : target_.name;
    const auto session = client_.start_tls(
        {.server_name = by_name ? name : "", .ask_status = plan_.options.revocation, .identity = plan_.identity},
        steps_.deadline(limits().reply));
    usable_ = session.has_value();
    if (!session) {
      return without_tls(
          {.check = model::check::tls_handshake,
           .expected = "TLS",
           .seen = smtp::words_of(session.error(), limits().reply),
           .hint = "the server has no version or cipher in common with this system, or its TLS is broken; "
                   "compare: openssl s_client" +
                   std::string(target_.implicit_tls ? "" : " -starttls smtp")},
          Obstacle::tls_failed, Security::broken);
    }
    encrypted_ = true;
    if (plan_.identity) report_showing(session->asked_for_certificate);
    return check_tls(plan_, target_, dane_, *session, steps_) ? Security::encrypted : Security::failed;
  }

  void report_showing(bool asked) {
    Finding finding{.check = model::check::tls_client_certificate,
                    .expected = "the server asks for our certificate",
                    .seen = asked ? "it asks, and was shown it" : "it does not ask",
                    .hint = asked ? "" : "the partner has to ask for it: in Postfix, smtpd_tls_ask_ccert = yes"};
    asked ? steps_.add(std::move(finding)) : steps_.warn(std::move(finding));
  }

  bool credentials() {
    if (plan_.credentials.empty()) return true;
    Finding finding{.check = model::check::smtp_auth, .expected = "the credentials are accepted"};
    const auto& offered = extensions_.authentication;
    const auto offers = [&offered](std::string_view name) {
      return std::find(offered.begin(), offered.end(), name) != offered.end();
    };
    if (!encrypted_) {
      return not_authenticated(std::move(finding), "not tried, since the password would go in the clear",
                               "use level = \"require\" or more");
    }
    if (!offers("PLAIN") && !offers("LOGIN")) {
      return not_authenticated(std::move(finding), offered.empty() ? "AUTH is not offered" : "neither PLAIN nor LOGIN",
                               "the partner may want no password here; another port may, 587 for example");
    }
    const auto reply = offers("PLAIN") ? plain() : login();
    if (!reply) {
      add_failure(std::move(finding), reply.error(), limits().reply, Obstacle::not_authenticated);
      return false;
    }
    if (!reply->is_positive()) {
      finding.hint = "see the user and the password in " + plan_.connector.route.credentials;
      add_refusal(std::move(finding), *reply, Obstacle::not_authenticated);
      return false;
    }
    finding.seen = reply->to_string();
    steps_.add(std::move(finding));
    return true;
  }

  bool not_authenticated(Finding finding, std::string seen, std::string hint) {
    finding.outcome = Outcome::fail;
    finding.seen = std::move(seen);
    finding.hint = std::move(hint);
    steps_.add(std::move(finding), Obstacle::not_authenticated);
    return false;
  }

  std::string user() const { return plan_.credentials.substr(0, plan_.credentials.find(':')); }
  std::string password() const { return plan_.credentials.substr(plan_.credentials.find(':') + 1); }

  // RFC 4616, 2
  smtp::SmtpClient::Answered plain() {
    using namespace std::string_literals;
    return say("AUTH PLAIN " + base::to_base64("\0"s + user() + "\0"s + password()));
  }

  smtp::SmtpClient::Answered login() {
    auto reply = say("AUTH LOGIN");
    for (const std::string& answer : {user(), password()}) {
      if (!reply || reply->code != 334) return reply;
      reply = say(base::to_base64(answer));
    }
    return reply;
  }

  bool mail() {
    Finding finding{.check = model::check::smtp_mail, .expected = "250 to MAIL FROM:<" + plan_.options.sender + ">"};
    const auto reply = say("MAIL FROM:<" + plan_.options.sender + ">");
    return accepted(std::move(finding), reply);
  }

  void recipient() {
    if (plan_.options.recipient.empty()) {
      steps_.add({.check = model::check::smtp_rcpt,
                  .outcome = Outcome::not_applicable,
                  .expected = "a recipient",
                  .seen = "none was given",
                  .hint = "add --rcpt-to ADDRESS"});
      return;
    }
    Finding finding{.check = model::check::smtp_rcpt, .expected = "250 to RCPT TO:<" + plan_.options.recipient + ">"};
    accepted(std::move(finding), say("RCPT TO:<" + plan_.options.recipient + ">"));
  }

  bool accepted(Finding finding, const smtp::SmtpClient::Answered& reply) {
    if (!reply) {
      add_failure(std::move(finding), reply.error(), limits().reply, Obstacle::deferred);
      return false;
    }
    if (!reply->is_positive()) {
      add_refusal(std::move(finding), *reply, Obstacle::rejected);
      return false;
    }
    finding.seen = reply->to_string();
    steps_.add(std::move(finding));
    return true;
  }

  // Whatever the server says to that.
  void quit() {
    if (usable_ && say("RSET")) say("QUIT");
    usable_ = false;
    steps_.begin();
  }

  const OutboundPlan& plan_;
  const Target& target_;
  const DaneFacts& dane_;
  smtp::SmtpClient client_;
  StepLog& steps_;
  smtp::Extensions extensions_;
  bool encrypted_ = false;
  bool usable_ = true;
};

}  // namespace

DialogueEnd converse(const OutboundPlan& plan, const Target& target, const DaneFacts& dane, smtp::SmtpClient client,
                     StepLog& steps, bool with_tls) {
  return Dialogue(plan, target, dane, std::move(client), steps).run(with_tls);
}

}  // namespace connectord::probe
