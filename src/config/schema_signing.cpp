#include "signing_checks.h"
#include "tables.h"

// The table of what is signed.
namespace connectord::config {

template <>
const Table& table_for<model::Signing>() {
  using model::Signing;
  static const Table declared{
      {
          key<&Signing::domain, Domain>(
              "domain", required,
              "The domain in From: `example.com` that one, `*.example.com` it and all below it, in the name of "
              "`example.com`. Of several that match the most specific ones sign."),
          key<&Signing::selector, DkimSelector>(
              "selector", required,
              "Where the public key stands in DNS: `SELECTOR._domainkey.DOMAIN`. Each key has one of its own."),
          key<&Signing::key_file, FilePath>(
              "key_file", required,
              "The private key in PEM, RSA of 2048 to 4096 bits or Ed25519, which decides the algorithm; readable for "
              "`server.user` and root only. `connectorctl dkim new` makes one."),
          key<&Signing::headers, List<SignedField, 1>>(
              "headers", otherwise("those of RFC 6376, 5.4.1"),
              "The fields to sign, `From` among them. Each is signed so that no second one can be added."),
          key<&Signing::forwarded, Boolean>(
              "forwarded", by_default("false"),
              "Sign also what the `sendmail` command hands in with a Received field already: mail that a `.forward` or "
              "a list manager passes on, whoever wrote it."),
      },
      checked_by<Signing, check_signing_table>(),
  };
  return declared;
}

template <>
const Table& table_for<model::Sealing>() {
  using model::Sealing;
  static const Table declared{
      {
          key<&Sealing::domain, Domain>("domain", required, "Our domain, in whose name it is sealed."),
          key<&Sealing::selector, DkimSelector>("selector", required,
                                                "Where the public key stands in DNS: `SELECTOR._domainkey.DOMAIN`."),
          key<&Sealing::key_file, FilePath>(
              "key_file", required,
              "The private key in PEM, RSA of 2048 to 4096 bits; readable for `server.user` and root only. "
              "`connectorctl dkim new` makes one."),
      },
      checked_by<Sealing, check_sealing_table>(),
  };
  return declared;
}

}  // namespace connectord::config
