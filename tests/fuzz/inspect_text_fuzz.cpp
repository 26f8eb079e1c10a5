#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/base/text.h"
#include "connectord/mime/html.h"
#include "inspect/xml_text.h"

// Text of Office's XML and of HTML: no markup makes more text than there were bytes, but for references, and what is
// all UTF-8 stays so.

namespace {

void require(bool condition) {
  if (!condition) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace connectord;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string xml = inspect::text_of_xml(text);
  const bool is_wide = text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
  // UTF-16 becomes three bytes for two, and so does a byte that is nothing in it.
  require(xml.size() <= 3 * size + 8);
  if (!is_wide && base::is_utf8(text)) require(base::is_utf8(xml));
  const std::string html = mime::text_of_html(text);
  require(html.size() <= 3 * size + 8);
  return 0;
}
