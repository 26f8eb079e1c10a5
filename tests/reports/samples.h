#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

#include "inspect/archives.h"

// Reports as receivers write them.
namespace connectord::reports::test {

inline std::string record(std::string_view source, unsigned count, std::string_view evaluated, std::string_view results,
                          std::string_view from = "example.net") {
  std::string text = "<record><row><source_ip>";
  text.append(source).append("</source_ip><count>").append(std::to_string(count)).append("</count><policy_evaluated>");
  text.append(evaluated).append("</policy_evaluated></row><identifiers><header_from>").append(from);
  return text.append("</header_from></identifiers><auth_results>").append(results).append("</auth_results></record>");
}

inline std::string aggregate(std::string_view records, std::string_view policy = "none") {
  std::string text =
      "<?xml version=\"1.0\"?>\n<feedback><report_metadata><org_name>google.com</org_name><report_id>17</report_id>"
      "<date_range><begin>1764201600</begin><end>1764288000</end></date_range></report_metadata><policy_published>"
      "<domain>Example.net</domain><p>";
  return text.append(policy).append("</p></policy_published>").append(records).append("</feedback>");
}

inline constexpr std::string_view fails = "<disposition>none</disposition><dkim>fail</dkim><spf>fail</spf>";
inline constexpr std::string_view passes = "<disposition>none</disposition><dkim>pass</dkim><spf>fail</spf>";

inline std::string gzip_of(std::string_view bytes) {
  const auto sum = ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
  return std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10) + inspect::test::deflated(bytes) + inspect::test::four(sum) +
         inspect::test::four(bytes.size());
}

inline constexpr std::string_view tls = R"({
  "organization-name": "Contoso", "report-id": "5065427c", "contact-info": "tls@contoso.com",
  "date-range": {"start-datetime": "2026-11-26T00:00:00Z", "end-datetime": "2026-11-26T23:59:59Z"},
  "policies": [{
    "policy": {"policy-type": "sts", "policy-string": ["version: STSv1"], "policy-domain": "example.net"},
    "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
    "failure-details": [
      {"result-type": "certificate-expired", "sending-mta-ip": "2001:db8::1", "receiving-mx-hostname": "mx.example.net",
       "failed-session-count": 100},
      {"result-type": "starttls-not-supported", "receiving-mx-hostname": "mx2.example.net", "receiving-ip": "203.0.113.56",
       "failed-session-count": 200, "additional-information": "no 220"}]}]})";

}  // namespace connectord::reports::test
