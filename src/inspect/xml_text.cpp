#include "xml_text.h"

#include <algorithm>
#include <array>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/mime/charset.h"
#include "connectord/mime/html.h"

namespace connectord::inspect {
namespace {

// Elements, without their prefix, behind or before which a line ends; "t" and such stand within a word.
constexpr auto line_elements = std::to_array<std::string_view>(
    {"br", "c", "cr", "h", "line-break", "p", "row", "s", "si", "table-cell", "tab", "tc", "tr"});

std::string_view local_name(std::string_view tag) {
  if (tag.starts_with('/')) tag.remove_prefix(1);
  tag = tag.substr(0, tag.find_first_of(" \t\r\n/>"));
  const auto colon = tag.rfind(':');
  return colon == std::string_view::npos ? tag : tag.substr(colon + 1);
}

bool ends_line(std::string_view tag) {
  const auto name = local_name(tag);
  return std::find(line_elements.begin(), line_elements.end(), name) != line_elements.end();
}

class XmlText {
 public:
  explicit XmlText(std::string_view xml) : rest_(xml) {}

  std::string read() {
    while (!rest_.empty()) {
      const std::size_t markup = std::min(rest_.find('<'), rest_.size());
      characters(rest_.substr(0, markup));
      rest_.remove_prefix(markup);
      if (!rest_.empty()) tag();
    }
    return std::move(text_);
  }

 private:
  void tag() {
    constexpr std::string_view cdata = "<![CDATA[";
    if (rest_.starts_with("<!--")) return skip_behind("-->");
    if (rest_.starts_with("<?")) return skip_behind("?>");
    if (rest_.starts_with(cdata)) {
      rest_.remove_prefix(cdata.size());
      text_ += rest_.substr(0, rest_.find("]]>"));
      return skip_behind("]]>");
    }
    if (ends_line(rest_.substr(1, max_name)) && !text_.empty() && text_.back() != '\n') text_ += '\n';
    skip_behind(">");
  }

  void skip_behind(std::string_view end) {
    const auto found = rest_.find(end);
    rest_ = found == std::string_view::npos ? std::string_view() : rest_.substr(found + end.size());
  }

  void characters(std::string_view data) {
    while (!data.empty()) {
      const std::size_t plain = std::min(data.find('&'), data.size());
      text_ += data.substr(0, plain);
      data.remove_prefix(plain);
      if (!data.empty()) data.remove_prefix(reference(data));
    }
  }

  // At "&"; returns how long it is.
  std::size_t reference(std::string_view data) {
    const auto end = data.substr(0, max_name).find(';');
    const auto character =
        end == std::string_view::npos ? std::nullopt : mime::decode_reference(data.substr(1, end - 1));
    text_ += character.value_or("&");
    return character ? end + 1 : 1;
  }

  static constexpr std::size_t max_name = 64;

  std::string_view rest_;
  std::string text_;
};

bool is_in_folder(std::string_view name, std::string_view folder) {
  return base::starts_with_ignoring_case(name, folder);
}

}  // namespace

std::string text_of_xml(std::string_view xml) {
  const bool is_wide = xml.starts_with("\xff\xfe") || xml.starts_with("\xfe\xff");
  if (!is_wide) return XmlText(xml).read();
  const std::string utf8 = mime::decode_charset(xml, "UTF-16");
  return XmlText(utf8).read();
}

bool is_office_text(std::string_view name) {
  const std::string lower = base::to_lower(name);
  if (lower == "content.xml") return true;
  if (!lower.ends_with(".xml")) return false;
  for (const char* other : {"word/styles", "word/settings", "word/theme", "word/fonttable", "word/websettings",
                            "word/numbering", "word/_rels", "xl/styles", "xl/theme", "xl/workbook", "xl/calcchain"}) {
    if (is_in_folder(lower, other)) return false;
  }
  for (const char* folder : {"word/", "xl/", "ppt/slides/", "ppt/notesslides/", "ppt/comments/", "docprops/"}) {
    if (is_in_folder(lower, folder)) return true;
  }
  return false;
}

}  // namespace connectord::inspect
