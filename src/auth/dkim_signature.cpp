#include "connectord/auth/dkim_signature.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/net/domain_name.h"

namespace connectord::auth {
namespace {

using model::DkimResult;

constexpr std::size_t sha256_size = 32;
constexpr std::size_t max_names = 1000;           // in h=; those of honest mail have some dozens
constexpr std::size_t max_name_length = 253;      // RFC 1035
constexpr std::size_t max_report_length = 320;    // of a value from outside; an address has no more
constexpr std::size_t signature_start_size = 16;  // RFC 6008: at least eight, more where that distinguishes signatures

// `domain-name` wants two labels at least (3.5, d=).
std::optional<std::string> read_domain(std::string_view text) {
  if (text.ends_with('.')) return std::nullopt;
  auto name = net::normalize_domain(text);
  if (!name || name->find('.') == std::string::npos) return std::nullopt;
  return name;
}

bool is_field_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<std::uint64_t> read_number(std::string_view text, std::size_t max_digits) {
  if (text.empty() || text.size() > max_digits) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    constexpr auto highest = std::numeric_limits<std::uint64_t>::max();
    const auto digit = static_cast<std::uint64_t>(c - '0');
    // l= may have 76 digits; what does not fit is longer than any body.
    number = number > (highest - digit) / 10 ? highest : number * 10 + digit;
  }
  return number;
}

// Reads one signature's tags into the result. Each function reads what its name says, and throws nothing: it returns
// the failure, if there is one.
class Reader {
 public:
  Reader(const DkimTags& list, const DkimClock& clock, DkimSignatureTags& tags)
      : list_(list), clock_(clock), tags_(tags) {}

  std::optional<DkimProblem> read(DkimField field) {
    if (auto problem = required(field)) return problem;
    for (const auto step : steps_of(field)) {
      if (auto problem = (this->*step)()) return problem;
    }
    return std::nullopt;
  }

 private:
  using Result = std::optional<DkimProblem>;
  using Step = Result (Reader::*)();

  static std::vector<Step> steps_of(DkimField field) {
    switch (field) {
      case DkimField::dkim_signature:
        return {&Reader::version,   &Reader::algorithm,        &Reader::names, &Reader::identity,
                &Reader::headers,   &Reader::canonicalization, &Reader::query, &Reader::length,
                &Reader::body_hash, &Reader::signature,        &Reader::times};
      case DkimField::arc_message_signature:
        return {&Reader::algorithm,        &Reader::names,     &Reader::headers,
                &Reader::canonicalization, &Reader::query,     &Reader::length,
                &Reader::body_hash,        &Reader::signature, &Reader::times};
      case DkimField::arc_seal:
        return {&Reader::algorithm, &Reader::names, &Reader::signature, &Reader::times};
    }
    return {};
  }

  static std::vector<std::string_view> required_of(DkimField field) {
    switch (field) {
      case DkimField::dkim_signature:
        return {"v", "a", "b", "bh", "d", "h", "s"};
      case DkimField::arc_message_signature:
        return {"i", "a", "b", "bh", "d", "h", "s"};
      case DkimField::arc_seal:
        return {"i", "a", "b", "cv", "d", "s"};
    }
    return {};
  }

  std::string_view value(std::string_view name) const { return list_.value(name).value_or(std::string_view()); }

  Result required(DkimField field) const {
    for (const std::string_view name : required_of(field)) {
      if (list_.find(name) == nullptr) return dkim_failure(std::string(name) + "= is missing");
      if (value(name).empty()) return dkim_failure(std::string(name) + "= is empty");
    }
    return std::nullopt;
  }

  Result version() {
    if (value("v") != "1") return dkim_failure("v= is not 1");
    return std::nullopt;
  }

  Result algorithm() {
    const std::string_view name = value("a");
    if (base::equals_ignoring_case(name, "rsa-sha256")) {
      tags_.algorithm = DkimAlgorithm::rsa_sha256;
    } else if (base::equals_ignoring_case(name, "ed25519-sha256")) {
      tags_.algorithm = DkimAlgorithm::ed25519_sha256;
    } else if (base::equals_ignoring_case(name, "rsa-sha1")) {
      return dkim_failure("rsa-sha1 must not be trusted any more (RFC 8301)", DkimResult::policy);
    } else {
      return dkim_failure("a= names no algorithm that is known");
    }
    return std::nullopt;
  }

