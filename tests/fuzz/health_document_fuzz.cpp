#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "connectord/base/text.h"
#include "connectord/runtime/health.h"

// Whatever a process reports of itself: what is read of it is bounded, has its keys, and moves no cursor.

namespace {

using Json = nlohmann::ordered_json;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

void require_tame(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    require(text.size() < 8000 && connectord::base::is_utf8(text));
    for (const char c : text) require(!connectord::base::is_control(c));
  }
  if (!value.is_structured()) return;
  require(value.size() < 100);
  for (const Json& one : value) require_tame(one);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = connectord::runtime::read_health_document(text);
  if (!document) {
    require(!document.error().empty());
    return 0;
  }
  require_tame(*document);
  require(document->at("reload").at("failed").is_boolean() && document->at("mta").is_object());
  require(document->at("milter").at("sessions").is_number() && document->at("version").is_string());
  require(document->dump().size() < 4'000'000);
  // What was read is of this version.
  const auto again = connectord::runtime::read_health_document(document->dump());
  require(!again || !again->contains("odd") || document->contains("odd"));
  return 0;
}
