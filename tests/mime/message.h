#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/mail/header_field.h"
#include "connectord/mime/disclaimer.h"
#include "connectord/mime/part_text.h"
#include "connectord/mime/recipe.h"
#include "connectord/mime/structure.h"

// Messages for tests of MIME.
namespace connectord::mime::test {

// As a milter hands it over: fields with LF at their folds and without the blank behind the colon, and the body.
struct Message {
  std::vector<mail::HeaderField> header;
  std::string body;
};

inline Message message(std::string_view text) {
  Message message;
  while (!text.empty() && !text.starts_with("\r\n")) {
    std::size_t end = text.find("\r\n");
    while (end != std::string_view::npos && end + 2 < text.size() && (text[end + 2] == ' ' || text[end + 2] == '\t')) {
      end = text.find("\r\n", end + 2);
    }
    end = std::min(end, text.size());
    const std::string_view field = text.substr(0, end);
    const std::size_t colon = std::min(field.find(':'), field.size() - 1);
    std::string value(field.substr(colon + 1));
    std::erase(value, '\r');
    if (value.starts_with(' ')) value.erase(0, 1);
    message.header.push_back({.name = std::string(field.substr(0, colon)), .value = value});
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  if (!text.empty()) message.body = text.substr(2);
  return message;
}

inline Structure structure_of(const Message& message) {
  return read_structure(message.header, MemoryBytes(message.body)).front();
}

// As the mail server would carry it out.
inline Message edited(Message message, const Edit& edit) {
  std::string body;
  apply(edit.body, MemoryBytes(message.body), [&](std::string_view piece) { body += piece; });
  message.body = std::move(body);
  for (const FieldChange& change : edit.fields) {
    const auto field = std::find_if(message.header.begin(), message.header.end(), [&](const auto& one) {
      return one.name == change.name && change.before && one.value == *change.before;
    });
    if (field == message.header.end()) {
      message.header.push_back({.name = change.name, .value = change.after.value_or("")});
    } else if (change.after) {
      field->value = *change.after;
    } else {
      message.header.erase(field);
    }
  }
  return message;
}

inline std::string body_undone(const Message& before, const Message& after, const Edit& edit) {
  const auto undo = inverse(edit.body, MemoryBytes(before.body));
  std::string body;
  if (undo) apply(*undo, MemoryBytes(after.body), [&](std::string_view piece) { body += piece; });
  return body;
}

inline std::string decoded_bytes(const Part& part, const std::string& body) {
  std::string bytes;
  decode_part(part, part.encoding(), MemoryBytes(body), [&](std::string_view piece) {
    bytes += piece;
    return true;
  });
  return bytes;
}

// A line for each part: its depth as indentation, its type, its decoded bytes.
inline std::string outline(const Structure& structure, const std::string& body) {
  std::string lines;
  for (const Part& part : structure.parts) {
    lines += std::string(part.depth, ' ') + std::string(part.media_type());
    if (part.children.empty() && !part.is_multipart()) lines += " [" + decoded_bytes(part, body) + "]";
    lines += '\n';
  }
  return lines;
}

}  // namespace connectord::mime::test
