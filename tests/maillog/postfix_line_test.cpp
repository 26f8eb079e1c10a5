#include <gtest/gtest.h>

#include "log_line_case.h"

namespace connectord::maillog {
namespace {

// Lines of a real Postfix 3.7.
const LogLineCase real[] = {
    {"a delivery over SMTP",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10326]: DA141A8828C: to=<bob@example.net>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.16, delays=0.01/0.01/0.1/0.04, dsn=2.0.0, status=sent (250 2.0.0 kept))~",
     R"~(DA141A8828C sent to=bob@example.net relay=127.0.0.1[127.0.0.1]:39655 delay=160 delays=10/10/100/40 dsn=2.0.0 text=250 2.0.0 kept)~"},
    {"what a remote server says cannot add a field",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10328]: DACFEA8828D: to=<reject@example.net>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.17, delays=0/0.03/0.09/0.05, dsn=5.1.1, status=bounced (host 127.0.0.1[127.0.0.1] said: 550 5.1.1 <x>: Recipient rejected (really), status=sent (250 ok), to=<x@y>, relay=evil[6.6.6.6]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 Ok: queued as 4ABC) (in reply to RCPT TO command)))~",
     R"~(DACFEA8828D bounced to=reject@example.net relay=127.0.0.1[127.0.0.1]:39655 delay=170 delays=0/30/90/50 dsn=5.1.1 text=host 127.0.0.1[127.0.0.1] said: 550 5.1.1 <x>: Recipient rejected (really), status=sent (250 ok), to=<x@y>, relay=evil[6.6.6.6]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 Ok: queued as 4ABC) (in reply to RCPT TO command))~"},
    {"nor end the status",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10328]: DACFEA8828D: to=<later@example.net>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.17, delays=0/0.03/0.09/0.04, dsn=4.3.0, status=deferred (host 127.0.0.1[127.0.0.1] said: 451 4.3.0 later) (status=sent (in reply to RCPT TO command)))~",
     R"~(DACFEA8828D deferred to=later@example.net relay=127.0.0.1[127.0.0.1]:39655 delay=170 delays=0/30/90/40 dsn=4.3.0 text=host 127.0.0.1[127.0.0.1] said: 451 4.3.0 later) (status=sent (in reply to RCPT TO command))~"},
    {"a local part with everything that separates fields",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10358]: F1AD6A882A4: to=<"a>, relay=evil[1.2.3.4]:25, delay=0, dsn=2.0.0, status=sent (x"@example.net>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.21, delays=0.01/0.07/0.09/0.04, dsn=2.0.0, status=sent (250 2.0.0 kept))~",
     R"~(F1AD6A882A4 sent to="a>, relay=evil[1.2.3.4]:25, delay=0, dsn=2.0.0, status=sent (x"@example.net relay=127.0.0.1[127.0.0.1]:39655 delay=210 delays=10/70/90/40 dsn=2.0.0 text=250 2.0.0 kept)~"},
    {"a comma in quotes",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10358]: F1AD6A882A4: to=<"com,ma"@example.net>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.21, delays=0.01/0.07/0.09/0.04, dsn=2.0.0, status=sent (250 2.0.0 kept))~",
     R"~(F1AD6A882A4 sent to="com,ma"@example.net relay=127.0.0.1[127.0.0.1]:39655 delay=210 delays=10/70/90/40 dsn=2.0.0 text=250 2.0.0 kept)~"},
    {"an escaped quote",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10358]: F1AD6A882A4: to=<"odd \" q"@example.net>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.21, delays=0.01/0.07/0.09/0.04, dsn=2.0.0, status=sent (250 2.0.0 kept))~",
     R"~(F1AD6A882A4 sent to="odd \" q"@example.net relay=127.0.0.1[127.0.0.1]:39655 delay=210 delays=10/70/90/40 dsn=2.0.0 text=250 2.0.0 kept)~"},
    {"a field's name in quotes",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10328]: F2C84A882A6: to=<"x to=<"@example.net>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.21, delays=0/0.08/0.09/0.04, dsn=2.0.0, status=sent (250 2.0.0 kept))~",
     R"~(F2C84A882A6 sent to="x to=<"@example.net relay=127.0.0.1[127.0.0.1]:39655 delay=210 delays=0/80/90/40 dsn=2.0.0 text=250 2.0.0 kept)~"},
    {"an internationalized address",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10363]: F3918A8829F: to=<bürger@example.net>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.24, delays=0/0.1/0.09/0.04, dsn=2.0.0, status=sent (250 2.0.0 kept))~",
     R"~(F3918A8829F sent to=bürger@example.net relay=127.0.0.1[127.0.0.1]:39655 delay=240 delays=0/100/90/40 dsn=2.0.0 text=250 2.0.0 kept)~"},
    {"a virtual alias",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10338]: DEEA6A88291: to=<one@example.net>, orig_to=<list@virt.example>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.19, delays=0/0.05/0.09/0.04, dsn=2.0.0, status=sent (250 2.0.0 kept))~",
     R"~(DEEA6A88291 sent to=one@example.net orig_to=list@virt.example relay=127.0.0.1[127.0.0.1]:39655 delay=190 delays=0/50/90/40 dsn=2.0.0 text=250 2.0.0 kept)~"},
    {"a virtual alias to an address that is refused",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10338]: DEEA6A88291: to=<reject@example.net>, orig_to=<list@virt.example>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.19, delays=0/0.05/0.09/0.04, dsn=5.1.1, status=bounced (host 127.0.0.1[127.0.0.1] said: 550 5.1.1 <x>: Recipient rejected (really), status=sent (250 ok), to=<x@y>, relay=evil[6.6.6.6]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 Ok: queued as 4ABC) (in reply to RCPT TO command)))~",
     R"~(DEEA6A88291 bounced to=reject@example.net orig_to=list@virt.example relay=127.0.0.1[127.0.0.1]:39655 delay=190 delays=0/50/90/40 dsn=5.1.1 text=host 127.0.0.1[127.0.0.1] said: 550 5.1.1 <x>: Recipient rejected (really), status=sent (250 ok), to=<x@y>, relay=evil[6.6.6.6]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 Ok: queued as 4ABC) (in reply to RCPT TO command))~"},
    {"an original recipient with a quoted domain",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10333]: 00C64A882A8: to=<x@nouser>, orig_to=<"x@nouser@"@>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.26, delays=0/0.13/0.09/0.04, dsn=2.0.0, status=sent (250 2.0.0 kept))~",
     R"~(00C64A882A8 sent to=x@nouser orig_to="x@nouser@"@ relay=127.0.0.1[127.0.0.1]:39655 delay=260 delays=0/130/90/40 dsn=2.0.0 text=250 2.0.0 kept)~"},
    {"nobody answers",
     R"~(Nov 21 23:52:18 mx postfix/smtp[10333]: DD090A8828F: to=<bob@dead.example>, relay=none, delay=0.04, delays=0/0.04/0/0, dsn=4.4.1, status=deferred (connect to 127.0.0.1[127.0.0.1]:1: Connection refused))~",
     R"~(DD090A8828F deferred to=bob@dead.example delay=40 delays=0/40/0/0 dsn=4.4.1 text=connect to 127.0.0.1[127.0.0.1]:1: Connection refused)~"},
    {"TLS was not offered",
     R"~(Nov 21 23:52:19 mx postfix/smtp[10337]: E4165A88295: to=<bob@tlsonly.example>, relay=127.0.0.1[127.0.0.1]:37201, delay=0.07, delays=0/0.02/0.04/0, dsn=4.7.4, status=deferred (TLS is required, but was not offered by host 127.0.0.1[127.0.0.1]))~",
     R"~(E4165A88295 deferred to=bob@tlsonly.example relay=127.0.0.1[127.0.0.1]:37201 delay=70 delays=0/20/40/0 dsn=4.7.4 text=TLS is required, but was not offered by host 127.0.0.1[127.0.0.1])~"},
    {"a content filter on this machine queued it anew",
     R"~(Nov 21 23:52:18 mx postfix/scan/smtp[10345]: EE09AA8829F: to=<f@example.net>, relay=127.0.0.1[127.0.0.1]:25535, delay=0.02, delays=0/0.01/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as F2C16A882A5))~",
     R"~(EE09AA8829F sent to=f@example.net relay=127.0.0.1[127.0.0.1]:25535 delay=20 delays=0/10/0/0 dsn=2.0.0 next=F2C16A882A5 text=250 2.0.0 Ok: queued as F2C16A882A5)~"},
    {"a local alias to others",
     R"~(Nov 21 23:52:18 mx postfix/local[10331]: E00EEA88292: to=<team@mx.example.net>, relay=local, delay=0.04, delays=0/0.03/0/0.01, dsn=2.0.0, status=sent (forwarded as E85CDA88298))~",
     R"~(E00EEA88292 sent to=team@mx.example.net relay=local delay=40 delays=0/30/0/10 dsn=2.0.0 next=E85CDA88298 text=forwarded as E85CDA88298)~"},
    {"a local alias to a user",
     R"~(Nov 21 23:52:18 mx postfix/local[10330]: E00EEA88292: to=<nobody@mx.example.net>, orig_to=<local1@mx.example.net>, relay=local, delay=0.01, delays=0/0.01/0/0, dsn=2.0.0, status=sent (delivered to command: /bin/true))~",
     R"~(E00EEA88292 sent to=nobody@mx.example.net orig_to=local1@mx.example.net relay=local delay=10 delays=0/10/0/0 dsn=2.0.0 text=delivered to command: /bin/true)~"},
    {"delivery to a file",
     R"~(Nov 21 23:52:18 mx postfix/local[10330]: E00EEA88292: to=<local2+x@mx.example.net>, relay=local, delay=0.01, delays=0/0.01/0/0, dsn=2.0.0, status=sent (delivered to file: /dev/null))~",
     R"~(E00EEA88292 sent to=local2+x@mx.example.net relay=local delay=10 delays=0/10/0/0 dsn=2.0.0 text=delivered to file: /dev/null)~"},
    {"a command that failed",
     R"~(Nov 21 23:52:18 mx postfix/local[10330]: E00EEA88292: to=<pipe@mx.example.net>, relay=local, delay=0.04, delays=0/0.01/0/0.03, dsn=5.3.0, status=bounced (Command died with status 1: "/bin/false"))~",
     R"~(E00EEA88292 bounced to=pipe@mx.example.net relay=local delay=40 delays=0/10/0/30 dsn=5.3.0 text=Command died with status 1: "/bin/false")~"},
    {"the discard transport",
     R"~(Nov 21 23:52:18 mx postfix/discard[10329]: DDD0CA88290: to=<bob@disc.example>, relay=none, delay=0.01, delays=0/0.01/0/0, dsn=2.0.0, status=sent (gone))~",
     R"~(DDD0CA88290 sent to=bob@disc.example delay=10 delays=0/10/0/0 dsn=2.0.0 text=gone)~"},
    {"a soft bounce is tried again, in another instance",
     R"~(Nov 21 23:52:36 mx postfix-out/smtp[10439]: 4jX8C82H40z1cDc4: to=<reject@example.net>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.16, delays=0.01/0.01/0.09/0.05, dsn=4.1.1, status=SOFTBOUNCE (host 127.0.0.1[127.0.0.1] said: 550 5.1.1 <x>: Recipient rejected (really), status=sent (250 ok), to=<x@y>, relay=evil[6.6.6.6]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 Ok: queued as 4ABC) (in reply to RCPT TO command)))~",
     R"~(4jX8C82H40z1cDc4 deferred to=reject@example.net relay=127.0.0.1[127.0.0.1]:39655 delay=160 delays=10/10/90/50 dsn=4.1.1 text=host 127.0.0.1[127.0.0.1] said: 550 5.1.1 <x>: Recipient rejected (really), status=sent (250 ok), to=<x@y>, relay=evil[6.6.6.6]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 Ok: queued as 4ABC) (in reply to RCPT TO command))~"},
    {"a long queue ID",
     R"~(Nov 21 23:52:30 mx postfix/smtp[10409]: 4jX8C21b0fz1cDb9: to=<long@example.net>, relay=127.0.0.1[127.0.0.1]:39655, delay=0.15, delays=0.01/0.01/0.09/0.04, dsn=2.0.0, status=sent (250 2.0.0 kept))~",
     R"~(4jX8C21b0fz1cDb9 sent to=long@example.net relay=127.0.0.1[127.0.0.1]:39655 delay=150 delays=10/10/90/40 dsn=2.0.0 text=250 2.0.0 kept)~"},
    {"TLS of a process",
     R"~(Nov 21 23:52:18 mx postfix/smtp[10326]: Untrusted TLS connection established to 127.0.0.1[127.0.0.1]:39655: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature ECDSA (prime256v1) server-digest SHA256)~",
     R"~(- tls relay=127.0.0.1[127.0.0.1]:39655 trust=Untrusted protocol=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384)~"},
    {"a message from the network",
     R"~(Nov 21 23:52:18 mx postfix/smtp/smtpd[10319]: DA141A8828C: client=unknown[127.0.0.1])~",
     R"~(DA141A8828C received client=unknown[127.0.0.1])~"},
    {"a message ID",
     R"~(Nov 21 23:52:18 mx postfix/cleanup[10325]: DA141A8828C: message-id=<hello.1795305138.8938@contoso.com>)~",
     R"~(DA141A8828C message-id value=hello.1795305138.8938@contoso.com)~"},
    {"up for delivery",
     R"~(Nov 21 23:52:18 mx postfix/qmgr[10317]: DA141A8828C: from=<alice@contoso.com>, size=319, nrcpt=1 (queue active))~",
     R"~(DA141A8828C queued from=<alice@contoso.com> size=319 nrcpt=1)~"},
    {"the null sender",
     R"~(Nov 21 23:52:18 mx postfix/qmgr[10317]: EAAD4A8829C: from=<>, size=2170, nrcpt=1 (queue active))~",
     R"~(EAAD4A8829C queued from=<> size=2170 nrcpt=1)~"},
    {"a sender with everything that separates fields",
     R"~(Nov 21 23:52:18 mx postfix/qmgr[10317]: F2C84A882A6: from=<"fr, size=1> nrcpt=3"@contoso.com>, size=343, nrcpt=1 (queue active))~",
     R"~(F2C84A882A6 queued from=<"fr, size=1> nrcpt=3"@contoso.com> size=343 nrcpt=1)~"},
    {"done with", R"~(Nov 21 23:52:19 mx postfix/qmgr[10317]: DA141A8828C: removed)~", R"~(DA141A8828C removed)~"},
    {"a bounce",
     R"~(Nov 21 23:52:18 mx postfix/bounce[10336]: E00EEA88292: sender non-delivery notification: EAAD4A8829C)~",
     R"~(E00EEA88292 non-delivery as=EAAD4A8829C)~"},
    {"a bounce under a long queue ID",
     R"~(Nov 21 23:52:32 mx postfix/bounce[10410]: 4jX8C21Y1Yz1cDZw: sender non-delivery notification: 4jX8C41kXpz1cDbl)~",
     R"~(4jX8C21Y1Yz1cDZw non-delivery as=4jX8C41kXpz1cDbl)~"},
    {"expired",
     R"~(Nov 21 23:52:32 mx postfix/qmgr[10402]: 4jX8C21Y1Yz1cDZw: from=<alice@contoso.com>, status=expired, returned to sender)~",
     R"~(4jX8C21Y1Yz1cDZw expired)~"},
    {"expired by the operator",
     R"~(Nov 21 23:52:25 mx postfix/qmgr[10317]: DACFEA8828D: from=<alice@contoso.com>, status=force-expired, returned to sender)~",
     R"~(DACFEA8828D expired by force)~"},
    {"the operator's word comes before it happens",
     R"~(Nov 21 23:52:25 mx postfix/postsuper[10382]: DACFEA8828D: expired)~", R"~()~"},
    {"held by a header check",
     R"~(Nov 21 23:52:18 mx postfix/cleanup[10325]: E6F35A88296: hold: header Subject: holdme from unknown[127.0.0.1]; from=<alice@contoso.com> to=<held@example.net> proto=ESMTP helo=<client.example.org>: please hold)~",
     R"~(E6F35A88296 held reason=please hold)~"},
    {"held by a milter",
     R"~(Nov 21 23:52:40 mx postfix/smtp/smtpd[10456]: 4jX8CD2rsNz1cDjj: milter-hold: DATA from unknown[127.0.0.1]: milter triggers HOLD action; from=<alice@contoso.com> to=<mh@example.net> proto=ESMTP helo=<client.example.org>)~",
     R"~(4jX8CD2rsNz1cDjj held reason=milter triggers HOLD action)~"},
    {"held by a milter, before there is a queue file",
     R"~(Nov 21 23:52:40 mx postfix/smtp/smtpd[10456]: NOQUEUE: milter-hold: RCPT from unknown[127.0.0.1]: milter triggers HOLD action; from=<alice@contoso.com> to=<mh@example.net> proto=ESMTP helo=<client.example.org>)~",
     R"~()~"},
    {"held by the operator", R"~(Nov 21 23:52:23 mx postfix/postsuper[10376]: E4165A88295: placed on hold)~",
     R"~(E4165A88295 held reason=placed on hold by the operator)~"},
    {"released", R"~(Nov 21 23:52:23 mx postfix/postsuper[10374]: E6F35A88296: released from hold)~",
     R"~(E6F35A88296 released)~"},
    {"removed by the operator", R"~(Nov 21 23:52:23 mx postfix/postsuper[10375]: EBD72A8829B: removed)~",
     R"~(EBD72A8829B removed by operator)~"},
    {"requeued by the operator", R"~(Nov 21 23:52:23 mx postfix/postsuper[10377]: E4165A88295: requeued)~",
     R"~(E4165A88295 requeued)~"},
    {"the requeued message comes in again",
     R"~(Nov 21 23:52:23 mx postfix/pickup[10316]: 17F00A8829B: uid=102 from=<alice@contoso.com> orig_id=E4165A88295)~",
     R"~(17F00A8829B picked up from=alice@contoso.com orig=E4165A88295)~"},
    {"the operator's summary is about no message",
     R"~(Nov 21 23:52:23 mx postfix/postsuper[10376]: Placed on hold: 1 message)~", R"~()~"},
    {"refused by a header check",
     R"~(Nov 21 23:52:18 mx postfix/cleanup[10325]: EC88CA8829E: reject: header Subject: refuse from unknown[127.0.0.1]; from=<alice@contoso.com> to=<x@example.net> proto=ESMTP helo=<client.example.org>: 5.7.1 no such thing)~",
     R"~(EC88CA8829E refused stage=header code=550 reply=5.7.1 no such thing)~"},
    {"thrown away by a header check",
     R"~(Nov 21 23:52:18 mx postfix/cleanup[10339]: ECF1FA8829E: discard: header Subject: disc from unknown[127.0.0.1]; from=<alice@contoso.com> to=<x@example.net> proto=ESMTP helo=<client.example.org>: bye)~",
     R"~(ECF1FA8829E discarded reason=bye)~"},
    {"refused: unknown user",
     R"~(Nov 21 23:52:18 mx postfix/smtp/smtpd[10319]: NOQUEUE: reject: RCPT from unknown[127.0.0.1]: 550 5.1.1 <nouser@mx.example.net>: Recipient address rejected: User unknown in local recipient table; from=<alice@contoso.com> to=<nouser@mx.example.net> proto=ESMTP helo=<client.example.org>)~",
     R"~(- refused stage=RCPT client=unknown[127.0.0.1] code=550 from=alice@contoso.com to=nouser@mx.example.net helo=client.example.org reply=550 5.1.1 <nouser@mx.example.net>: Recipient address rejected: User unknown in local recipient table)~"},
    {"refused: the error transport",
     R"~(Nov 21 23:52:18 mx postfix/smtp/smtpd[10323]: NOQUEUE: reject: RCPT from unknown[127.0.0.1]: 550 5.7.1 <bob@errx.example>: Recipient address rejected: no mail here, please; from=<alice@contoso.com> to=<bob@errx.example> proto=ESMTP helo=<client.example.org>)~",
     R"~(- refused stage=RCPT client=unknown[127.0.0.1] code=550 from=alice@contoso.com to=bob@errx.example helo=client.example.org reply=550 5.7.1 <bob@errx.example>: Recipient address rejected: no mail here, please)~"},
    {"refused while a milter is down", R"~(Nov 21 23:52:41 mx postfix/smtp/smtpd[10473]: NOQUEUE: milter-reject: MAIL from unknown[127.0.0.1]: 451 4.7.1 Service unavailable - try again later; from=<alice@contoso.com> proto=ESMTP helo=<client.example.org>)~", R"~(- refused stage=MAIL client=unknown[127.0.0.1] code=451 from=alice@contoso.com helo=client.example.org reply=451 4.7.1 Service unavailable - try again later)~"},
    {"a connection", R"~(Nov 21 23:52:18 mx postfix/back/smtpd[10321]: connect from unknown[127.0.0.1])~", R"~()~"},
    {"a warning with an address",
     R"~(Nov 21 23:52:18 mx postfix/smtp/smtpd[10323]: warning: Illegal address syntax from unknown[127.0.0.1] in RCPT command: <nosuch reject@example.net>)~",
     R"~()~"},
    {"no connection",
     R"~(Nov 21 23:52:18 mx postfix/smtp[10333]: connect to 127.0.0.1[127.0.0.1]:1: Connection refused)~", R"~()~"},
};

