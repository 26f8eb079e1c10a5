#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/base/text.h"
#include "connectord/mime/charset.h"
#include "connectord/mime/content_value.h"
#include "connectord/mime/encoded_word.h"
#include "connectord/mime/html.h"
#include "connectord/mime/subject.h"
#include "connectord/mime/transfer_encoding.h"

// Any bytes: decoders give the same in whatever chunks they come, text is UTF-8, what is encoded is decoded to the
// same, and a marked subject is marked once and keeps its bytes.

namespace {

using namespace connectord;
using namespace connectord::mime;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

template <typename Decode>
void in_chunks(std::string_view text, std::size_t chunk, Decode decode) {
  for (std::size_t i = 0; i < text.size(); i += chunk) decode(text.substr(i, chunk));
}

std::string transfer_decoded(TransferEncoding encoding, std::string_view text, std::size_t chunk) {
  TransferDecoder decoder(encoding);
  std::string decoded;
  in_chunks(text, chunk, [&](std::string_view piece) { decoder.update(piece, decoded); });
  decoder.finish(decoded);
  return decoded;
}

std::string charset_decoded(std::string_view charset, std::string_view text, std::size_t chunk) {
  std::string decoded;
  auto decoder = CharsetDecoder::open(charset);
  if (!decoder) return decoded;
  in_chunks(text, chunk, [&](std::string_view piece) { decoder->update(piece, decoded); });
  decoder->finish(decoded);
  return decoded;
}

std::string html_decoded(std::string_view html, std::size_t chunk) {
  HtmlText reader;
  std::string text;
  in_chunks(html, chunk, [&](std::string_view piece) { reader.update(piece, text); });
  reader.finish(text);
  return text;
}

void require_transfer(std::string_view text, std::size_t chunk) {
  for (const auto encoding : {TransferEncoding::quoted_printable, TransferEncoding::base64}) {
    require(transfer_decoded(encoding, text, chunk) == transfer_decoded(encoding, text, text.size() + 1));
  }
  require(transfer_decoded(TransferEncoding::base64, encode_base64(text), chunk) == text);
  require(transfer_decoded(TransferEncoding::quoted_printable, encode_quoted_printable(text), chunk) == text);
}

void require_charsets(std::string_view text, std::size_t chunk) {
  constexpr std::array charsets{"utf-8",     "iso-8859-1", "iso-2022-jp", "gb18030", "big5",
                                "shift_jis", "utf-7",      "utf-16",      "hz"};
  for (const char* charset : charsets) {
    const std::string decoded = charset_decoded(charset, text, text.size() + 1);
    require(base::is_utf8(decoded));
    require(decoded == charset_decoded(charset, text, chunk));
  }
}

void require_html(std::string_view text, std::size_t chunk) {
  require(html_decoded(text, chunk) == html_decoded(text, text.size() + 1));
  for (const char c : ascii_html(text)) require(base::is_ascii(c));
}

void require_subject(std::string_view text) {
  for (const std::string_view mark : {"[EXTERNAL] ", "[\xc3\xbc]"}) {
    const auto marked = prepend_to_subject(text, mark);
    if (!marked) continue;
    require(marked->ends_with(text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()))));
    require(!prepend_to_subject(*marked, mark));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t chunk = 1 + size % 5;
  require_transfer(text, chunk);
  require_charsets(text, chunk);
  require_html(text, chunk);
  require_subject(text);
  require(base::is_utf8(decode_header_text(text)));
  const ContentValue content = parse_content_value(text);
  require(content.parameters.size() <= max_parameters);
  for (const Parameter& parameter : content.parameters) {
    require(parameter.place.begin <= parameter.place.end && parameter.place.end <= size);
  }
  for (const char* name : {"filename", "name", "boundary"}) {
    for (const std::string& reading : parameter_readings(content, name)) require(base::is_utf8(reading));
  }
  return 0;
}
