#include "connectord/mime/charset.h"

#include <unicode/ucnv.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "connectord/base/text.h"

namespace connectord::mime {
namespace {

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

// Names that are in ICU's own table and no others: it would look for files for them.
bool is_known_name(const std::string& name) {
  constexpr std::size_t max_name_length = 60;
  if (name.empty() || name.size() > max_name_length) return false;
  const bool is_plain = std::all_of(name.begin(), name.end(), [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_' || c == '.' || c == ':';
  });
  UErrorCode status = U_ZERO_ERROR;
  return is_plain && ucnv_countAliases(name.c_str(), &status) > 0 && U_SUCCESS(status);
}

Converter open_converter(std::string_view charset) {
  const std::string name(base::trimmed(charset));
  if (!is_known_name(name)) return nullptr;
  UErrorCode status = U_ZERO_ERROR;
  Converter converter(ucnv_open(name.c_str(), &status));
  if (status == U_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
  return U_SUCCESS(status) ? std::move(converter) : nullptr;
}

// ICU's own substitution, which also notes that there was something to be substituted.
void U_CALLCONV substitute(const void* malformed, UConverterToUnicodeArgs* args, const char* units, int32_t length,
                           UConverterCallbackReason reason, UErrorCode* status) {
  if (reason > UCNV_IRREGULAR) return;
  *static_cast<bool*>(const_cast<void*>(malformed)) = true;  // NOLINT: ICU hands the context on as it got it
  UCNV_TO_U_CALLBACK_SUBSTITUTE(nullptr, args, units, length, reason, status);
}

bool is_stateless(UConverterType type) {
  return type == UCNV_SBCS || type == UCNV_MBCS || type == UCNV_LATIN_1 || type == UCNV_UTF8 || type == UCNV_US_ASCII;
}

// Shift_JIS has a yen sign and an overline in two places, depending on whom one asks.
std::string plain_ascii() {
  std::string text = "\t\r\n";
  for (char c = ' '; c < '\x7f'; ++c) {
    if (c != '\\' && c != '~') text += c;
  }
  return text;
}

}  // namespace

struct CharsetDecoder::Converters {
  Converter from;
  Converter to;
  std::array<UChar, 1024> pivot{};
  UChar* pivot_source = pivot.data();
  UChar* pivot_target = pivot.data();
  bool is_begun = false;
  bool is_malformed = false;
};

CharsetDecoder::CharsetDecoder(std::unique_ptr<Converters> converters) : converters_(std::move(converters)) {}
CharsetDecoder::CharsetDecoder(CharsetDecoder&&) noexcept = default;
CharsetDecoder& CharsetDecoder::operator=(CharsetDecoder&&) noexcept = default;
CharsetDecoder::~CharsetDecoder() = default;

std::optional<CharsetDecoder> CharsetDecoder::open(std::string_view charset) {
  Converter from = open_converter(charset);
  if (!from) return std::nullopt;
  auto converters = std::make_unique<Converters>();
  converters->from = std::move(from);
  converters->to = open_converter("UTF-8");
  if (!converters->to) return std::nullopt;
  UErrorCode status = U_ZERO_ERROR;
  ucnv_setToUCallBack(converters->from.get(), substitute, &converters->is_malformed, nullptr, nullptr, &status);
  if (U_FAILURE(status)) return std::nullopt;
  return CharsetDecoder(std::move(converters));
}

bool CharsetDecoder::is_malformed() const {
  return converters_->is_malformed;
}

void CharsetDecoder::convert(std::string_view bytes, std::string& utf8, Flush flush) {
  Converters& state = *converters_;
  if (bytes.empty()) bytes = "";  // ICU takes no null pointer for nothing
  const char* source = bytes.data();
  UErrorCode status = U_ZERO_ERROR;
  do {
    status = U_ZERO_ERROR;
    std::array<char, 4096> buffer;  // NOLINT: written before it is read
    char* target = buffer.data();
    ucnv_convertEx(state.to.get(), state.from.get(), &target, buffer.data() + buffer.size(), &source,
                   bytes.data() + bytes.size(), state.pivot.data(), &state.pivot_source, &state.pivot_target,
                   state.pivot.data() + state.pivot.size(), state.is_begun ? 0 : 1, flush == Flush::yes ? 1 : 0,
                   &status);
    state.is_begun = true;
    utf8.append(buffer.data(), target);
  } while (status == U_BUFFER_OVERFLOW_ERROR);
  if (U_FAILURE(status)) state.is_malformed = true;
}

CharsetKind kind_of_charset(std::string_view charset) {
  const Converter converter = open_converter(charset);
  if (!converter) return CharsetKind::unknown;
  UErrorCode status = U_ZERO_ERROR;
  const std::string name = ucnv_getName(converter.get(), &status);
  if (U_SUCCESS(status) && name.starts_with("ISO_2022,locale=ja,version=0")) return CharsetKind::iso_2022_jp;
  const std::string ascii = plain_ascii();
  const bool is_transparent = is_stateless(ucnv_getType(converter.get())) && decode_charset(ascii, charset) == ascii;
  return is_transparent ? CharsetKind::ascii_based : CharsetKind::other;
}

std::string decode_charset(std::string_view bytes, std::string_view charset) {
  auto decoder = CharsetDecoder::open(charset);
  if (!decoder && base::is_utf8(bytes)) return std::string(bytes);
  if (!decoder) decoder = CharsetDecoder::open("windows-1252");
  std::string text;
  if (!decoder) return text;
  decoder->update(bytes, text);
  decoder->finish(text);
  return text;
}

std::optional<std::string> encode_charset(std::string_view utf8, std::string_view charset) {
  if (utf8.empty()) utf8 = "";
  const Converter from = open_converter("UTF-8");
  const Converter to = open_converter(charset);
  if (!from || !to) return std::nullopt;
  UErrorCode status = U_ZERO_ERROR;
  ucnv_setToUCallBack(from.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  ucnv_setFromUCallBack(to.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  ucnv_setFallback(to.get(), 0);
  std::string encoded(utf8.size() * 8 + 64, '\0');  // no charset makes more of a byte of UTF-8, escapes included
  char* target = encoded.data();
  const char* source = utf8.data();
  std::array<UChar, 1024> pivot;  // NOLINT: written before it is read
  UChar* pivot_source = pivot.data();
  UChar* pivot_target = pivot.data();
  ucnv_convertEx(to.get(), from.get(), &target, encoded.data() + encoded.size(), &source, utf8.data() + utf8.size(),
                 pivot.data(), &pivot_source, &pivot_target, pivot.data() + pivot.size(), 1, 1, &status);
  if (U_FAILURE(status)) return std::nullopt;
  encoded.resize(static_cast<std::size_t>(target - encoded.data()));
  return encoded;
}

}  // namespace connectord::mime
