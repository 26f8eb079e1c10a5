#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/doctor/doctor.h"
#include "words.h"

namespace connectord::doctor {
namespace {

constexpr std::int64_t hour = 3600;

void judge_line(const Context& context, const mta::QueueLine& line, Findings& findings) {
  const bool is_ours = !line.connector.empty();
  // Of the mail server's own mail somewhat waits always: hosts that are no more, mailboxes that are full.
  constexpr std::size_t many = 50;
  if (line.tried == 0 || (!is_ours && line.messages < many)) return;
  const std::int64_t waits = context.now - line.oldest;
  const bool ends_soon = line.first_bounce && *line.first_bounce - context.now < base::day_seconds;
  const std::string whose = is_ours ? line.connector + ": " : "";
  std::string what = whose + counted(line.messages) + (line.messages == 1 ? " waits for " : " wait for ") +
                     base::printable(line.next_hop, 200) + " since " + base::utc_text(line.oldest);
  if (line.first_bounce) what += "; the first goes back to its sender at " + base::utc_text(*line.first_bounce);
  std::string write = is_ours ? "connectorctl validate " + line.connector + " shows at which step it ends; then: "
                              : std::string("when the other side takes mail again: ");
  write += context.postfix ? "postqueue -c " + context.postfix->folder + " -f" : "sendmail -q";
  findings.add({is_ours && (waits > hour || ends_soon) ? Severity::critical : Severity::warning, "queue",
                std::move(what), std::move(write), base::printable(line.last_error, 400)});
}

tl::expected<mta::Queue, std::string> waiting_mail(const Context& context) {
  if (context.postfix) return mta::read_queue(*context.postfix);
  return mta::read_queue(context.sendmail->cf, context.now);
}

}  // namespace

void judge_queue(const Context& context, const mta::QueueReport& queue, Findings& findings) {
  for (const mta::QueueLine& line : queue.lines) judge_line(context, line, findings);
  findings.seen("queue", counted(queue.messages) + " in it");
}

void examine_queue(const Context& context, Findings& findings) {
  if (!context.postfix && !context.sendmail) return;
  const auto queue = waiting_mail(context);
  if (!queue) return findings.note("queue", "it cannot be looked at: " + queue.error());
  judge_queue(context, mta::report_queue(*queue, context.policy), findings);
}

}  // namespace connectord::doctor