// Forms that this Postfix was not seen to write, or that other versions write.
const LogLineCase others[] = {
    {"a connection used again, and LMTP over a unix socket",
     R"~(Nov 21 23:52:18 mx postfix/lmtp[1]: 4ABCDEF: to=<a@b.example>, relay=mx.example[private/dovecot-lmtp], conn_use=2, delay=0.2, delays=0.1/0/0.05/0.05, dsn=2.0.0, status=sent (250 2.0.0 <a@b.example> x Saved))~",
     R"~(4ABCDEF sent to=a@b.example relay=mx.example[private/dovecot-lmtp] use=2 delay=200 delays=100/0/50/50 dsn=2.0.0 text=250 2.0.0 <a@b.example> x Saved)~"},
    {"fields of later versions",
     R"~(Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a@b.example>, relay=mx.b.example[2001:db8::1]:25, delay=0.2, delays=0.1/0/0.05/0.05, tls=dane/may:none!x?, dsn=2.0.0, status=sent (250 ok))~",
     R"~(4ABCDEF sent to=a@b.example relay=mx.b.example[2001:db8::1]:25 delay=200 delays=100/0/50/50 dsn=2.0.0 text=250 ok)~"},
    {"a filter that passes on what the next one said",
     R"~(Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a@b.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4FEDCBA))~",
     R"~(4ABCDEF sent to=a@b.example relay=127.0.0.1[127.0.0.1]:10024 delay=1000 delays=1000/0/0/0 dsn=2.0.0 next=4FEDCBA text=250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4FEDCBA)~"},
    {"another host's queue ID is none of ours",
     R"~(Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4FEDCBA))~",
     R"~(4ABCDEF sent to=a@b.example relay=mx.b.example[192.0.2.1]:25 delay=1000 delays=1000/0/0/0 dsn=2.0.0 text=250 2.0.0 Ok: queued as 4FEDCBA)~"},
    {"a probe delivers nothing",
     R"~(Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, delays=1/0/0/0, dsn=2.1.5, status=deliverable (250 2.1.5 Ok))~",
     R"~(4ABCDEF verified to=a@b.example relay=mx.b.example[192.0.2.1]:25 delay=1000 delays=1000/0/0/0 dsn=2.1.5 text=250 2.1.5 Ok)~"},
    {"a milter's refusal of the whole message",
     R"~(Nov 21 23:52:18 mx postfix/cleanup[1]: 4ABCDEF: milter-reject: END-OF-MESSAGE from unknown[192.0.2.7]: 5.7.1 no; from=<x@y.example> to=<a@b.example> proto=ESMTP helo=<h>)~",
     R"~(4ABCDEF refused stage=END-OF-MESSAGE client=unknown[192.0.2.7] code=550 from=x@y.example to=a@b.example helo=h reply=5.7.1 no)~"},
    {"a refusal of postscreen's",
     R"~(Nov 21 23:52:18 mx postfix/postscreen[1]: NOQUEUE: reject: RCPT from [192.0.2.7]:4711: 550 5.7.1 Service unavailable; client [192.0.2.7] blocked using bl.example; from=<x@y.example>, to=<a@b.example>, proto=ESMTP, helo=<h>)~",
     R"~(- refused stage=RCPT client=[192.0.2.7] code=550 from=x@y.example to=a@b.example helo=h reply=550 5.7.1 Service unavailable; client [192.0.2.7] blocked using bl.example)~"},
    {"a message that a content filter hands back",
     R"~(Nov 21 23:52:18 mx postfix/smtpd[1]: 4FEDCBA: client=localhost[127.0.0.1], orig_queue_id=4ABCDEF, orig_client=h[192.0.2.7])~",
     R"~(4FEDCBA received client=localhost[127.0.0.1] orig=4ABCDEF)~"},
    {"a user whose name looks like what a content filter hands back",
     R"~(Nov 21 23:52:18 mx postfix/smtpd[1]: 4FEDCBA: client=h[192.0.2.7], sasl_method=PLAIN, sasl_username=u, orig_queue_id=4ABCDEF, orig_client=h[192.0.2.7])~",
     R"~(4FEDCBA received client=h[192.0.2.7])~"},
    {"TLS of a connection that is used again",
     R"~(Nov 21 23:52:18 mx postfix/smtp[1]: Verified TLS connection reused to mx.b.example[192.0.2.1]:25: TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits))~",
     R"~(- tls relay=mx.b.example[192.0.2.1]:25 trust=Verified protocol=TLSv1.2 cipher=ECDHE-RSA-AES256-GCM-SHA384)~"},
    {"a warning that mail is late, to the sender",
     R"~(Nov 21 23:52:18 mx postfix/bounce[1]: 4ABCDEF: sender delay notification: 4FEDCBA)~",
     R"~(4ABCDEF delay as=4FEDCBA)~"},
    {"a report of success",
     R"~(Nov 21 23:52:18 mx postfix/bounce[1]: 4ABCDEF: sender delivery status notification: 4FEDCBA)~",
     R"~(4ABCDEF success as=4FEDCBA)~"},
    {"a bounce to the postmaster",
     R"~(Nov 21 23:52:18 mx postfix/bounce[1]: 4ABCDEF: postmaster non-delivery notification: 4FEDCBA)~",
     R"~(4ABCDEF non-delivery to postmaster as=4FEDCBA)~"},
    {"a line that was cut off in the text",
     R"~(Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a@b.example>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (connect to b.ex)~",
     R"~(4ABCDEF deferred to=a@b.example delay=1000 delays=1000/0/0/0 dsn=4.4.1 text=connect to b.ex)~"},
};

