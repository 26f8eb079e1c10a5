#include "connectord/auth/dkim_signer.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/base/base64.h"
#include "dkim_folder.h"

namespace connectord::auth {
namespace {

constexpr std::size_t max_signed_names = 200;  // in h=; ordinary messages have some 25
constexpr auto form = DkimCanonicalization::relaxed;

std::string lower_case(std::string_view name) {
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
  return base::to_lower(name);
}

// How often a field is named beyond those that are there.
std::size_t named_beyond(const std::string& lower_name, bool is_there) {
  constexpr std::array<std::string_view, 5> always = {"from", "to", "cc", "subject", "reply-to"};
  if (std::find(always.begin(), always.end(), lower_name) != always.end()) return 1;
  const bool added_on_the_way = lower_name.starts_with("resent-") || lower_name.starts_with("list-");
  return is_there && !added_on_the_way ? 1 : 0;
}

// All of the field's value but the signature itself.
DkimFolder unsigned_value(const DkimSigningIdentity& identity, const std::vector<std::string>& names,
                          const Sha256Digest& body, std::int64_t unix_time) {
  DkimFolder folder("DKIM-Signature");
  folder.add("v=1;");
  folder.add("a=" + std::string(to_string(identity.key.algorithm())) + ";", " ");
  folder.add("c=relaxed/relaxed;", " ");
  folder.add("d=" + identity.domain + ";", " ");
  folder.add("s=" + identity.selector + ";", " ");
  folder.add("t=" + std::to_string(unix_time) + ";", " ");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string end = i + 1 < names.size() ? ":" : ";";
    folder.add((i == 0 ? "h=" : "") + names[i] + end, i == 0 ? " " : "");
  }
  folder.add("bh=" + base::to_base64(bytes_of(body)) + ";", " ");
  folder.add("b=", " ");
  return folder;
}

}  // namespace

const std::vector<std::string>& usual_signed_headers() {
  static const std::vector<std::string> names = {"From",
                                                 "Reply-To",
                                                 "Sender",
                                                 "Subject",
                                                 "Date",
                                                 "Message-ID",
                                                 "To",
                                                 "Cc",
                                                 "MIME-Version",
                                                 "Content-Type",
                                                 "Content-Transfer-Encoding",
                                                 "Content-ID",
                                                 "Content-Description",
                                                 "Content-Disposition",
                                                 "In-Reply-To",
                                                 "References",
                                                 "Auto-Submitted",
                                                 "Resent-Date",
                                                 "Resent-From",
                                                 "Resent-Sender",
                                                 "Resent-To",
                                                 "Resent-Cc",
                                                 "Resent-Message-ID",
                                                 "List-Id",
                                                 "List-Help",
                                                 "List-Unsubscribe",
                                                 "List-Unsubscribe-Post",
                                                 "List-Subscribe",
                                                 "List-Post",
                                                 "List-Owner",
                                                 "List-Archive"};
  return names;
}

tl::expected<std::vector<std::string>, std::string> signed_header_names(const DkimHeaders& headers,
                                                                        const std::vector<std::string>& wanted) {
  if (!headers.is_complete()) return tl::unexpected(std::string("its header fields are longer than is kept of them"));
  std::map<std::string, std::size_t, std::less<>> counts;
  for (const std::string& name : wanted) counts[lower_case(name)];
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto found = counts.find(lower_case(headers.field(i).name));
    if (found != counts.end()) ++found->second;
  }
  std::vector<std::string> names;
  for (const std::string& name : wanted) {
    const std::string lower = lower_case(name);
    const std::size_t there = counts.find(lower)->second;
    const std::size_t times = there + named_beyond(lower, there > 0);
    if (names.size() + times > max_signed_names) {
      return tl::unexpected("it has more header fields than can be signed (" + name + " " + std::to_string(there) +
                            " times)");
    }
    names.insert(names.end(), times, name);
  }
  return names;
}

DkimSigner::DkimSigner() : body_(form) {
  body_.add_limit(std::nullopt);
}

tl::expected<DkimSigner::Signature, std::string> DkimSigner::begin_one(const DkimHeaders& headers,
                                                                       const DkimSigningIdentity& identity) {
  auto names = signed_header_names(headers, identity.headers.empty() ? usual_signed_headers() : identity.headers);
  if (!names) return tl::unexpected(std::move(names.error()));
  std::vector<std::string> lower;
  for (const std::string& name : *names) lower.push_back(lower_case(name));
  Signature signature{&identity, std::move(*names), {}};
  std::string text;
  for (const std::size_t index : headers.select(lower, headers.size())) {
    const auto field = headers.field(index);
    append_canonical_header(text, form, field.name, field.value);
    text.append("\r\n");
  }
  signature.headers.update(text);
  return signature;
}

tl::expected<DkimSigner, std::string> DkimSigner::begin(const DkimHeaders& headers,
                                                        const std::vector<const DkimSigningIdentity*>& identities) {
  DkimSigner signer;
  for (const DkimSigningIdentity* identity : identities) {
    auto signature = begin_one(headers, *identity);
    if (!signature) return tl::unexpected(std::move(signature.error()));
    signer.signatures_.push_back(std::move(*signature));
  }
  return signer;
}

tl::expected<void, std::string> DkimSigner::restart_headers(const DkimHeaders& headers) {
  for (Signature& signature : signatures_) {
    auto anew = begin_one(headers, *signature.identity);
    if (!anew) return tl::unexpected(std::move(anew.error()));
    signature = std::move(*anew);
  }
  return {};
}

void DkimSigner::restart_body() {
  body_ = DkimBodyHash(form);
  body_.add_limit(std::nullopt);
}

tl::expected<std::vector<std::string>, std::string> DkimSigner::finish(std::int64_t unix_time) {
  body_.finish();
  std::vector<std::string> values;
  for (Signature& signature : signatures_) {
    const DkimSigningIdentity& identity = *signature.identity;
    DkimFolder folder = unsigned_value(identity, signature.names, body_.digest(0), unix_time);
    // 3.7: the field itself goes last into the hash, with an empty b= and without a line end. The relaxed form leaves
    // nothing of the folding but one space, and the value's first character comes right behind the colon.
    std::string own;
    append_canonical_header(own, form, "DKIM-Signature", folder.with_crlf());
    signature.headers.update(own);
    const auto bytes = identity.key.sign(signature.headers.finish());
    if (!bytes) {
      return tl::unexpected("OpenSSL could not sign for " + identity.domain + " with selector " + identity.selector);
    }
    folder.add_broken(base::to_base64(*bytes));
    values.push_back(folder.text());
  }
  return values;
}

}  // namespace connectord::auth
