#include "connectord/auth/dkim_key.h"
#include "connectord/auth/dkim_tags.h"
#include "connectord/base/text.h"
#include "connectord/dns/lookups.h"
#include "connectord/dns/names.h"
#include "domain_checks.h"

namespace connectord::probe {
namespace {

using auth::DkimAlgorithm;
using auth::DkimKey;

constexpr std::size_t max_dkim_text = 300;
constexpr unsigned good_rsa_bits = 2048;  // RFC 8301, 3.2
constexpr auth::DkimKeySizes sizes{};

// A key record has a tag p, of which an empty one means that the key was revoked (RFC 6376, 3.6.1).
std::optional<std::string> public_key_of(const std::string& record) {
  const auto tags = auth::DkimTags::parse(record);
  if (!tags) return std::nullopt;
  const auto value = tags->value("p");
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

// RFC 6376, 3.6.1: k= is rsa where it is missing.
DkimAlgorithm algorithm_of(const std::string& record) {
  const auto tags = auth::DkimTags::parse(record);
  const bool ed25519 = tags && tags->value("k") == "ed25519";
  return ed25519 ? DkimAlgorithm::ed25519_sha256 : DkimAlgorithm::rsa_sha256;
}

// What the one signs, the other one must verify: keys have several forms, so comparing their bytes does not show it.
bool belong_together(const DkimKey& published, const auth::DkimPrivateKey& ours) {
  const auth::Sha256Digest digest{1};
  const auto signature = ours.sign(digest);
  return signature && published.verify(digest, *signature);
}

class Selector {
 public:
  Selector(const DomainWork& work, const KnownSelector& known)
      : work_(work), known_(known), name_(known.selector + "._domainkey." + known.domain) {}

  void run() {
    work_.steps.at("DKIM, selector " + known_.selector + " of " + known_.domain);
    const auto answer = dns::ask(work_.steps.services().resolver, {name_, dns::Type::txt});
    model::Finding finding{.check = model::check::dkim_record, .expected = "one key at " + name_};
    if (answer->is_temporary()) {
      finding.seen = to_string(answer->status);
      return work_.not_known(std::move(finding));
    }
    std::vector<std::string> records;
    for (const std::string& text : answer->texts) {
      if (public_key_of(text)) records.push_back(text);
    }
    if (records.size() == 1) return look_at(records.front());
    finding.seen = records.empty() ? none_but(answer->texts) : std::to_string(records.size()) + " keys";
    finding.hint = records.empty() ? "signatures with this selector fail everywhere"
                                   : "what several mean is left open (RFC 6376, 3.6.2.2); let one stand";
    work_.fail(std::move(finding));
    propose("DKIM: the public part of the key by which we sign");
  }

 private:
  void propose(std::string reason) const {
    if (known_.key) work_.publish.push_back({dns::txt_line(name_, known_.key->record()), std::move(reason)});
  }

  void look_at(const std::string& record) {
    if (public_key_of(record)->empty()) {
      work_.fail({.check = model::check::dkim_record,
                  .expected = "one key at " + name_,
                  .seen = "p= is empty: the key was revoked",
                  .hint = "sign with another selector"});
      return;
    }
    const auto key = DkimKey::parse(record, algorithm_of(record), sizes);
    if (!key) {
      work_.fail({.check = model::check::dkim_record,
                  .expected = "one key at " + name_,
                  .seen = base::printable(key.error().text, max_dkim_text),
                  .hint = "signatures with this selector fail"});
      return propose("DKIM: the public part of the key by which we sign");
    }
    work_.pass(model::check::dkim_record, "one key at " + name_, base::printable(record, max_dkim_text));
    size(*key, algorithm_of(record));
    flags(*key);
    compare(*key);
  }

  void size(const DkimKey& key, DkimAlgorithm algorithm) const {
    const std::string seen = std::string(to_string(algorithm)) + ", " + std::to_string(key.bits()) + " bits";
    if (algorithm != DkimAlgorithm::rsa_sha256 || key.bits() >= good_rsa_bits) {
      return work_.pass(model::check::dkim_key, "2048 bits of RSA, or Ed25519", seen);
    }
    work_.warn({.check = model::check::dkim_key,
                .expected = "2048 bits of RSA, or Ed25519 (RFC 8301, 3.2)",
                .seen = seen,
                .hint = "make a new one: connectorctl dkim new " + known_.domain});
  }

  void flags(const DkimKey& key) const {
    if (key.testing()) {
      work_.warn({.check = model::check::dkim_testing,
                  .expected = "no t=y",
                  .seen = "t=y: the domain only tests DKIM",
                  .hint = "some receivers count such signatures for nothing; take it out when signatures pass"});
    }
    if (key.forbids_subdomains()) {
      work_.not_applicable({.check = model::check::dkim_subdomains,
                            .expected = "signatures of " + known_.domain + " alone",
                            .seen = "t=s: no i= of a name below it"});
    }
  }

  void compare(const DkimKey& key) const {
    model::Finding finding{.check = model::check::dkim_match, .expected = "the key by which we sign"};
    if (known_.key) {
      if (belong_together(key, *known_.key))
        return work_.pass(model::check::dkim_match, std::move(finding.expected), "it is");
      finding.seen = "another one";
      finding.hint = "our signatures with this selector fail everywhere; publish the record of our key";
      work_.fail(std::move(finding));
      return propose("DKIM: the public part of the key by which we sign, instead of what is there");
    }
    if (known_.unknown_because.empty()) return;
    finding.seen = "not compared: " + known_.unknown_because;
    work_.not_applicable(std::move(finding));
  }

  const DomainWork& work_;
  const KnownSelector& known_;
  std::string name_;
};

}  // namespace

void check_dkim_of(const DomainWork& work) {
  work.steps.at("DKIM");
  if (work.options.selectors.empty()) {
    work.not_applicable({.check = model::check::dkim_record,
                         .expected = "a key",
                         .seen = "no selector is known, and DNS does not list them",
                         .hint = "give --selector NAME; the signature of a message has it in s="});
  }
  for (const KnownSelector& known : work.options.selectors) Selector(work, known).run();
}

}  // namespace connectord::probe