// What could be taken for something that it is not.
const LogLineCase refused[] = {
    {"another program that says what Postfix would",
     "Nov 21 23:52:18 mx evil[1]: postfix/smtp[2]: 4ABCDEF: to=<a@b>, relay=none, delay=1, delays=1/0/0/0, dsn=2.0.0, "
     "status=sent (x)",
     ""},
    {"a program whose name only ends so",
     "Nov 21 23:52:18 mx evil/postfix/smtp[2]: 4ABCDEF: to=<a@b>, relay=none, delay=1, delays=1/0/0/0, dsn=2.0.0, "
     "status=sent (x)",
     ""},
    {"a delivery that smtpd tells of",
     "Nov 21 23:52:18 mx postfix/smtpd[2]: 4ABCDEF: to=<a@b>, relay=none, delay=1, delays=1/0/0/0, dsn=2.0.0, "
     "status=sent (x)",
     ""},
    {"removed, by a program that removes nothing", "Nov 21 23:52:18 mx postfix/smtp[2]: 4ABCDEF: removed", ""},
    {"a queue ID that is a word", "Nov 21 23:52:18 mx postfix/qmgr[2]: warning: removed", ""},
    {"an address without quotes that ends where another field begins",
     "Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a b>, relay=none, delay=1, delays=1/0/0/0, dsn=2.0.0, "
     "status=sent (x)",
     ""},
    {"a quote within a local part without quotes",
     "Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a\"b@c>, relay=none, delay=1, delays=1/0/0/0, dsn=2.0.0, "
     "status=sent (x)",
     ""},
    {"a quote that does not end",
     "Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<\"a>, relay=none, delay=1, delays=1/0/0/0, dsn=2.0.0, "
     "status=sent (x)",
     ""},
    {"an escaped quote does not end the quotes",
     "Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<\"a\\\">, relay=none, delay=1, delays=1/0/0/0, dsn=2.0.0, "
     "status=sent (x)",
     ""},
    {"a status where there was no delivery", "Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a@b>, status=sent (x)",
     ""},
    {"a status that nobody knows",
     "Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a@b>, relay=none, delay=1, delays=1/0/0/0, dsn=2.0.0, "
     "status=odd (x)",
     ""},
    {"fields that are not of the form that they have",
     "Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a@b>, relay=none, delay=-1, delays=1/0/0/0, dsn=2.0.0, "
     "status=sent (x)",
     ""},
    {"cut off before the status",
     "Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a@b>, relay=none, delay=1, delays=1/0/0/0, dsn=2.0.0, sta", ""},
    {"a control character",
     "Nov 21 23:52:18 mx postfix/qmgr[1]: 4ABCDEF: from=<a\x01@b>, size=1, nrcpt=1 (queue active)", ""},
    {"no UTF-8 in an address",
     "Nov 21 23:52:18 mx postfix/qmgr[1]: 4ABCDEF: from=<\xff@b>, size=1, nrcpt=1 (queue active)", ""},
    {"a size beyond all numbers",
     "Nov 21 23:52:18 mx postfix/qmgr[1]: 4ABCDEF: from=<a@b>, size=99999999999999999999, nrcpt=1 (queue active)", ""},
};

