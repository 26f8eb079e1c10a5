#include "connectord/doctor/certificate_list.h"

#include <gtest/gtest.h>

#include "connectord/probe/results.h"
#include "engine/builder.h"
#include "trace/fixture.h"

namespace connectord::doctor {
namespace {

using trace::test::Mail;

class CertificateListTest : public trace::test::TraceTest {
 protected:
  void SetUp() override {
    TraceTest::SetUp();
    open();
  }
  std::vector<std::string> lines(const model::Configuration& configuration) {
    const auto policy = engine::test::compile(configuration);
    const Context context{"c.toml", policy->configuration(), *policy, trace::test::noon / 1000};
    std::vector<std::string> lines;
    for (const ListedCertificate& one : list_certificates(context, archive().get())) {
      lines.push_back(one.whose + "; " + one.where + "; " + one.subject + "; " + one.sha256 + "; " +
                      std::to_string(one.not_after) + "; " + std::to_string(one.last_seen) + "; " + one.problem);
    }
    return lines;
  }
  static Mail shown(const std::string& name, const std::string& sha256) {
    Mail mail;
    mail.of("contoso").over("TLSv1.3");
    mail.facts.certificate.subject_common_name = name;
    mail.facts.certificate.sha256 = sha256;
    return mail;
  }
};

TEST_F(CertificateListTest, HasPartnersOnceEachAsTheyWereSeenLastAndOthersByTheirEnds) {
  const std::string a(64, 'a');
  const std::string b(64, 'b');
  append(shown("old.contoso.com", a));
  append(shown("new.contoso.com", b).at(trace::test::noon + 5000));
  append(shown("old.contoso.com", a).at(trace::test::noon + 9000));
  append(Mail().over("TLSv1.3"));
  model::Configuration configuration = engine::test::configuration({});
  configuration.validation.state = folder_.string();
  configuration.server.api_certificate = (folder_ / "none.pem").string();
  configuration.outbound.emplace_back().name = "out";
  probe::Report report;
  report.connector = "out";
  report.direction = probe::Direction::outbound;
  report.time = 77;
  report.certificates = {{"mx2.example", b, "/CN=mx2", 5000, ""}, {"mx1.example", a, "/CN=mx1", 4000, ""}};
  ASSERT_TRUE(probe::Results(configuration.validation.state).keep(report));
  const auto found = lines(configuration);
  ASSERT_EQ(found.size(), 5U);
  EXPECT_EQ(found[0], "smart host; out, mx1.example; /CN=mx1; " + a + "; 4000; 77; ");
  EXPECT_EQ(found[1], "smart host; out, mx2.example; /CN=mx2; " + b + "; 5000; 77; ");
  EXPECT_TRUE(found[2].starts_with("ours; server.api_certificate, ")) << found[2];
  EXPECT_FALSE(found[2].ends_with("; ")) << "why it cannot be read";
  const std::string noon = std::to_string(trace::test::noon / 1000 + 9);
  EXPECT_EQ(found[3], "partner; contoso, 203.0.113.7; old.contoso.com; " + a + "; 0; " + noon + "; ");
  EXPECT_TRUE(found[4].starts_with("partner; contoso, 203.0.113.7; new.contoso.com; " + b)) << found[4];
}

TEST_F(CertificateListTest, HasWhatLeftByAnotherConnectorAndNothingThatWeTriedOurselves) {
  Mail relayed = shown("relayed.contoso.com", std::string(64, 'a'));
  relayed.direction = trace::Direction::outbound;
  append(relayed);
  Mail tried = shown("tried.contoso.com", std::string(64, 'b'));
  tried.direction = trace::Direction::validation;
  append(tried);
  const auto found = lines(engine::test::configuration({}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("relayed.contoso.com"), std::string::npos);
}

}  // namespace
}  // namespace connectord::doctor
