#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "connectord/auth/dkim_key.h"
#include "connectord/auth/dkim_signature.h"
#include "connectord/auth/dkim_tags.h"

using connectord::auth::DkimAlgorithm;

// The tags of signatures, of ARC's fields and of key records: any bytes either are refused or say the same twice.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tags = connectord::auth::DkimTags::parse(text);
  if (tags) {
    for (const auto& tag : tags->all()) {
      if (tags->find(tag.name)->value != tag.value) std::abort();
      if (tag.value_begin > tag.value_end || tag.value_end > text.size()) std::abort();
    }
  }
  const auto signature = connectord::auth::parse_dkim_signature(text, {1700000000, 300});
  if (signature.tags.has_value() == signature.report.problem.size() > 0) std::abort();
  for (const auto algorithm : {DkimAlgorithm::rsa_sha256, DkimAlgorithm::ed25519_sha256}) {
    const auto key = connectord::auth::DkimKey::parse(text, algorithm, {});
    if (key && key->bits() == 0) std::abort();
    if (key) key->verify({}, text);
  }
  return 0;
}