TEST(PostfixLine, ReadsWhatARealPostfixWrites) {
  for (const auto& [title, line, event] : real) EXPECT_EQ(parsed(line), event) << title;
}

TEST(PostfixLine, ReadsTheFormsOfOtherVersions) {
  for (const auto& [title, line, event] : others) EXPECT_EQ(parsed(line), event) << title;
}

TEST(PostfixLine, TakesNothingFromWhatPostfixDidNotWriteThere) {
  for (const auto& [title, line, event] : refused) EXPECT_EQ(parsed(line), event) << title;
}

// The recipient of a refusal is the client's word, and so is the HELO name: neither can pass for the other.
TEST(PostfixLine, ReadsARefusalsEnvelopeFromTheRight) {
  EXPECT_EQ(parsed("Nov 21 23:52:18 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.7]: 550 5.1.1 "
                   "<\"a; from=<x@y> to=<v@w> proto=SMTP helo=<z>\"@b>: no; from=<s@t> to=<\"a; from=<x@y> to=<v@w> "
                   "proto=SMTP helo=<z>\"@b> proto=ESMTP helo=<h>"),
            "- refused stage=RCPT client=h[192.0.2.7] code=550 from=s@t to=\"a; from=<x@y> to=<v@w> proto=SMTP "
            "helo=<z>\"@b helo=h reply=550 5.1.1 <\"a; from=<x@y> to=<v@w> proto=SMTP helo=<z>\"@b>: no");
}