  Result names() {
    auto domain = read_domain(value("d"));
    if (!domain) return dkim_failure("d= is no domain");
    auto selector = value("s").ends_with('.') ? std::nullopt : net::normalize_domain(value("s"));
    if (!selector) return dkim_failure("s= is no selector");
    constexpr std::string_view between = "._domainkey.";
    if (selector->size() + between.size() + domain->size() > max_name_length)
      return dkim_failure("s= and d= are too long");
    tags_.domain = std::move(*domain);
    tags_.selector = std::move(*selector);
    return std::nullopt;
  }

  // 3.5, i=: the same domain as d= or one below it.
  Result identity() {
    tags_.identity_domain = tags_.domain;
    if (list_.find("i") == nullptr) return std::nullopt;
    const auto at = value("i").rfind('@');
    if (at == std::string_view::npos) return dkim_failure("i= has no @");
    auto domain = read_domain(value("i").substr(at + 1));
    if (!domain) return dkim_failure("i= has no domain");
    if (!net::is_same_or_below(*domain, tags_.domain)) return dkim_failure("i= is not within the domain of d=");
    tags_.identity_domain = std::move(*domain);
    return std::nullopt;
  }

  Result headers() {
    const auto names = split_dkim_list(value("h"));
    if (!names) return dkim_failure("h= has an empty name");
    if (names->size() > max_names) return dkim_failure("h= has more than 1000 names", DkimResult::policy);
    for (const std::string_view name : *names) {
      if (!is_field_name(name)) return dkim_failure("h= has what is no header name");
      tags_.header_names.push_back(base::to_lower(name));
    }
    const auto& all = tags_.header_names;
    if (std::find(all.begin(), all.end(), "from") == all.end()) return dkim_failure("h= does not sign From");
    return std::nullopt;
  }

  static std::optional<DkimCanonicalization> read_canonicalization(std::string_view name) {
    if (base::equals_ignoring_case(name, "simple")) return DkimCanonicalization::simple;
    if (base::equals_ignoring_case(name, "relaxed")) return DkimCanonicalization::relaxed;
    return std::nullopt;
  }

  Result canonicalization() {
    if (list_.find("c") == nullptr) return std::nullopt;
    const std::string_view both = value("c");
    const auto slash = both.find('/');
    const auto header = read_canonicalization(both.substr(0, slash));
    const auto body =
        slash == std::string_view::npos ? DkimCanonicalization::simple : read_canonicalization(both.substr(slash + 1));
    if (!header || !body) return dkim_failure("c= names no canonicalization that is known");
    tags_.header_canonicalization = *header;
    tags_.body_canonicalization = *body;
    return std::nullopt;
  }

  // 3.5, q=: of several methods any that is known will do.
  Result query() {
    if (list_.find("q") == nullptr) return std::nullopt;
    const auto methods = split_dkim_list(value("q"));
    const auto is_known = [](std::string_view method) { return base::equals_ignoring_case(method, "dns/txt"); };
    if (!methods || std::none_of(methods->begin(), methods->end(), is_known)) {
      return dkim_failure("q= names no query method that is known");
    }
    return std::nullopt;
  }

  Result length() {
    if (list_.find("l") == nullptr) return std::nullopt;
    constexpr std::size_t max_digits = 76;
    tags_.body_length = read_number(value("l"), max_digits);
    if (!tags_.body_length) return dkim_failure("l= is no number");
    return std::nullopt;
  }

  Result body_hash() {
    auto body_hash = decode_dkim_base64(value("bh"));
    if (!body_hash) return dkim_failure("bh= is no base64");
    if (body_hash->size() != sha256_size) return dkim_failure("bh= is no SHA-256 hash");
    tags_.body_hash = std::move(*body_hash);
    return std::nullopt;
  }

