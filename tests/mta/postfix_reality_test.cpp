#include "connectord/mta/postfix_reality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "connectord/mta/files.h"
#include "connectord/net/listener.h"
#include "mta/postfix_fixture.h"

namespace connectord::mta {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PostfixReality : public ::testing::Test {
 protected:
  PostfixSetup setup_with(const test::Values& lines) const {
    PostfixSetup setup = test::postfix(lines);
    setup.queue_directory = folder_.path();
    return setup;
  }
  std::string file_with(const std::string& content) const {
    const std::string path = folder_.path() / "file.pem";
    std::ofstream(path) << content;
    return path;
  }

  TemporaryFolder folder_;
  MtaRequirements required_ = test::connectord();
};

TEST_F(PostfixReality, NamesASocketmapThatNobodyServesAndTheLinesThatTakeItOut) {
  const auto found = unserved_socketmaps(
      setup_with({{"transport_maps", "hash:/etc/postfix/transport, socketmap:unix:connectord/gone.sock:transport"},
                  {"smtp_tls_policy_maps", "socketmap:unix:connectord/gone.sock:tls-policy"}}),
      required_);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].what, HasSubstr("smtp_tls_policy_maps, transport_maps ask the socketmap unix:"));
  EXPECT_THAT(found[0].why, HasSubstr("451 4.3.0 for every recipient"));
  EXPECT_THAT(found[0].write,
              HasSubstr("postconf -e 'transport_maps = hash:/etc/postfix/transport' && postfix reload\n"));
  EXPECT_THAT(found[0].write, HasSubstr("postconf -e 'smtp_tls_policy_maps = ' && postfix reload\n"));
}

TEST_F(PostfixReality, SaysWhereTheSocketmapOfOutboundConnectorsIsToListen) {
  required_.outbound = true;
  const auto found =
      unserved_socketmaps(setup_with({{"transport_maps", "socketmap:unix:/run/s.sock:transport"}}), required_);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].write, HasSubstr("socketmap = \"unix:/run/s.sock\"\nthen: systemctl restart connectord\n"));
}

TEST_F(PostfixReality, SaysNothingOfSocketmapsThatAreServed) {
  const std::string path = folder_.path() / "served.sock";
  const auto listener = net::listen_on({net::Endpoint::Kind::unix_socket, path, {}, 0}, {});
  ASSERT_TRUE(listener) << listener.error();
  EXPECT_THAT(unserved_socketmaps(setup_with({{"transport_maps", "socketmap:unix:served.sock:transport"},
                                              {"alias_maps", "hash:/etc/aliases"}}),
                                  required_),
              IsEmpty());
}

TEST_F(PostfixReality, NamesAFileOfAuthoritiesThatIsNotThere) {
  const auto found = unusable_tls_files(setup_with({{"smtpd_tls_CAfile", "/nowhere/ca.pem"}}));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].what, HasSubstr("smtpd_tls_CAfile = /nowhere/ca.pem cannot be used: "));
  EXPECT_THAT(found[0].why, HasSubstr("454 4.7.0 TLS not available"));
  EXPECT_THAT(found[0].write, HasSubstr("reload"));
}

TEST_F(PostfixReality, NamesAFileWithoutACertificate) {
  EXPECT_THAT(unusable_tls_files(setup_with({{"smtp_tls_CAfile", file_with("nothing\n")}})), SizeIs(1));
}

TEST_F(PostfixReality, LooksAtNoKeyAsIfItWereACertificate) {
  EXPECT_THAT(unusable_tls_files(setup_with({{"smtpd_tls_key_file", file_with("a key\n")}, {"smtpd_tls_CAfile", ""}})),
              IsEmpty());
}

TEST_F(PostfixReality, OffersAnInetListenerToASecondInstanceWhoseChrootCannotReachTheFirstOnesSocket) {
  std::filesystem::create_directories(folder_.path() / "maildrop");
  const std::string socket = (folder_.path() / "connectord" / "milter.sock").string();
  required_.milter = net::Endpoint{net::Endpoint::Kind::unix_socket, socket, {}, 0};
  PostfixSetup second = test::postfix();
  second.folder = "/etc/postfix-out";
  second.queue_directory = "/var/spool/postfix-out";
  Plan plan;
  plan_services(second, required_, plan);
  const std::string refusals = test::text_of(plan.refusals);
  EXPECT_THAT(refusals, HasSubstr(socket + " lies in the queue of another Postfix"));
  EXPECT_THAT(refusals, HasSubstr("milter = \"inet:127.0.0.1:8891\""));
  EXPECT_THAT(refusals, ::testing::Not(HasSubstr("/var/spool/postfix-out/connectord/milter.sock")));
}

TEST(AdviceOfAChange, StatesWhatIsTheCaseAndNotWhatIsWanted) {
  const PostfixSetup setup = test::postfix({{"smtpd_milters", "inet:localhost:11332"}});
  const auto advice = advice_of(setup, {"smtpd_milters", "inet:localhost:11332", "unix:m, inet:localhost:11332",
                                        "connectord is asked about mail", "unix:m"});
  EXPECT_EQ(advice.what, "smtpd_milters lacks unix:m");
  EXPECT_EQ(advice.why, "wanted: connectord is asked about mail");
  EXPECT_EQ(advice.write, "postconf -e 'smtpd_milters = unix:m, inet:localhost:11332' && postfix reload");
  EXPECT_EQ(advice_of(test::postfix(), {"smtpd_milters", {}, "unix:m", "r", "unix:m"}).what,
            "smtpd_milters lacks unix:m; it is empty");
  EXPECT_EQ(advice_of(test::postfix(), {"smtpd_tls_ask_ccert", {}, "yes", "r", ""}).what,
            "smtpd_tls_ask_ccert is not set to \"yes\"");
  EXPECT_EQ(
      advice_of(test::postfix({{"smtpd_tls_ask_ccert", "no"}}), {"smtpd_tls_ask_ccert", "no", "yes", "r", ""}).what,
      "smtpd_tls_ask_ccert is \"no\", not \"yes\"");
}

}  // namespace
}  // namespace connectord::mta