constexpr const char* of_a_user =
    "Nov 21 23:52:18 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from c.test[192.0.2.7]: 550 5.1.1 <u@rcpt.test>: "
    "Recipient address rejected: User unknown; from=<a@sender.test> to=<u@rcpt.test> proto=ESMTP helo=<c.test>";

std::string envelope_of(const std::string& user) {
  return "- refused stage=RCPT client=c.test[192.0.2.7] code=550 from=a@sender.test to=u@rcpt.test helo=c.test" +
         (user.empty() ? user : " user=" + user) +
         " reply=550 5.1.1 <u@rcpt.test>: Recipient address rejected: User unknown";
}

// Postfix 3.10 and later record who had logged in, behind all else.
TEST(PostfixLine, ReadsWhoHadLoggedIn) {
  const std::string line = std::string(of_a_user) + " sasl_method=PLAIN";
  EXPECT_EQ(parsed(line + " sasl_username=joe@rcpt.test"), envelope_of("joe@rcpt.test"));
  EXPECT_EQ(parsed(line + " sasl_username=Joe Doe"), envelope_of("Joe Doe"));
  EXPECT_EQ(parsed(line + " sasl_username=j\xc3\xb6<r>\"g"), envelope_of("j\xc3\xb6<r>\"g"));
  EXPECT_EQ(parsed(line), envelope_of(""));
  EXPECT_EQ(parsed(line + " sasl_username=joe sasl_sender=x@y"), envelope_of("")) << "either is the name's end";
  for (const char* cut : {" sasl_method", " sasl_me", " ", " sasl_method=PLAIN sasl_usern"}) {
    EXPECT_EQ(parsed(of_a_user + std::string(cut)), envelope_of("")) << cut;
  }
}

