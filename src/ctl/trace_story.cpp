// The way of one message as a person reads it.
#include <algorithm>
#include <ostream>

#include "connectord/base/text.h"
#include "connectord/trace/row_name.h"
#include "finding_text.h"
#include "table.h"
#include "trace_output.h"

namespace connectord::ctl {
namespace {

using trace::Message;

constexpr std::size_t time_width = 12;
constexpr std::size_t step_width = 12;

class StoryText {
 public:
  StoryText(std::ostream& out, const trace::MessageTraceDetail& story, const Clock& clock, bool colour)
      : out_(out), story_(story), message_(*story.rows.front().message), clock_(clock), paint_(colour) {}

  void print() {
    heading();
    connected();
    secured();
    identified();
    checked();
    matched_rules();
    if (!message_.tag.empty() && is_taken()) step(0, "tagged", message_.tag);
    answered();
    routed();
    delivered();
  }

 private:
  static bool is_identification(const model::Finding& finding) { return model::check::is_attribution(finding.check); }
  static bool is_routing(const model::Finding& finding) { return model::check::is_outbound(finding.check); }
  static bool is_admission(const model::Finding& finding) { return finding.check == model::check::admission; }
  static bool is_rule(const model::Finding& finding) { return finding.check == model::check::rule; }
  bool is_taken() const {
    return message_.action == model::Action::accept || message_.action == model::Action::quarantine;
  }

  // A step of the way, at a time (0: that of the step before).
  void step(std::int64_t time, const std::string& name, const std::string& text, const char* colour = bold) {
    if (time != 0) name_day(time);
    write_step(time == 0 ? std::string() : clock_.precise(time), name, text, colour);
  }
  // A mail log has no more than the second, as most are written.
  void logged_step(std::int64_t time, const std::string& name, const std::string& text, const char* colour = bold) {
    name_day(time);
    write_step(time % 1000 == 0 ? clock_.to_second(time) : clock_.precise(time), name, text, colour);
  }
  // Where the way goes on on another day.
  void name_day(std::int64_t time) {
    const std::string day = clock_.date(time);
    if (!day_.empty() && day != day_) out_ << paint_(day + " (" + clock_.zone_name(time) + ")", bold) << '\n';
    day_ = day;
  }
  void write_step(std::string when, const std::string& name, const std::string& text, const char* colour) {
    when.resize(time_width, ' ');
    std::string padded = name;
    padded.resize(std::max(step_width, name.size() + 1), ' ');
    out_ << when << "  " << paint_(padded, colour) << harmless(text) << '\n';
  }
  void more(const std::string& text) {
    if (!text.empty()) out_ << std::string(time_width + 2 + step_width, ' ') << harmless(text) << '\n';
  }
  std::string status_of(trace::Status status) const {
    const std::string word(spoken(status, message_.action));
    const char* colour = colour_of(status);
    return colour == nullptr ? word : paint_(word, colour);
  }
  static std::string labelled(const std::string& label, const std::string& value) {
    return value.empty() ? "" : label + " " + value;
  }

  void heading() {
    const std::int64_t begin = message_.connected != 0 ? message_.connected : message_.time;
    out_ << "message " << message_.id << ", " << clock_.date(begin) << " (" << clock_.zone_name(begin) << ")\n";
    out_ << "from    <" << harmless(message_.mail_from) << ">\n";
    for (const trace::Row& row : story_.rows) {
      out_ << "to      <" << harmless(row.rcpt_to) << ">: " << status_of(row.status) << " ("
           << harmless(trace::row_name(row)) << ")\n";
    }
    for (const auto& [label, value] : {std::pair("Message-ID", message_.message_id), std::pair("From", message_.from),
                                       std::pair("Subject", message_.subject)}) {
      if (!value.empty()) out_ << label << ": " << harmless(value) << '\n';
    }
    if (message_.size) out_ << *message_.size << " bytes\n";
    if (message_.direction == trace::Direction::validation) {
      out_ << "nobody's mail: connectorctl validate tried our own server\n";
    }
    out_ << '\n';
  }

