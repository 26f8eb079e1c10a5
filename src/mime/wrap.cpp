#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/mime/header_text.h"
#include "connectord/mime/replace.h"
#include "finder.h"
#include "part_fields.h"
#include "text_part.h"

namespace connectord::mime {
namespace {

struct BodyFacts {
  bool has_8bit = false;
  bool has_delimiter = false;
};

std::optional<BodyFacts> facts_of(const Bytes& body, std::string_view delimiter) {
  BodyFacts facts;
  Finder finder{std::string(delimiter)};
  const bool is_read = visit(body, {0, body.size()}, [&](std::string_view piece) {
    facts.has_8bit = facts.has_8bit || !std::all_of(piece.begin(), piece.end(), base::is_ascii);
    finder.update(piece);
    return true;
  });
  facts.has_delimiter = finder.found();
  return is_read ? std::optional(facts) : std::nullopt;
}

std::string header_of_wrapped(const std::vector<mail::HeaderField>& header, WrapForm form, bool has_8bit) {
  std::string lines;
  if (form == WrapForm::message) {
    lines += "Content-Type: message/rfc822\r\n";
    lines += has_8bit ? "Content-Transfer-Encoding: 8bit\r\n\r\n" : "\r\n";
  }
  for (const auto& field : header) {
    if (form == WrapForm::message || is_content_field(field.name)) lines += header_line(field);
  }
  return lines + "\r\n";
}

std::vector<FieldChange> field_changes(const std::vector<mail::HeaderField>& header, const std::string& boundary,
                                       bool has_8bit) {
  std::vector<FieldChange> changes;
  const bool has_version = std::any_of(header.begin(), header.end(),
                                       [](const auto& field) { return mail::is_named(field.name, "MIME-Version"); });
  for (const auto& field : header) {
    if (is_content_field(field.name)) changes.push_back({.name = field.name, .before = field.value, .after = {}});
  }
  const auto add = [&](const char* name, std::string value) {
    changes.push_back({.name = name, .before = {}, .after = std::move(value)});
  };
  if (!has_version) add("MIME-Version", "1.0");
  add("Content-Type", "multipart/mixed; boundary=\"" + boundary + "\"");
  if (has_8bit) add("Content-Transfer-Encoding", "8bit");
  return changes;
}

}  // namespace

tl::expected<Edit, NotEdited> wrap(const std::vector<mail::HeaderField>& header, const Bytes& body,
                                   const Wrapping& wrapping) {
  const std::string delimiter = "--" + wrapping.boundary;
  const auto facts = facts_of(body, delimiter);
  if (!facts) return tl::unexpected(NotEdited::unreadable);
  const std::string text = text_part(wrapping.text);
  const std::string inner = header_of_wrapped(header, wrapping.form, facts->has_8bit);
  const bool is_there =
      facts->has_delimiter || text.find(delimiter) != std::string::npos || inner.find(delimiter) != std::string::npos;
  if (is_there) return tl::unexpected(NotEdited::would_end_part);
  std::vector<Splice> splices;
  splices.push_back({.removed = {0, 0}, .inserted = delimiter + "\r\n" + text + "\r\n" + delimiter + "\r\n" + inner});
  splices.push_back({.removed = {body.size(), body.size()}, .inserted = "\r\n" + delimiter + "--\r\n"});
  return Edit{.fields = field_changes(header, wrapping.boundary, facts->has_8bit),
              .body = Recipe(std::move(splices), body.size())};
}

}  // namespace connectord::mime
