#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/authentication.h"
#include "connectord/model/facts.h"

namespace connectord::mail {

// Makes the value of an Authentication-Results field (RFC 8601), folded for a milter (LF and a tab). Whatever comes
// from outside is written as a token or a quoted string of printable ASCII and cut at a length, so that nothing in it
// can end a value, a result or the line. Results stand in the order in which they were added.
class AuthenticationResults {
 public:
  // ptype.property=value (2.2). `type` and `name` are literals of the program.
  struct Property {
    std::string_view type;
    std::string_view name;
    std::string value;
  };

  explicit AuthenticationResults(std::string_view authserv_id);

  // Any method; `reason` may be empty. Properties with an empty value are left out.
  void add(std::string_view method, std::string_view result, std::string_view reason,
           const std::vector<Property>& properties);
  // 2.7.2. `mail_from` is the address of the reverse path, empty for the null sender; `helo` what the client said.
  void add_spf(const model::SpfOutcome& outcome, std::string_view mail_from, std::string_view helo);
  // 2.7.1, once for each signature. No signature at all gives "dkim=none".
  void add_dkim(const std::vector<model::DkimSignature>& signatures);
  // RFC 9989; policy.dmarc is what the domain asks for this message.
  void add_dmarc(const model::DmarcOutcome& outcome);
  // Not registered, hence the x- (2.7.7): "x-tls", as other senders of it write it. std::nullopt: a session without
  // TLS.
  void add_tls(const std::optional<model::Tls>& tls);

  // The field's value; "; none" where nothing was added (2.2).
  std::string value() const;

 private:
  std::string text_;
  std::size_t column_ = 0;
  bool empty_ = true;

  void append_word(std::string_view word);
};

// The authserv-id of a received field (2.5), as written, without quotes. std::nullopt where the value cannot be read by
// the grammar of 2.2: some senders leave the authserv-id out.
std::optional<std::string> read_authserv_id(std::string_view raw_value);

// True if a received field claims to be ours, and so must be deleted before ours is added (5). Also true where the
// field cannot be read and some reader might find our name in it.
bool claims_authserv_id(std::string_view raw_value, std::string_view authserv_id);

}  // namespace connectord::mail
