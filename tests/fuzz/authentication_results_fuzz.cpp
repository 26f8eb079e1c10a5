#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/mail/authentication_results.h"
#include "connectord/mail/header_field.h"
#include "connectord/mail/sealed_results.h"

// The input is a received field, which either is ours or is not, and every value that a stranger can put into a field
// that we write, in which it must not become structure.

namespace {

using namespace connectord;

constexpr std::string_view ours = "mx.example.net";

void require(bool condition) {
  if (!condition) __builtin_trap();
}

// The semicolons that a reader takes for the end of a result.
std::ptrdiff_t count_results(std::string_view value) {
  std::ptrdiff_t semicolons = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (quoted && value[i] == '\\') {
      ++i;
    } else if (value[i] == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      require(value[i] != '(' && value[i] != ')');
      semicolons += value[i] == ';' ? 1 : 0;
    }
  }
  require(!quoted);
  return semicolons;
}

std::string write_results(const std::string& text) {
  mail::AuthenticationResults results(ours);
  model::SpfOutcome spf;
  spf.domain = spf.problem = text;
  results.add_spf(spf, text, text);
  model::DkimSignature dkim;
  dkim.domain = dkim.selector = dkim.identity = dkim.algorithm = dkim.signature_start = dkim.problem = text;
  results.add_dkim({dkim});
  model::DmarcOutcome dmarc;
  dmarc.from_domain = dmarc.problem = text;
  results.add_dmarc(dmarc);
  results.add_tls(model::Tls{model::TlsVersion::tls1_3, text, text, 256});
  return results.value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto id = mail::read_authserv_id(text);
  if (id && base::equals_ignoring_case(*id, ours)) require(mail::claims_authserv_id(text, ours));
  if (!id && base::contains_ignoring_case(text, ours)) require(mail::claims_authserv_id(text, ours));

  // What is quoted, or stands in a comment, never vouches.
  require(!mail::say_dmarc_passed("x; spf=pass (" + text, "example.com") || text.find(')') != std::string::npos);

  // Nor does anything beside a result for another author.
  const std::string other = "dmarc=pass header.from=other.example";
  require(!mail::say_dmarc_passed("x; " + text + "; " + other, "example.com"));
  require(!mail::say_dmarc_passed("x; " + other + "; " + text, "example.com"));
  require(!mail::say_dmarc_passed("x; dmarc=pass header.from=other.example " + text, "example.com"));

  const std::string value = write_results(text);
  require(mail::claims_authserv_id(value, ours) && mail::read_authserv_id(value) == ours);
  const auto line = mail::unfold(value);
  require(line && std::all_of(line->begin(), line->end(), base::is_ascii));
  require(count_results(*line) == 4);
  return 0;
}