// In lines about a milter's answers the name has brackets, and no method before it.
TEST(PostfixLine, ReadsWhoHadLoggedInWhereAMilterAnswered) {
  const std::string line = std::string(of_a_user) + " sasl_username=<";
  for (const std::string name : {"joe@rcpt.test", "J. Doe", "a>b", "x> sasl_method=PLAIN", "<", ">",
                                 "x; from=<evil@x> to=<v@w> proto=ESMTP helo=<e> sasl_username=<y"}) {
    EXPECT_EQ(parsed(line + name + ">"), envelope_of(name)) << name;
  }
  EXPECT_EQ(parsed(line + ">"), envelope_of(""));
  EXPECT_EQ(parsed(line + "joe"), envelope_of("joe")) << "cut off";
  EXPECT_EQ(parsed(of_a_user + std::string(" sasl_user")), envelope_of("")) << "cut off";
  EXPECT_EQ(parsed("Nov 21 23:52:40 mx postfix/smtpd[1]: 4ABCDEF: milter-hold: DATA from h[192.0.2.7]: milter triggers "
                   "HOLD action; from=<x@y.example> to=<a@b.example> proto=ESMTP helo=<h> sasl_username=<joe>"),
            "4ABCDEF held reason=milter triggers HOLD action");
}

// Two envelopes in one address: the first is followed by the second, and quoted by neither of the two.
TEST(PostfixLine, BelievesNoEnvelopesFromWithinAnAddress) {
  const std::string inside = "no; from=<a@s.test> to=<u@r.test> proto=ESMTP helo=<~> sasl_username=<joe>";
  const std::string address = "\"x 550 5.7.1 " + inside + "po 550 " + inside + "\"@b.example";
  const auto event = parse_mail_log_line(
      "Nov 21 23:52:18 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from h[192.0.2.7]: "
      "550 5.1.1 <" +
          address + ">: no; from=<" + address + "> to=<" + address + "> proto=ESMTP helo=<h>",
      LogClock::of_this_machine({}));
  ASSERT_TRUE(event);
  const auto& refused = std::get<Refused>(event->detail);
  EXPECT_EQ(refused.mail_from, address);
  EXPECT_EQ(refused.recipient, address);
  EXPECT_EQ(refused.sasl_username, "");
}

