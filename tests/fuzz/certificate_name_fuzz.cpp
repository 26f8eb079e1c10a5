#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/mail/certificate_name.h"
#include "milter/macros.h"

// Names of certificates as MTAs hand them over, Postfix's and Sendmail's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string decoded = connectord::mail::decode_xtext(text);
  if (decoded.size() > text.size()) __builtin_trap();
  const std::string name = connectord::mail::common_name(text);
  if (!name.empty() && text.find("/CN=" + name) == std::string::npos) __builtin_trap();
  const auto hex = connectord::mail::parse_sha256(text);
  if (hex && hex->size() != 64) __builtin_trap();
  for (const char* verify : {"", "OK", "FAIL"}) {
    const auto report = connectord::milter::read_tls_macros([&](const char* macro) -> const char* {
      return std::string_view(macro) == "{verify}" ? verify : text.c_str();
    });
    // Nothing that Sendmail does not believe may become a name.
    if (std::string_view(verify) == "FAIL" && !report.certificate.subject_common_name.empty()) __builtin_trap();
  }
  return 0;
}
