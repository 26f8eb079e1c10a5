// The way of one message as a person reads it.
#include <algorithm>
#include <ostream>

#include "connectord/trace/trace_json.h"
#include "table.h"
#include "trace_output.h"

namespace connectord::ctl {
namespace {

using trace::Message;

constexpr std::size_t time_width = 12;
constexpr std::size_t step_width = 12;

class StoryText {
 public:
  StoryText(std::ostream& out, const trace::MessageTraceDetail& story, bool colour)
      : out_(out), story_(story), message_(*story.rows.front().message), colour_(colour) {}

  void print() {
    heading();
    connected();
    secured();
    identified();
    step(0, "checked", "");
    findings([](const model::Finding& finding) { return !is_identification(finding) && !is_routing(finding); });
    if (!message_.tag.empty() && is_taken()) step(0, "tagged", message_.tag);
    answered();
    routed();
    delivered();
  }

 private:
  static bool is_identification(const model::Finding& finding) { return model::check::is_attribution(finding.check); }
  static bool is_routing(const model::Finding& finding) { return model::check::is_outbound(finding.check); }
  bool is_taken() const {
    return message_.action == model::Action::accept || message_.action == model::Action::quarantine;
  }

  // A mail log tells no more than the second, as most are written.
  static std::string log_time(std::int64_t time) {
    constexpr std::size_t to_the_second = 8;
    std::string text = time_of_day(time);
    if (time % 1000 == 0) text.resize(to_the_second);
    return text;
  }
  static std::string time_of_day(std::int64_t time) {
    constexpr std::size_t behind_the_date = 11;
    return trace::iso_time(time).substr(behind_the_date, time_width);
  }

  // A step of the way, at a time (0: that of the step before).
  void step(std::int64_t time, const std::string& name, const std::string& text) {
    step(time == 0 ? std::string() : time_of_day(time), name, text);
  }
  void step(std::string when, const std::string& name, const std::string& text) {
    when.resize(time_width, ' ');
    std::string padded = name;
    padded.resize(std::max(step_width, name.size() + 1), ' ');
    out_ << when << "  " << (colour_ ? "\033[1m" + padded + "\033[0m" : padded) << harmless(text) << '\n';
  }
  void more(const std::string& text) {
    if (!text.empty()) out_ << std::string(time_width + 2 + step_width, ' ') << harmless(text) << '\n';
  }
  static std::string labelled(const std::string& label, const std::string& value) {
    return value.empty() ? "" : label + " " + value;
  }

  void heading() {
    constexpr std::size_t date = 10;
    out_ << "message " << message_.id << ", " << trace::iso_time(message_.time).substr(0, date) << " (UTC)\n";
    out_ << "from    <" << harmless(message_.mail_from) << ">\n";
    for (const trace::Row& row : story_.rows) {
      out_ << "to      <" << harmless(row.rcpt_to) << ">: " << to_string(row.status) << " (" << row.id << ")\n";
    }
    for (const auto& [label, value] : {std::pair("Message-ID", message_.message_id), std::pair("From", message_.from),
                                       std::pair("Subject", message_.subject)}) {
      if (!value.empty()) out_ << label << ": " << harmless(value) << '\n';
    }
    if (message_.size) out_ << *message_.size << " bytes\n";
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

  void answered() {
    const std::string action(model::to_string(message_.action));
    const std::string reply = message_.reply.empty() ? "" : ": " + message_.reply;
    if (!is_taken()) return step(message_.time, "answered", action + reply);
    step(message_.time, "queued", message_.queue_id.empty() ? action : action + " as " + message_.queue_id);
    more(labelled("set aside:", message_.quarantine));
    more(labelled("DMARC not followed:", message_.dmarc_override));
    for (const trace::Child& child : story_.children)
      step(log_time(child.time), "queued", "again as " + child.child_queue_id);
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
      step(log_time(delivery.time), std::string(to_string(delivery.status)), whom);
      more(labelled("for", delivery.recipient == delivery.address ? "" : delivery.recipient));
      more(labelled("relay", delivery.relay));
      more(labelled("TLS", delivery.tls));
      more(labelled(delivery.enhanced, delivery.text));
      if (delivery.delay > 0) more("after " + std::to_string(delivery.delay) + " ms");
    }
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
  bool colour_;
};

}  // namespace

void print_story(std::ostream& out, const trace::MessageTraceDetail& story, bool colour) {
  if (!story.rows.empty()) StoryText(out, story, colour).print();
}

}  // namespace connectord::ctl
