#include "connectord/auth/arc_sealer.h"

#include <algorithm>

#include "arc_fields.h"
#include "connectord/auth/dkim_tags.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/base64.h"
#include "dkim_folder.h"

namespace connectord::auth {
namespace {

constexpr auto seal_form = DkimCanonicalization::relaxed;

// The fields that are signed for whoever passes a message on, with the signatures that it came with (RFC 8617, 4.1.2).
std::vector<std::string> sealed_headers(const DkimSigningIdentity& identity) {
  std::vector<std::string> names = identity.headers.empty() ? usual_signed_headers() : identity.headers;
  names.emplace_back("DKIM-Signature");
  return names;
}

void hash_field(Sha256& hash, std::string_view name, std::string_view value) {
  std::string text;
  append_canonical_header(text, seal_form, name, value);
  hash.update(text.append("\r\n"));
}

std::string_view word_for(ArcResult chain) {
  switch (chain) {
    case ArcResult::none:
      return "none";
    case ArcResult::pass:
      return "pass";
    default:
      return "fail";
  }
}

// The last seal says that the chain was broken already; nothing is added to such a one (5.1.2).
bool has_ended(const DkimHeaders& headers, const std::vector<ArcFieldsOfSet>& sets) {
  if (sets.empty() || !sets.back().seal) return false;
  const auto tags = DkimTags::parse(headers.field(*sets.back().seal).value);
  return !tags || base::equals_ignoring_case(tags->value("cv").value_or(std::string_view("fail")), "fail");
}

std::string with_crlf(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\n' && !text.ends_with('\r')) text += '\r';
    text += c;
  }
  return text;
}

// The tags that message signature and seal share.
void add_common(DkimFolder& folder, unsigned instance, const DkimSigningIdentity& identity, std::int64_t unix_time) {
  folder.add("i=" + std::to_string(instance) + ";");
  folder.add("a=" + std::string(to_string(identity.key.algorithm())) + ";", " ");
  folder.add("d=" + identity.domain + ";", " ");
  folder.add("s=" + identity.selector + ";", " ");
  folder.add("t=" + std::to_string(unix_time) + ";", " ");
}

// With b= at its end; hashes what comes before it, as 5.1.1 and RFC 6376, 3.7 say.
tl::expected<std::string, std::string> sign_field(DkimFolder folder, std::string_view name, Sha256& hash,
                                                  const DkimSigningIdentity& identity) {
  folder.add("b=", " ");
  std::string own;
  append_canonical_header(own, seal_form, name, folder.with_crlf());
  const auto bytes = identity.key.sign(hash.digest_with(own));
  if (!bytes) {
    return tl::unexpected("OpenSSL could not seal for " + identity.domain + " with selector " + identity.selector);
  }
  folder.add_broken(base::to_base64(*bytes));
  return folder.text();
}

}  // namespace

ArcSealer::ArcSealer(const DkimSigningIdentity& identity, ArcResult chain, unsigned instance)
    : identity_(&identity), chain_(chain), instance_(instance), body_(seal_form) {
  body_.add_limit(std::nullopt);
}

tl::expected<ArcSealer, std::string> ArcSealer::begin(const DkimHeaders& headers, const DkimSigningIdentity& identity,
                                                      ArcResult chain) {
  if (identity.key.algorithm() != DkimAlgorithm::rsa_sha256) {
    return tl::unexpected(std::string("ARC knows RSA keys only (RFC 8617, 4.1.3)"));
  }
  if (chain == ArcResult::temperror) return tl::unexpected(std::string("its ARC chain could not be checked now"));
  auto sets = collect_arc_fields(headers);
  if (!sets) return tl::unexpected("its ARC chain cannot be read: " + sets.error());
  if (sets->size() >= max_arc_sets) return tl::unexpected(std::string("its ARC chain has 50 sets already"));
  if (has_ended(headers, *sets)) return tl::unexpected(std::string("its ARC chain was broken before it came here"));
  auto names = signed_header_names(headers, sealed_headers(identity));
  if (!names) return tl::unexpected(std::move(names.error()));

  ArcSealer sealer(identity,
                   sets->empty()              ? ArcResult::none
                   : chain == ArcResult::none ? ArcResult::fail
                                              : chain,
                   static_cast<unsigned>(sets->size() + 1));
  std::vector<std::string> lower;
  for (const std::string& name : *names) lower.push_back(base::to_lower(name));
  for (const std::size_t index : headers.select(lower, headers.size())) {
    hash_field(sealer.headers_, headers.field(index).name, headers.field(index).value);
  }
  sealer.names_ = std::move(*names);
  // A seal that says "fail" covers its own set alone, since those before may be anything (5.1.2).
  if (sealer.chain_ == ArcResult::fail) return sealer;
  for (const ArcFieldsOfSet& set : *sets) {
    for (const std::size_t index : {*set.results, *set.message_signature, *set.seal}) {
      hash_field(sealer.sets_, headers.field(index).name, headers.field(index).value);
    }
  }
  return sealer;
}

tl::expected<ArcFields, std::string> ArcSealer::finish(std::string_view results, std::int64_t unix_time) {
  body_.finish();
  ArcFields fields;
  fields.results = "i=" + std::to_string(instance_) + "; " + std::string(results);
  DkimFolder signature(arc_message_signature_field);
  add_common(signature, instance_, *identity_, unix_time);
  signature.add("c=relaxed/relaxed;", " ");
  for (std::size_t i = 0; i < names_.size(); ++i) {
    signature.add((i == 0 ? "h=" : "") + names_[i] + (i + 1 < names_.size() ? ":" : ";"), i == 0 ? " " : "");
  }
  signature.add("bh=" + base::to_base64(bytes_of(body_.digest(0))) + ";", " ");
  auto signed_value = sign_field(std::move(signature), arc_message_signature_field, headers_, *identity_);
  if (!signed_value) return tl::unexpected(std::move(signed_value.error()));
  fields.message_signature = std::move(*signed_value);

  hash_field(sets_, arc_results_field, with_crlf(fields.results));
  hash_field(sets_, arc_message_signature_field, with_crlf(fields.message_signature));
  DkimFolder seal(arc_seal_field);
  add_common(seal, instance_, *identity_, unix_time);
  seal.add("cv=" + std::string(word_for(chain_)) + ";", " ");
  auto sealed_value = sign_field(std::move(seal), arc_seal_field, sets_, *identity_);
  if (!sealed_value) return tl::unexpected(std::move(sealed_value.error()));
  fields.seal = std::move(*sealed_value);
  return fields;
}

}  // namespace connectord::auth
