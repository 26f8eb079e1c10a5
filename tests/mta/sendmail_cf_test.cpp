#include "connectord/mta/sendmail_cf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace connectord::mta {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* cf = R"cf(##### built by root@mx on Sun Nov 22
DZ8.17.1.9/Debian-2+deb12u2
#O CACertFile=/x
O DaemonPortOptions=Family=inet, Name=MSP-v4, Port=submission, M=Ea, Addr=127.0.0.1
O DaemonPortOptions=Family=inet,  Name=MTA-v4, Port=2525, Addr=127.0.0.2
O PidFile=/run/sendmail/mta/sendmail.pid
O InputMailFilters=opendkim, connectord
O CertFingerprintAlgorithm=sha256
Xopendkim, S=local:/run/opendkim.sock
Xconnectord, S=unix:/run/connectord/milter.sock, F=T, T=S:30s;R:30s;E:2m
C{Tls}VERIFY ENCR
D{MTAHost}mx
D{auth_authen}joe
Kmailertable	socket unix:/run/connectord/socketmap.sock
Mesmtp,		P=[IPC], F=mDFMuXa, S=EnvFromSMTP/HdrFromSMTP,
		T=DNS/RFC822/SMTP
Stls_rcpt
R$*			$: $1 $| $>"Local_tls_rcpt" $1
SLocal_tls_rcpt
R$* < @ $+ >		$: $| $(sendmail_tls $2 $: none $)
R$*			$@ OK
SLocal_other=97
R$*			$@ $1
)cf";

TEST(ReadSendmailCf, FindsWhatConcernsConnectord) {
  const SendmailCf read = read_sendmail_cf(cf);
  ASSERT_EQ(read.filters.size(), 2U);
  EXPECT_EQ(read.filters[1].name, "connectord");
  EXPECT_EQ(read.filters[1].equates, "S=unix:/run/connectord/milter.sock, F=T, T=S:30s;R:30s;E:2m");
  EXPECT_THAT(read.asked, ElementsAre("opendkim", "connectord"));
  EXPECT_EQ(read.option("CertFingerprintAlgorithm"), "sha256");
  EXPECT_EQ(read.option("CACertFile"), "");
  EXPECT_EQ(read.maps.at("mailertable"), "socket unix:/run/connectord/socketmap.sock");
  EXPECT_EQ(read.local_tls_rcpt, "R$* < @ $+ >\t\t$: $| $(sendmail_tls $2 $: none $)\nR$*\t\t\t$@ OK\n");
  EXPECT_THAT(read.macros, ElementsAre("MTAHost", "auth_authen"));
  EXPECT_TRUE(read.tls_requirements);
  EXPECT_TRUE(read.esmtp);
  EXPECT_EQ(read.version, "8.17.1.9/Debian-2+deb12u2");
  EXPECT_EQ(read.pid_file, "/run/sendmail/mta/sendmail.pid");
  ASSERT_TRUE(read.smtp_listener);  // not the one that asks for authentication
  EXPECT_EQ(read.smtp_listener->to_string(), "inet:127.0.0.2:2525");
}

TEST(ReadSendmailCf, FindsNothingWhereThereIsNothing) {
  for (const std::string text : {"", "X", "K", "O", "S", "R", "D", "D{", "O x", "#Xconnectord, S=unix:/x\n"}) {
    const SendmailCf read = read_sendmail_cf(text);
    EXPECT_THAT(read.asked, IsEmpty()) << text;
    EXPECT_EQ(read.option("x"), "") << text;
    EXPECT_EQ(read.local_tls_rcpt, "") << text;
    EXPECT_FALSE(read.tls_requirements || read.esmtp || read.smtp_listener) << text;
    EXPECT_EQ(read.pid_file, "/var/run/sendmail.pid");
  }
}

TEST(ReadSendmailCf, TakesTwoForTheSameThatDifferInCommentsOnly) {
  EXPECT_TRUE(same_but_for_comments("# made now\nO a=1\n\nO b=2\n", "O a=1\nO b=2\n### sendmail.mc ###\n# dnl x"));
  EXPECT_TRUE(same_but_for_comments("", "# nothing\n"));
  EXPECT_FALSE(same_but_for_comments("O a=1\n", "O a=2\n"));
  EXPECT_FALSE(same_but_for_comments("O a=1\n", "O a=1\nO b=2\n"));
  EXPECT_FALSE(same_but_for_comments("O a=1\nO b=2\n", "O a=1\n"));
}

TEST(SendmailSocket, IsWrittenAsSendmailReadsIt) {
  for (const auto& [ours, theirs] :
       {std::pair{"unix:/run/x.sock", "unix:/run/x.sock"}, std::pair{"inet:127.0.0.1:8891", "inet:8891@127.0.0.1"},
        std::pair{"inet:[::1]:8891", "inet6:8891@[::1]"}}) {
    EXPECT_EQ(sendmail_socket(net::Endpoint::parse(ours).value()), theirs);
  }
}

}  // namespace
}  // namespace connectord::mta