  Result signature() {
    auto signature = decode_dkim_base64(value("b"));
    if (!signature || signature->empty()) return dkim_failure("b= is no base64");
    tags_.signature = std::move(*signature);
    tags_.signature_begin = list_.find("b")->value_begin;
    tags_.signature_end = list_.find("b")->value_end;
    return std::nullopt;
  }

  // 3.5, t= and x=: up to 12 digits, x= after t=.
  Result times() {
    constexpr std::size_t max_digits = 12;
    const auto signed_at = read_number(value("t"), max_digits);
    const auto expires = read_number(value("x"), max_digits);
    if (list_.find("t") != nullptr && !signed_at) return dkim_failure("t= is no time");
    if (list_.find("x") != nullptr && !expires) return dkim_failure("x= is no time");
    if (signed_at && expires && *expires <= *signed_at) return dkim_failure("x= is not after t=");
    if (expires && static_cast<std::int64_t>(*expires) < clock_.now) {
      return dkim_failure("the signature has expired", DkimResult::fail);
    }
    if (signed_at && static_cast<std::int64_t>(*signed_at) > clock_.now + clock_.leeway) {
      return dkim_failure("the signature was made in the future", DkimResult::fail);
    }
    return std::nullopt;
  }

  const DkimTags& list_;
  const DkimClock& clock_;
  DkimSignatureTags& tags_;
};

std::string shortened(std::string_view value) {
  return std::string(value.substr(0, max_report_length));
}

std::string without_space(std::string_view value, std::size_t most) {
  std::string result;
  for (const char c : value) {
    if (result.size() == most) break;
    if (!is_dkim_space(c)) result.push_back(c);
  }
  return result;
}

// What can be reported of a signature even if it is broken, so that its owner finds it again.
void describe(const DkimTags& list, model::DkimSignature& report) {
  const auto value = [&list](std::string_view name) { return list.value(name).value_or(std::string_view()); };
  report.domain = read_domain(value("d")).value_or(std::string());
  report.selector = shortened(value("s"));
  report.identity = shortened(value("i"));
  report.algorithm = shortened(value("a"));
  report.signature_start = without_space(value("b"), signature_start_size);
}

}  // namespace

tl::expected<DkimSignatureTags, DkimProblem> read_dkim_tags(const DkimTags& list, DkimField field,
                                                            const DkimClock& clock) {
  DkimSignatureTags tags;
  if (auto problem = Reader(list, clock, tags).read(field)) return tl::unexpected(std::move(*problem));
  return tags;
}

ParsedDkimSignature parse_dkim_signature(std::string_view value, const DkimClock& clock) {
  ParsedDkimSignature parsed;
  const auto list = DkimTags::parse(value);
  if (!list) {
    parsed.report.result = DkimResult::permerror;
    parsed.report.problem = "the signature cannot be read: " + list.error();
    return parsed;
  }
  describe(*list, parsed.report);
  auto tags = read_dkim_tags(*list, DkimField::dkim_signature, clock);
  if (!tags) {
    parsed.report.result = tags.error().result;
    parsed.report.problem = std::move(tags.error().text);
    return parsed;
  }
  if (parsed.report.identity.empty()) parsed.report.identity = "@" + tags->domain;
  parsed.tags = std::move(*tags);
  return parsed;
}

void append_canonical_signature(std::string& out, DkimCanonicalization canonicalization, std::string_view name,
                                std::string_view value, std::size_t signature_begin, std::size_t signature_end) {
  std::string unsigned_value(value.substr(0, signature_begin));
  unsigned_value.append(value.substr(signature_end));
  append_canonical_header(out, canonicalization, name, unsigned_value);
}

void append_canonical_headers(std::string& out, const DkimHeaders& headers, const DkimSignatureTags& tags,
                              std::size_t own) {
  const auto form = tags.header_canonicalization;
  for (const std::size_t index : headers.select(tags.header_names, own)) {
    append_canonical_header(out, form, headers.field(index).name, headers.field(index).value);
    out.append("\r\n");
  }
  const auto field = headers.field(own);
  append_canonical_signature(out, form, field.name, field.value, tags.signature_begin, tags.signature_end);
}

}  // namespace connectord::auth