  void connected() {
    const std::string address = message_.client_address.empty() ? "unknown" : message_.client_address;
    step(message_.connected != 0 ? message_.connected : message_.time, "connected",
         message_.client_name + "[" + address + "]:" + std::to_string(message_.client_port));
    more(labelled("HELO", message_.helo));
    more(labelled("on behalf of", message_.original_client));
    more(labelled("authenticated as", message_.sasl_username));
  }

  void secured() {
    const trace::Certificate& certificate = message_.certificate;
    step(0, "secured", message_.tls.empty() ? "no TLS" : message_.tls + " " + message_.cipher);
    more(labelled("certificate of", certificate.subject));
    more(labelled("issued by", certificate.issuer));
    if (!certificate.sha256.empty()) more("sha256:" + certificate.sha256);
    if (!certificate.public_key_sha256.empty()) more("spki-sha256:" + certificate.public_key_sha256);
  }

  void identified() {
    const std::string by = message_.identified_by.empty() ? "" : " by " + message_.identified_by;
    step(message_.began, "identified",
         message_.connector.empty() ? "no connector" : "connector " + message_.connector + by);
    findings(is_identification);
  }

  void checked() {
    const auto is_check = [](const model::Finding& finding) {
      return !is_identification(finding) && !is_routing(finding) && !is_admission(finding) && !is_rule(finding);
    };
    const bool nothing = std::none_of(message_.findings.begin(), message_.findings.end(), is_check);
    step(0, "checked", nothing ? "nothing" : "");
    findings(is_check);
  }

  // "external-mark: prepend_subject (14 us)"
  static std::string text_of_hit(const model::RuleHit& hit) {
    if (!hit.matched) return title_of(hit) + "passed over, " + hit.skipped_because;
    std::string text = title_of(hit) + actions_of(hit);
    if (hit.severity) text += ", severity " + std::string(model::word_of(*hit.severity));
    if (!hit.recipients.empty()) text += ", for " + base::joined(hit.recipients);
    if (hit.microseconds > 0) text += " (" + std::to_string(hit.microseconds) + " us)";
    return text;
  }

  void matched_rules() {
    const bool has_findings = std::any_of(message_.findings.begin(), message_.findings.end(), is_rule);
    if (message_.rules.empty() && !has_findings) return;
    step(0, "rules", message_.rules.empty() ? "" : text_of_hit(message_.rules.front()));
    for (std::size_t i = 1; i < message_.rules.size(); ++i) more(text_of_hit(message_.rules[i]));
    findings(is_rule);
  }

  void answered() {
    const std::string action(model::to_string(message_.action));
    const std::string reply = message_.reply.empty() ? "" : ": " + message_.reply;
    if (!is_taken()) {
      step(message_.time, "answered", action + reply, red);
      return time_taken();
    }
    step(message_.time, "queued", message_.queue_id.empty() ? action : action + " as " + message_.queue_id);
    time_taken();
    for (const trace::Finding& finding : message_.findings) {
      if (!is_admission(finding)) continue;
      more(finding.seen);
      more(finding.hint);
    }
    more(labelled("set aside:", message_.quarantine));
    more(labelled("DMARC not followed:", message_.dmarc_override));
    for (const trace::Requeueing& child : story_.children)
      logged_step(child.time, "queued", "again as " + child.child_queue_id);
  }

  void routed() {
    const bool has_findings = std::any_of(message_.findings.begin(), message_.findings.end(), is_routing);
    const auto leaves = [](const trace::Row& row) { return !row.outbound_connector.empty(); };
    const bool by_connector = std::any_of(story_.rows.begin(), story_.rows.end(), leaves);
    if (!by_connector && !has_findings) return;
    // The message has one only where all recipients have the same.
    const bool is_split = by_connector && message_.outbound_connector.empty();
    step(0, "routed", is_split ? "each recipient by itself" : way(message_.outbound_connector));
    for (const trace::Row& row : story_.rows) {
      if (is_split) more("<" + row.rcpt_to + ">: " + way(row.outbound_connector));
    }
    findings(is_routing);
  }