TEST(PostfixLine, BelievesNothingFromWithinAUsersName) {
  for (const std::string name :
       {"x; from=<evil@x> to=<v@w> proto=ESMTP helo=<e>",
        "x; from=<evil@x> to=<v@w> proto=ESMTP helo=<e> sasl_method=P",
        "x; from=<evil@x> to=<v@w> proto=ESMTP helo=<e> sasl_method=P sasl_username=y", "x helo=<e>",
        "x to=<v@w> proto=SMTP helo=<e>", "x; proto=SMTP", "x; from=<", "x>: 5.7.1 y; from=<> proto=SMTP",
        "; from=<\"a\"@x> to=<\"; from=<b@c> to=<d@e> proto=SMTP\"@w> proto=ESMTP helo=<e>"}) {
    EXPECT_EQ(parsed(of_a_user + (" sasl_method=PLAIN sasl_username=" + name)), envelope_of(name)) << name;
  }
  // It can be read as an answer that repeats an address too, so neither is taken.
  const std::string both =
      " sasl_method=P sasl_username=x>: ; from=<s@t> to=<\"u@rcpt.test>: Recipient address rejected: User unknown; "
      "from=<a@sender.test> to=<u@rcpt.test> proto=ESMTP helo=<c.test> sasl_method=P sasl_username=x\"@d> proto=SMTP "
      "helo=<e>";
  EXPECT_EQ(parsed(of_a_user + both),
            "- refused stage=RCPT client=c.test[192.0.2.7] code=550 reply=550 5.1.1 <u@rcpt.test>: Recipient address "
            "rejected: User unknown");
}

