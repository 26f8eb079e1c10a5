#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace connectord::mail {

// Undoes xtext (RFC 3461, 4), as Postfix's policy requests and Sendmail's certificate macros write names: "+2B" is a
// plus sign. A plus sign that no two hexadecimal digits follow stands for itself.
std::string decode_xtext(std::string_view text);

// The common name in a distinguished name of OpenSSL's one-line form, "/C=DE/O=Contoso/CN=mail.contoso.com". That form
// does not mark a slash within a value, so a name with more than one "/CN=" is one that can be read in two ways, and
// has none.
std::string common_name(std::string_view distinguished_name);

// A SHA-256 as MTAs write it, in either case and with or without colons, as 64 lower-case digits. std::nullopt for
// anything else, such as the 16 bytes of MD5.
std::optional<std::string> parse_sha256(std::string_view text);

}  // namespace connectord::mail
