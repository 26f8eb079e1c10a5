#include <gtest/gtest.h>

#include "log_line_case.h"

namespace connectord::maillog {
namespace {

// Lines of a real Sendmail 8.17, with the host that a syslog program adds.
const LogLineCase sendmail_lines[] = {
    {"a delivery",
     R"~(Nov 21 23:57:32 sm sendmail[14775]: 6ALNvWAX014773: to=<bob@plain.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30084, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (kept))~",
     R"~(6ALNvWAX014773 sent to=bob@plain.example relay=[127.0.0.1][127.0.0.1] delay=0 dsn=2.0.0 text=kept)~"},
    {"several recipients",
     R"~(Nov 21 23:57:32 sm sendmail[14779]: 6ALNvWxj014776: to=<carol@plain.example>,<bob@plain.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=120083, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (kept))~",
     R"~(6ALNvWxj014776 sent to=carol@plain.example to=bob@plain.example relay=[127.0.0.1][127.0.0.1] delay=0 dsn=2.0.0 text=kept)~"},
    {"deferred, by a reply with what separates fields",
     R"~(Nov 21 23:57:32 sm sendmail[14779]: 6ALNvWxj014776: to=<later@plain.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=120083, relay=[127.0.0.1] [127.0.0.1], dsn=4.3.0, reply=451 4.3.0 later) stat=Sent, stat=Deferred: 451 4.3.0 later) stat=Sent)~",
     R"~(6ALNvWxj014776 deferred to=later@plain.example relay=[127.0.0.1][127.0.0.1] delay=0 dsn=4.3.0 text=451 4.3.0 later) stat=Sent, stat=Deferred: 451 4.3.0 later) stat=Sent)~"},
    {"what a remote server says cannot become the status",
     R"~(Nov 21 23:57:32 sm sendmail[14779]: 6ALNvWxj014776: to=<reject@plain.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=120083, relay=[127.0.0.1] [127.0.0.1], dsn=5.1.1, reply=550 5.1.1 <x>: no, dsn=2.0.0, stat=Sent (ok), stat=User unknown)~",
     R"~(6ALNvWxj014776 bounced to=reject@plain.example relay=[127.0.0.1][127.0.0.1] delay=0 dsn=5.1.1 text=550 5.1.1 <x>: no, dsn=2.0.0, stat=Sent (ok), stat=User unknown)~"},
    {"nobody answers",
     R"~(Nov 21 23:57:32 sm sendmail[14783]: 6ALNvWbX014780: to=<x@dead.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30084, relay=[127.0.0.3] [127.0.0.3], dsn=4.4.1, stat=Deferred: Connection refused by [127.0.0.3])~",
     R"~(6ALNvWbX014780 deferred to=x@dead.example relay=[127.0.0.3][127.0.0.3] delay=0 dsn=4.4.1 text=Deferred: Connection refused by [127.0.0.3])~"},
    {"recipients without brackets, and on whose behalf",
     R"~(Nov 21 23:57:33 sm sendmail[14817]: 6ALNvWu4014815: to=eve@plain.example,dave@plain.example, ctladdr=root@contoso.com (0/0), delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=60015, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (kept))~",
     R"~(6ALNvWu4014815 sent to=eve@plain.example to=dave@plain.example for=root@contoso.com relay=[127.0.0.1][127.0.0.1] delay=1000 dsn=2.0.0 text=kept)~"},
    {"a local mailer that failed",
     R"~(Nov 21 23:57:32 sm sendmail[14785]: 6ALNvWOv014784: to=nobody, delay=00:00:00, xdelay=00:00:00, mailer=local, pri=90291, dsn=4.4.2, stat=Deferred: Connection reset by sm.example.net)~",
     R"~(6ALNvWOv014784 deferred to=nobody relay=local delay=0 dsn=4.4.2 text=Deferred: Connection reset by sm.example.net)~"},
    {"what an alias expands to",
     R"~(Nov 21 23:57:32 sm sendmail[14785]: 6ALNvWOv014784: to=a@[127.0.0.1],b@[127.0.0.1], delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=90291, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (kept))~",
     R"~(6ALNvWOv014784 sent to=a@[127.0.0.1] to=b@[127.0.0.1] relay=[127.0.0.1][127.0.0.1] delay=0 dsn=2.0.0 text=kept)~"},
    {"held by a ruleset",
     R"~(Nov 21 23:57:32 sm sendmail[14795]: 6ALNvWjp014795: ruleset=check_rcpt, arg1=<y@plain.example>, relay=localhost [127.0.0.1], quarantine=suspect)~",
     R"~(6ALNvWjp014795 held reason=suspect)~"},
    {"held: the delivery's line",
     R"~(Nov 21 23:57:32 sm sendmail[14795]: 6ALNvWjp014795: to=<y@plain.example>, delay=00:00:00, mailer=esmtp, pri=30084, quarantine=suspect, stat=quarantined)~",
     R"~(6ALNvWjp014795 held reason=suspect)~"},
    {"an address with a backslash could end elsewhere",
     R"~(Nov 21 23:57:32 sm sendmail[14789]: 6ALNvWGK014786: to=<"q\\"<x"@plain.example>,<"b, dsn=2.0.0"@plain.example>,<"a>, stat=Sent"@plain.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=90083, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (kept))~",
     R"~()~"},
    {"TLS of a process",
     R"~(Nov 21 23:57:32 sm sendmail[14775]: STARTTLS=client, relay=[127.0.0.1], version=TLSv1.3, verify=FAIL, cipher=TLS_AES_256_GCM_SHA384, bits=256/256)~",
     R"~(- tls relay=[127.0.0.1][127.0.0.1] trust=FAIL protocol=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384)~"},
    {"a message from the network",
     R"~(Nov 21 23:57:32 sm sendmail[14773]: 6ALNvWAX014773: from=<alice@contoso.com>, size=84, class=0, nrcpts=1, msgid=<m1795305452.6785107@contoso.com>, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1])~",
     R"~(6ALNvWAX014773 queued from=<alice@contoso.com> size=84 nrcpt=1 msgid=m1795305452.6785107@contoso.com client=localhost[127.0.0.1])~"},
    {"a message of the sendmail command",
     R"~(Nov 21 23:57:32 sm sendmail[14815]: 6ALNvWu4014815: from=root@contoso.com, size=15, class=0, nrcpts=2, msgid=<202611212357.6ALNvWu4014815@sm.example.net>, relay=root@localhost)~",
     R"~(6ALNvWu4014815 queued from=<root@contoso.com> size=15 nrcpt=2 msgid=202611212357.6ALNvWu4014815@sm.example.net)~"},
    {"a sender with everything that separates fields",
     R"~(Nov 21 23:57:32 sm sendmail[14801]: 6ALNvW1h014801: from=<"f>, size=1"@x.example>, size=84, class=0, nrcpts=1, msgid=<m1795305452.8485675@contoso.com>, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1])~",
     R"~(6ALNvW1h014801 queued from=<"f>, size=1"@x.example> size=84 nrcpt=1 msgid=m1795305452.8485675@contoso.com client=localhost[127.0.0.1])~"},
    {"the null sender",
     R"~(Nov 21 23:57:32 sm sendmail[14810]: 6ALNvWP3014810: from=<>, size=84, class=0, nrcpts=1, msgid=<m1795305452.8834112@contoso.com>, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1])~",
     R"~(6ALNvWP3014810 queued from=<> size=84 nrcpt=1 msgid=m1795305452.8834112@contoso.com client=localhost[127.0.0.1])~"},
    {"done with", R"~(Nov 21 23:57:32 sm sendmail[14775]: 6ALNvWAX014773: done; delay=00:00:00, ntries=1)~",
     R"~(6ALNvWAX014773 removed)~"},
    {"a bounce", R"~(Nov 21 23:57:32 sm sendmail[14779]: 6ALNvWxj014776: 6ALNvWxj014779: DSN: User unknown)~",
     R"~(6ALNvWxj014776 non-delivery as=6ALNvWxj014779)~"},
    {"a bounce that bounced",
     R"~(Nov 21 23:57:32 sm sendmail[14779]: 6ALNvWxj014779: 6ALNvWxk014779: return to sender: User unknown)~",
     R"~(6ALNvWxj014779 non-delivery as=6ALNvWxk014779)~"},
    {"refused: unknown user",
     R"~(Nov 21 23:57:32 sm sendmail[14784]: 6ALNvWOv014784: <nosuchuser@sm.example.net>... User unknown)~",
     R"~(6ALNvWOv014784 refused stage=RCPT code=550 to=nosuchuser@sm.example.net reply=User unknown)~"},
    {"a HELO name with a field's name",
     R"~(Nov 21 23:57:32 sm sendmail[14798]: 6ALNvWqD014798: invalid domain name (x, stat=Sent) from localhost [127.0.0.1])~",
     R"~()~"},
    {"a milter's state", R"~(Nov 21 23:57:32 sm sendmail[14773]: 6ALNvWAX014773: Milter: no active filter)~", R"~()~"},
    {"a TLS line of other content",
     R"~(Nov 21 23:57:32 sm sendmail[14775]: tls_clt_features=empty, stat=0, relay=[127.0.0.1] [127.0.0.1])~", R"~()~"},
    {"refused by a ruleset", R"~(Nov 21 23:57:03 sm sendmail[14218]: 6ALNv3QG014218: ruleset=check_rcpt, arg1=<"a>, stat=Sent"@plain.example>, relay=localhost [127.0.0.1], reject=553 5.3.0 <"a>, stat=Sent"@plain.example>... Connect:127.0.0.1)~", R"~(6ALNv3QG014218 refused stage=RCPT client=localhost[127.0.0.1] code=553 to="a>, stat=Sent"@plain.example reply=553 5.3.0 <"a>, stat=Sent"@plain.example>... Connect:127.0.0.1)~"},
    {"refused before there is a message",
     R"~(Nov 21 23:56:40 sm sendmail[13660]: ruleset=check_relay, arg1=localhost, arg2=127.0.0.1, relay=localhost [127.0.0.1], reject=451 4.3.0 Temporary system failure. Please try again later.)~",
     R"~(- refused stage=check_relay client=localhost[127.0.0.1] code=451 reply=451 4.3.0 Temporary system failure. Please try again later.)~"},
    {"withheld, since the connection is not as sendmail_tls wants it",
     R"~(Nov 22 06:26:37 mx sendmail[52]: 6AM6QbeM000050: ruleset=tls_rcpt, arg1=frank@fabrikam.com, relay=archive.compliance.example., reject=403 4.7.0 authentication failed)~",
     R"~(6AM6QbeM000050 withheld relay=archive.compliance.example. to=frank@fabrikam.com reason=403 4.7.0 authentication failed)~"},
    {"deferred because of that",
     R"~(Nov 22 06:26:37 mx sendmail[52]: 6AM6QbeM000050: to=<frank@fabrikam.com>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30164, relay=archive.compliance.example. [203.0.113.65], dsn=4.2.0, stat=Deferred)~",
     R"~(6AM6QbeM000050 deferred to=frank@fabrikam.com relay=archive.compliance.example.[203.0.113.65] delay=0 dsn=4.2.0 text=Deferred)~"},
    {"a message of which every recipient was refused",
     R"~(Nov 21 23:57:03 sm sendmail[14225]: 6ALNv3WS014225: from=<>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1])~",
     R"~()~"},
    {"a host that does not exist",
     R"~(Nov 21 23:57:03 sm sendmail[14228]: 6ALNv3DO014226: to=eve@plain.example,dave@plain.example, ctladdr=root@contoso.com (0/0), delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=60015, relay=plain.example, dsn=5.1.2, stat=Host unknown (Name server: plain.example: host not found))~",
     R"~(6ALNv3DO014226 bounced to=eve@plain.example to=dave@plain.example for=root@contoso.com relay=plain.example delay=0 dsn=5.1.2 text=Host unknown (Name server: plain.example: host not found))~"},
};

// As Sendmail's sources write them; not seen in the runs that the others come from.
const LogLineCase other_sendmail_lines[] = {
    {"Debian's name of the program, and days of delay",
     "Nov 21 23:52:18 mx sm-mta[1]: 6ALNvWAX014773: to=<a@b.example>, ctladdr=<c@d.example> (1000/1000), "
     "delay=2+03:00:01, xdelay=00:00:01, mailer=esmtp, pri=120418, relay=mx.b.example. [192.0.2.1], dsn=2.0.0, "
     "stat=Sent (250 2.0.0 Ok: queued as 4FEDCBA)",
     "6ALNvWAX014773 sent to=a@b.example for=c@d.example relay=mx.b.example.[192.0.2.1] delay=183601000 dsn=2.0.0 "
     "text=250 2.0.0 Ok: "
     "queued as 4FEDCBA"},
    {"a milter's refusal",
     "Nov 21 23:52:18 mx sm-mta[1]: 6ALNvWAX014773: Milter: to=<a@b.example>, reject=550 5.7.1 no",
     "6ALNvWAX014773 refused stage=RCPT code=550 to=a@b.example reply=550 5.7.1 no"},
    {"a milter's refusal of the whole message",
     "Nov 21 23:52:18 mx sm-mta[1]: 6ALNvWAX014773: Milter: data, reject=451 4.3.2 later",
     "6ALNvWAX014773 refused stage=data code=451 reply=451 4.3.2 later"},
    {"held by a milter", "Nov 21 23:52:18 mx sm-mta[1]: 6ALNvWAX014773: milter=connectord, quarantine=DMARC",
     "6ALNvWAX014773 held reason=DMARC"},
    {"expired",
     "Nov 21 23:52:18 mx sm-mta[1]: 6ALNvWAX014773: 6ALNvWAY014774: return to sender: Cannot send message for 5 days",
     "6ALNvWAX014773 non-delivery expired as=6ALNvWAY014774"},
    {"late",
     "Nov 21 23:52:18 mx sm-mta[1]: 6ALNvWAX014773: 6ALNvWAY014774: sender notify: Warning: could not send message for "
     "past 4 hours",
     "6ALNvWAX014773 delay as=6ALNvWAY014774"},
};

// What could be taken for something that it is not.
const LogLineCase refused_sendmail_lines[] = {
    {"another program",
     "Nov 21 23:52:18 mx evil[1]: 6ALNvWAX014773: to=<a@b>, delay=00:00:01, dsn=2.0.0, stat=Sent (x)", ""},
    {"no queue ID", "Nov 21 23:52:18 mx sendmail[1]: NOQUEUE: to=<a@b>, delay=00:00:01, dsn=2.0.0, stat=Sent (x)", ""},
    {"a status without a code",
     "Nov 21 23:52:18 mx sendmail[1]: 6ALNvWAX014773: to=<a@b>, delay=00:00:01, mailer=local, stat=Sent", ""},
    {"a recipient that begins the next field",
     "Nov 21 23:52:18 mx sendmail[1]: 6ALNvWAX014773: to=<a>, dsn=2.0.0, stat=Sent (@b>, delay=00:00:01, mailer=esmtp, "
     "relay=h [192.0.2.1], dsn=5.1.1, stat=User unknown",
     ""},
    {"cut off in the list of recipients", "Nov 21 23:52:18 mx sendmail[1]: 6ALNvWAX014773: to=<a@b>,<c@", ""},
};

TEST(SendmailLine, ReadsWhatARealSendmailWrites) {
  for (const auto& [title, line, event] : sendmail_lines) EXPECT_EQ(parsed(line), event) << title;
}

TEST(SendmailLine, ReadsOtherFormsOfItsSources) {
  for (const auto& [title, line, event] : other_sendmail_lines) EXPECT_EQ(parsed(line), event) << title;
}

TEST(SendmailLine, TakesNothingFromWhatSendmailDidNotWriteThere) {
  for (const auto& [title, line, event] : refused_sendmail_lines) EXPECT_EQ(parsed(line), event) << title;
}

}  // namespace
}  // namespace connectord::maillog
