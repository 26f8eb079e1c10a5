#include "connectord/mime/part_text.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/mime/charset.h"
#include "connectord/mime/html.h"

namespace connectord::mime {
namespace {

void add_reading(std::vector<TextReading>& readings, TextReading reading) {
  const bool is_there = std::any_of(readings.begin(), readings.end(),
                                    [&](const TextReading& other) { return other.text == reading.text; });
  if (!is_there) readings.push_back(std::move(reading));
}

struct DecodedPart {
  std::string bytes;
  bool is_cut = false;
  bool is_malformed = false;
};

std::optional<DecodedPart> decoded(const Part& part, TransferEncoding encoding, const Bytes& body, std::size_t limit) {
  DecodedPart decoded;
  constexpr std::size_t longest_piece = 65'536;
  decoded.bytes.reserve(std::min<std::uint64_t>(part.body.size(), limit + longest_piece));
  TransferDecoder decoder(encoding);
  const bool is_read = visit(body, part.body, [&](std::string_view piece) {
    decoder.update(piece, decoded.bytes);
    return decoded.bytes.size() <= limit;
  });
  if (!is_read) return std::nullopt;
  decoded.is_cut = decoded.bytes.size() > limit;
  if (!decoded.is_cut) decoder.finish(decoded.bytes);
  decoded.bytes.resize(std::min(decoded.bytes.size(), limit));
  decoded.is_malformed = decoder.is_malformed();
  return decoded;
}

// By the charset, or as mail programs guess where it is none or not that one.
void add_texts(std::vector<TextReading>& readings, const DecodedPart& part, const std::string& charset) {
  bool is_malformed = part.is_malformed;
  auto decoder = CharsetDecoder::open(charset);
  if (decoder) {
    std::string text;
    text.reserve(part.bytes.size());
    decoder->update(part.bytes, text);
    decoder->finish(text);
    is_malformed = is_malformed || (decoder->is_malformed() && !part.is_cut);
    add_reading(readings, {.text = std::move(text), .is_cut = part.is_cut, .is_malformed = is_malformed});
  }
  if (decoder && !decoder->is_malformed()) return;
  add_reading(readings, {.text = decode_charset(part.bytes, {}), .is_cut = part.is_cut, .is_malformed = is_malformed});
}

bool is_html(const Part& part) {
  return std::any_of(part.types.begin(), part.types.end(), [](const auto& type) {
    return type.value == "text/html" || type.value == "application/xhtml+xml";
  });
}

bool is_disposed(const Part& part, std::string_view disposition) {
  return std::any_of(part.dispositions.begin(), part.dispositions.end(),
                     [&](const auto& value) { return value.value == disposition; });
}

bool is_within_related(const Structure& structure, const Part& part) {
  return part.parent && structure.parts[*part.parent].media_type() == "multipart/related";
}

}  // namespace

Purpose purpose_of(const Structure& structure, std::size_t part) {
  const Part& one = structure.parts[part];
  if (one.is_multipart() || !one.children.empty()) return Purpose::container;
  if (is_disposed(one, "attachment")) return Purpose::attachment;
  const bool is_first = one.parent && structure.parts[*one.parent].children.front() == part;
  if (is_within_related(structure, one) && !is_first && one.find("Content-ID") != nullptr) return Purpose::related;
  const bool is_text = one.media_type() == "text/plain" || one.media_type() == "text/html";
  return is_text && names_of(one).empty() ? Purpose::body : Purpose::attachment;
}

std::vector<std::string> names_of(const Part& part) {
  std::vector<std::string> names;
  const auto add = [&](const ContentValue& value, std::string_view parameter) {
    for (std::string& name : parameter_readings(value, parameter)) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
  };
  for (const ContentValue& disposition : part.dispositions) {
    add(disposition, "filename");
    add(disposition, "name");
  }
  for (const ContentValue& type : part.types) {
    add(type, "name");
    add(type, "filename");
  }
  return names;
}

std::vector<std::string> charsets_of(const Part& part) {
  std::vector<std::string> charsets;
  for (const ContentValue& type : part.types) {
    for (const std::string& charset : parameter_readings(type, "charset")) charsets.push_back(charset);
  }
  return charsets;
}

std::vector<TextReading> read_text(const Part& part, const Bytes& body, std::size_t limit) {
  std::vector<TextReading> readings;
  std::vector<std::string> charsets = charsets_of(part);
  if (charsets.empty()) charsets.emplace_back("us-ascii");
  charsets.resize(std::min<std::size_t>(charsets.size(), 4));
  for (std::size_t i = 0; i < std::min<std::size_t>(part.encodings.size(), 4); ++i) {
    const auto bytes = decoded(part, part.encodings[i], body, limit);
    if (!bytes) return {};
    for (const std::string& charset : charsets) add_texts(readings, *bytes, charset);
  }
  if (!is_html(part)) return readings;
  const std::size_t sources = readings.size();
  for (std::size_t i = 0; i < sources; ++i) {
    const TextReading& source = readings[i];
    add_reading(readings,
                {.text = text_of_html(source.text), .is_cut = source.is_cut, .is_malformed = source.is_malformed});
  }
  return readings;
}

}  // namespace connectord::mime
