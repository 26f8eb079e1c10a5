#include "doctor/sendmail_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "connectord/mta/files.h"
#include "tls/maker.h"

namespace connectord::doctor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tls::testing::Made;

// A folder as /etc/mail/tls is. That of temporary files above may be written to by everybody, and is sticky.
class SendmailFiles : public ::testing::Test {
 protected:
  SendmailFiles() {
    trust_.excuses = {"TrustStickyBit"};
    trust_.owners = {0, ::geteuid()};
    write("cert.pem", made_.pem(), 0644);
    write("key.pem", made_.key_pem(), 0600);
    write("ca.pem", made_.pem(), 0644);
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  void write(const std::string& name, const std::string& text, mode_t mode) const {
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), mode);
  }
  mta::SendmailCf cf() const {
    return mta::read_sendmail_cf("O ServerCertFile=" + path("cert.pem") + "\nO ServerKeyFile=" + path("key.pem") +
                                 "\nO CACertFile=" + path("ca.pem") + "\n");
  }
  // "what -> write" of each.
  std::vector<std::string> problems() const {
    std::vector<std::string> all;
    for (const mta::Advice& one : unusable_tls_files(cf(), trust_)) all.push_back(one.what + " -> " + one.write);
    return all;
  }

  Made made_{tls::testing::Wanted{}};
  mta::TemporaryFolder folder_;
  SendmailTrust trust_;
};

TEST_F(SendmailFiles, ThatAreAsTheyShouldBeAreNotNamed) {
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_THAT(unusable_tls_files(mta::read_sendmail_cf(""), trust_), IsEmpty());
}

TEST_F(SendmailFiles, ThatOthersMayChangeOrReadAreNamedWithTheCommandThatMendsThem) {
  struct Case {
    const char* file;
    mode_t mode;
    const char* command;  // nullptr: nothing is wrong
  };
  for (const Case& one :
       {Case{"key.pem", 0640, "chmod go-rwx "}, Case{"key.pem", 0604, "chmod go-rwx "},
        Case{"key.pem", 0620, "chmod go-w "}, Case{"key.pem", 0400, nullptr}, Case{"cert.pem", 0664, "chmod go-w "},
        Case{"cert.pem", 0600, nullptr}, Case{"ca.pem", 0646, "chmod go-w "}}) {
    SCOPED_TRACE(std::string(one.file) + " " + std::to_string(one.mode));
    struct stat before {};
    ASSERT_EQ(::stat(path(one.file).c_str(), &before), 0);
    ::chmod(path(one.file).c_str(), one.mode);
    if (one.command == nullptr) {
      EXPECT_THAT(problems(), IsEmpty());
    } else {
      EXPECT_THAT(problems(), ElementsAre(HasSubstr(one.command + path(one.file))));
    }
    ::chmod(path(one.file).c_str(), before.st_mode);
  }
}

TEST_F(SendmailFiles, MayBeExcusedByDontBlameSendmail) {
  ::chmod(path("key.pem").c_str(), 0640);
  trust_.excuses.insert("GroupReadableKeyFile");
  EXPECT_THAT(problems(), IsEmpty());
  ::chmod(folder_.path().c_str(), 0775);
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("chmod go-w " + folder_.path().string())));  // once for all three
  trust_.excuses.insert("GroupWritableDirPathSafe");
  EXPECT_THAT(problems(), IsEmpty());
  ::chmod(folder_.path().c_str(), 0777);
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("chmod go-w")));
}

TEST_F(SendmailFiles, BelowAFolderThatEverybodyMayWriteToNeedItsStickyBitTrusted) {
  EXPECT_FALSE(unsafe_folder(path("milter.sock"), trust_));
  ::chmod(folder_.path().c_str(), 01777);
  EXPECT_FALSE(unsafe_folder(path("milter.sock"), trust_));
  trust_.excuses.clear();
  ASSERT_TRUE(unsafe_folder(path("milter.sock"), trust_));
  EXPECT_EQ(unsafe_folder(path("milter.sock"), trust_)->write, "chmod go-w " + folder_.path().string());
}

TEST_F(SendmailFiles, OfOthersAreReadOnlyWhereEverybodyMay) {
  trust_.owners = {::geteuid() + 1};
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("chown root " + path("key.pem"))));
}

TEST_F(SendmailFiles, ThatAreNotThereOrNotRightAreNamed) {
  ::unlink(path("ca.pem").c_str());
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("ca.pem: No such file")));
  write("ca.pem", "nonsense", 0644);
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("ca.pem: there is no certificate in PEM")));
  write("ca.pem", made_.pem(), 0644);
  write("key.pem", "nonsense", 0600);
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("key.pem: there is no private key")));
  write("key.pem", Made({}).key_pem(), 0600);
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("key.pem is not the key of the certificate in " + path("cert.pem"))));
}

TEST(SendmailTrust, IsReadFromSendmailCf) {
  const SendmailTrust trust = trust_of(
      mta::read_sendmail_cf("O DontBlameSendmail=,TrustStickyBit, GroupReadableKeyFile\nO TrustedUser=root\n"));
  EXPECT_THAT(trust.excuses, ElementsAre("GroupReadableKeyFile", "TrustStickyBit"));
  EXPECT_THAT(trust.owners, ElementsAre(0U));
}

}  // namespace
}  // namespace connectord::doctor
