// Lines of the mail log: how fast a reader can catch up. One message has seven lines, of which five say something.
#include <benchmark/benchmark.h>

#include "maillog/mail_log_line.h"

namespace {

using namespace connectord;  // NOLINT: one file of measurements

constexpr std::string_view postfix[] = {
    "Nov 21 23:52:18 mx postfix/smtpd[10319]: connect from unknown[192.0.2.7]",
    "Nov 21 23:52:18 mx postfix/smtpd[10319]: DA141A8828C: client=unknown[192.0.2.7]",
    "Nov 21 23:52:18 mx postfix/cleanup[10325]: DA141A8828C: message-id=<hello.1795305138.8938@contoso.com>",
    "Nov 21 23:52:18 mx postfix/qmgr[10317]: DA141A8828C: from=<alice@contoso.com>, size=319, nrcpt=1 (queue active)",
    "Nov 21 23:52:18 mx postfix/smtpd[10319]: disconnect from unknown[192.0.2.7] ehlo=1 mail=1 rcpt=1 data=1 quit=1 "
    "commands=5",
    "Nov 21 23:52:19 mx postfix/smtp[10326]: DA141A8828C: to=<bob@example.net>, relay=mx.example.net[192.0.2.1]:25, "
    "delay=0.16, delays=0.01/0.01/0.1/0.04, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4FEDCBA)",
    "Nov 21 23:52:19 mx postfix/qmgr[10317]: DA141A8828C: removed",
};
constexpr std::string_view sendmail[] = {
    "Nov 21 23:57:32 sm sendmail[14773]: 6ALNvWAX014773: from=<alice@contoso.com>, size=84, class=0, nrcpts=1, "
    "msgid=<m1795305452.6785107@contoso.com>, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]",
    "Nov 21 23:57:32 sm sendmail[14775]: 6ALNvWAX014773: to=<bob@plain.example>, delay=00:00:00, xdelay=00:00:00, "
    "mailer=esmtp, pri=30084, relay=[192.0.2.1] [192.0.2.1], dsn=2.0.0, stat=Sent (kept)",
    "Nov 21 23:57:32 sm sendmail[14775]: 6ALNvWAX014773: done; delay=00:00:00, ntries=1",
};

template <typename Lines>
void parse(benchmark::State& state, const Lines& lines) {
  const auto clock = maillog::LogClock::of_this_machine(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22));
  for (auto _ : state) {
    for (const auto line : lines) benchmark::DoNotOptimize(maillog::parse_mail_log_line(line, clock));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * std::size(lines)));
}

void postfix_lines(benchmark::State& state) {
  parse(state, postfix);
}
BENCHMARK(postfix_lines);

void sendmail_lines(benchmark::State& state) {
  parse(state, sendmail);
}
BENCHMARK(sendmail_lines);

}  // namespace
