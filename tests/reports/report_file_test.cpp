#include "connectord/reports/report_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/base/base64.h"
#include "reports/samples.h"

namespace connectord::reports {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string aggregate_report() {
  return test::aggregate(test::record("192.0.2.1", 3, test::fails, ""));
}

std::string mail_with(const std::string& type, const std::string& bytes) {
  return "From: noreply@google.com\r\nSubject: Report domain: example.net\r\nMIME-Version: 1.0\r\n"
         "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nThis is a "
         "report.\r\n--b\r\n"
         "Content-Type: " +
         type + "; name=report\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base::to_base64(bytes) + "\r\n--b--\r\n";
}

TEST(ReportFile, IsReadInEveryShapeInWhichItComes) {
  const std::string xml = aggregate_report();
  const std::string prefixed =
      R"(<d:feedback xmlns:d="urn:ietf:params:xml:ns:dmarc-2.0"><d:policy_published><d:domain>example.net</d:domain></d:policy_published></d:feedback>)";
  const std::string zipped = inspect::test::zip_of({{.name = "google.com!example.net!1!2.xml", .content = xml}});
  for (const std::string& bytes :
       {xml, "\xef\xbb\xbf" + xml, "\r\n" + xml, prefixed, test::gzip_of(xml), zipped,
        mail_with("application/gzip", test::gzip_of(xml)), mail_with("application/zip", zipped),
        mail_with("text/xml", xml), test::gzip_of(zipped)}) {
    const ReportFile file = read_report_file(bytes);
    EXPECT_THAT(file.problems, IsEmpty());
    ASSERT_EQ(file.reports.size(), 1U) << bytes.substr(0, 60);
    EXPECT_EQ(std::get<AggregateReport>(file.reports[0]).domain, "example.net");
  }
  for (const std::string& bytes : {std::string(test::tls), test::gzip_of(test::tls),
                                   mail_with("application/tlsrpt+gzip", test::gzip_of(test::tls))}) {
    const ReportFile file = read_report_file(bytes);
    ASSERT_EQ(file.reports.size(), 1U) << bytes.substr(0, 60);
    EXPECT_EQ(std::get<TlsReport>(file.reports[0]).policies.at(0).failures, 303U);
  }
}

TEST(ReportFile, SaysWhatIsWrongWithWhatIsNone) {
  const std::string xml = aggregate_report();
  const struct {
    std::string bytes;
    const char* problem;
  } cases[] = {
      {xml.substr(0, xml.size() - 20), "XML is broken"},
      {"<html></html>", "no DMARC aggregate report"},
      {"<feedback></feedback>", "which domain"},
      {"{\"policies\": 1}", "no TLS report"},
      {"{\"policies\": [", "JSON is broken"},
      {"{" + std::string(100, '['), "levels"},
      {test::gzip_of(xml).substr(0, 40), "gzip is broken"},
      {"PK\x03\x04", "zip is broken"},
      {test::gzip_of(std::string((std::size_t{64} << 20U) + 1, 'x')), "more than 67108864 bytes"},
      {test::gzip_of(test::gzip_of(test::gzip_of(test::gzip_of(test::gzip_of(xml))))), "archives within archives"},
  };
  for (const auto& one : cases) {
    const ReportFile file = read_report_file(one.bytes);
    EXPECT_THAT(file.reports, IsEmpty()) << one.problem;
    EXPECT_THAT(file.problems, ElementsAre(HasSubstr(one.problem)));
  }
}

TEST(ReportFile, MayHoldNothing) {
  for (const char* bytes : {"", "some words\n", "Subject: lunch\n\nAt noon?\n"}) {
    const ReportFile file = read_report_file(bytes);
    EXPECT_THAT(file.reports, IsEmpty());
    EXPECT_THAT(file.problems, IsEmpty());
  }
}

TEST(AggregateReport, ReadsNoOtherFilesAndNoEntities) {
  const auto report = read_aggregate_report(
      "<!DOCTYPE feedback [<!ENTITY x SYSTEM "
      "\"file:///etc/passwd\">]><feedback><report_metadata><org_name>&x;</org_name>"
      "</report_metadata><policy_published><domain>example.net</domain></policy_published></feedback>");
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->organization, "&x;");
}

}  // namespace
}  // namespace connectord::reports