// A recipient who looks like the end of a line, so long that the line is cut off before its own end.
TEST(PostfixLine, TakesNoEnvelopeOfAUserFromALineThatMayBeCutOff) {
  const std::string start = "Nov 28 15:19:57 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.7]: 554 5.7.1 <";
  const std::string fake = "; from=<ceo@us.example> to=<v@w> proto=SMTP helo=<z> sasl_method=P sasl_username=adm";
  for (const std::size_t padding : {800, 1700}) {
    for (const std::string& local : {"v@w>: " + std::string(padding, 'x'), std::string(padding, 'x') + "v@w>: "}) {
      const std::string event = parsed(start + local + fake);
      EXPECT_EQ(event.find(" from="), event.find(" from=", event.find("reply="))) << event;
      EXPECT_EQ(event.find(" user="), std::string::npos) << event;
    }
  }
}

// Postfix repeats an address in its answer without quotes. No user had logged in here.
TEST(PostfixLine, ReadsTheEnvelopeBehindAnAnswerThatLooksLikeOneOfAUser) {
  const std::string local = "a; from=<x@y> to=<v@w> proto=SMTP helo=<z> sasl_method=P sasl_username=q";
  EXPECT_EQ(
      parsed("Nov 28 15:19:57 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.7]: 554 5.7.1 <" + local +
             "@b.example>: Relay access denied; from=<s@t> to=<\"" + local + "\"@b.example> proto=ESMTP helo=<h>"),
      "- refused stage=RCPT client=h[192.0.2.7] code=554 from=s@t to=\"" + local +
          "\"@b.example helo=h reply=554 5.7.1 <" + local + "@b.example>: Relay access denied");
}

// postscreen takes any word for a HELO name.
TEST(PostfixLine, ReadsPostscreensEnvelopeWhateverTheHeloName) {
  const std::string line =
      "Nov 21 23:52:18 mx postfix/postscreen[1]: NOQUEUE: reject: RCPT from [192.0.2.7]:4711: 550 5.7.1 Service "
      "unavailable; from=<x@y.example>, to=<a@b.example>, proto=ESMTP, helo=<";
  const std::string event = "- refused stage=RCPT client=[192.0.2.7] code=550 from=x@y.example to=a@b.example";
  const std::string reply = " reply=550 5.7.1 Service unavailable";
  for (const std::string helo : {"x>", "<x>", "<>", "x<y", "a\"b", "x>,y", "helo=<x>", "a@b;c", ">"}) {
    EXPECT_EQ(parsed(line + helo + ">"), event + " helo=" + helo + reply) << helo;
  }
  EXPECT_EQ(parsed(line + ">"), event + reply);
  EXPECT_EQ(parsed(line + "x>yz"), event + " helo=x>yz" + reply) << "cut off";
}

// Postfix's log has lines of 2000 bytes at most, and a HELO name may be longer.
TEST(PostfixLine, ReadsTheEnvelopeOfARefusalThatIsCutWithinTheHeloName) {
  const std::string start =
      "Nov 21 23:52:18 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.7]: 454 4.7.1 <b@c>: no; ";
  EXPECT_EQ(parsed(start + "from=<s@t> to=<b@c> proto=SMTP helo=<" + std::string(1900, 'A')),
            "- refused stage=RCPT client=h[192.0.2.7] code=454 from=s@t to=b@c helo=" + std::string(1024, 'A') +
                " reply=454 4.7.1 <b@c>: no");
  // What is cut elsewhere describes no envelope, since a recipient may hold all of these words.
  for (const char* end : {"from=<s@t> to=<b@c", "from=<s@t> to=<\"b helo=<x@c", "from=<s@t> to=<\"b helo=<",
                          "from=<s@t> to=<\"helo=<x> to=<y@z> proto=SMTP helo=<h",
                          "from=<s@t> to=<\"x from=<f@g> to=<y@z> proto=SMTP helo=<h",
                          "from=<\" from=<f@g> to=<y@z> proto=SMTP helo=<h"}) {
    const std::string event = parsed(start + end);
    EXPECT_EQ(event.find(" to="), event.find(" to=", event.find("reply="))) << event;
    EXPECT_EQ(event.find(" from="), event.find(" from=", event.find("reply="))) << event;
  }
}

TEST(PostfixLine, KeepsABoundedPartOfALongText) {
  const std::string start =
      "Nov 21 23:52:18 mx postfix/smtp[1]: 4ABCDEF: to=<a@b>, relay=none, delay=1, delays=1/0/0/0, dsn=4.0.0, "
      "status=deferred (";
  EXPECT_EQ(parsed(start + std::string(60'000, 'x') + ")"),
            "4ABCDEF deferred to=a@b delay=1000 delays=1000/0/0/0 dsn=4.0.0 text=" + std::string(1024, 'x'));
  EXPECT_EQ(parsed(start + std::string(70'000, 'x') + ")"), "");
  EXPECT_EQ(parsed(start + std::string(1023, 'x') + "\xc3\xbc)"),
            "4ABCDEF deferred to=a@b delay=1000 delays=1000/0/0/0 dsn=4.0.0 text=" + std::string(1023, 'x'));
  EXPECT_EQ(parsed(start + "caf\xe9)"), "4ABCDEF deferred to=a@b delay=1000 delays=1000/0/0/0 dsn=4.0.0 text=caf?");
}

}  // namespace
}  // namespace connectord::maillog
