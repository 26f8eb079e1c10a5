#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/base/text.h"
#include "fleet/joint_news.h"
#include "fleet/joint_rows.h"
#include "fleet/joint_search.h"
#include "fleet/mended_text.h"

// Texts on their way to PostgreSQL and back: whatever they are, it takes what is sent, and what they were is read
// again; and what comes back may be any bytes.

namespace {

using namespace connectord;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string mended = fleet::mended(text);
  require(fleet::is_acceptable(mended));
  require(!fleet::is_acceptable(text) || mended == text);
  fleet::MendedTexts texts;
  require(texts.take(7, text) == mended);
  const auto read = fleet::read_originals(texts.originals());
  require(read.size() == (fleet::is_acceptable(text) ? 0U : 1U));
  require(read.empty() || (read[0].first == 7 && read[0].second == text));
  for (const auto& [column, original] : fleet::read_originals(text)) require(original.size() <= size);
  require(fleet::bytes_of(text).size() <= size);
  if (const auto position = fleet::JointPosition::parse(std::string(text))) {
    require(fleet::JointPosition::parse(position->to_string()) == position);
  }
  if (const auto mark = fleet::JointMark::parse(text)) {
    const auto again = fleet::JointMark::parse(mark->to_string());
    require(again && again->seen == mark->seen);
  }
  return 0;
}