  static std::string way(const std::string& connector) {
    return connector.empty() ? "the mail server's own way" : "by " + connector;
  }

  void delivered() {
    for (const trace::Attempt& attempt : story_.attempts) {
      const trace::Delivery& delivery = attempt.delivery;
      const std::string whom = delivery.address.empty() ? "everybody left" : "<" + delivery.address + ">";
      // What is tried was taken before, so that it bounces where it fails.
      const std::string name(spoken(delivery.status, model::Action::accept));
      const char* colour = colour_of(delivery.status);
      logged_step(delivery.time, name, whom, colour == nullptr ? bold : colour);
      more(labelled("for", delivery.recipient == delivery.address ? "" : delivery.recipient));
      more(labelled("relay", delivery.relay));
      more(labelled("TLS", tls_of(delivery)));
      more(protection_of(delivery));
      more(labelled(delivery.enhanced, delivery.text));
      if (delivery.delay > 0) more("after " + duration_text(delivery.delay) + parts_of(delivery.times));
    }
  }

  // A host on the network may have had TLS without a word in the log.
  static std::string tls_of(const trace::Delivery& delivery) {
    const bool by_smtp = delivery.times && delivery.relay.find("]:") != std::string::npos;
    if (!delivery.tls.empty() || !by_smtp) return delivery.tls;
    return "the log tells of none; without smtp_tls_loglevel = 1 in main.cf it never does";
  }

  // No more than the log shows: what was asked for counts where it says that the host was verified.
  static std::string protection_of(const trace::Delivery& delivery) {
    using trace::Protection;
    switch (delivery.protection.value_or(Protection::none)) {
      case Protection::none:
        break;
      case Protection::encrypted:
        return "encrypted for whoever was there: the host was not verified";
      case Protection::verified:
        return "secured as the mail server's own settings ask";
      case Protection::connector:
        return "secured as the outbound connector's level asks";
      case Protection::mta_sts:
        return "secured by the MTA-STS policy of the destination";
      case Protection::dane:
        return "secured by DANE";
    }
    return "";
  }

  // Postfix's delays=a/b/c/d in words.
  static std::string parts_of(const std::optional<trace::DeliveryTimes>& times) {
    if (!times) return "";
    return ": " + duration_text(times->before_queue_manager) + " until the queue manager had it, " +
           duration_text(times->in_queue_manager) + " in the queue, " + duration_text(times->connection) +
           " to connect (DNS, TCP, TLS), " + duration_text(times->transmission) + " to hand it over";
  }

  // Who took the time until the answer: the client, DNS, or connectord.
  void time_taken() {
    const auto& stages = message_.stages;
    if (!stages) return;
    std::string text = "connectord took " + duration_text(stages->end_of_message) + " at the end of the message";
    if (stages->authentication > 0)
      text += ", " + duration_text(stages->authentication) + " of it to authenticate it (DNS)";
    const std::int64_t before = message_.time - message_.began - stages->end_of_message;
    if (message_.began != 0 && before > 0) text += "; the client, from MAIL on, " + duration_text(before);
    more(text);
  }

  template <class Wanted>
  void findings(Wanted&& wanted) {
    for (const model::Finding& finding : message_.findings) {
      if (!wanted(finding)) continue;
      std::string line(to_string(finding.outcome));
      line += "  " + finding.check;
      if (!finding.connector.empty()) line += " (" + finding.connector + ")";
      if (!finding.expected.empty()) line += ": expected " + finding.expected;
      if (!finding.seen.empty()) line += (finding.expected.empty() ? ": " : ", seen ") + finding.seen;
      more(line);
      if (!finding.hint.empty()) more("      " + finding.hint);
    }
  }

  std::ostream& out_;
  const trace::MessageTraceDetail& story_;
  const Message& message_;
  const Clock& clock_;
  Paint paint_;
  std::string day_;  // of the step before
};

}  // namespace

void print_story(std::ostream& out, const trace::MessageTraceDetail& story, const Clock& clock, bool colour) {
  if (!story.rows.empty()) StoryText(out, story, clock, colour).print();
}

}  // namespace connectord::ctl
