#include "content_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/mail/automatic.h"
#include "connectord/mime/part_text.h"

namespace connectord::session {
namespace {

using mime::Part;
using mime::Structure;
using model::MessageContent;
using model::MessageType;

template <class Value>
void add_once(std::vector<Value>& values, Value value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(std::move(value));
}

bool has_type(const Part& part, std::string_view type) {
  return std::any_of(part.types.begin(), part.types.end(),
                     [type](const mime::ContentValue& one) { return one.value == type; });
}

bool has_parameter(const Part& part, std::string_view name, std::string_view value) {
  return std::any_of(part.types.begin(), part.types.end(), [&](const mime::ContentValue& one) {
    const mime::Parameter* parameter = one.find(name);
    return parameter != nullptr && base::equals_ignoring_case(parameter->value, value);
  });
}

// Of the message as a whole, or of the part that is all of it.
void add_types_of_part(const Structure& structure, const Part& part, std::vector<MessageType>& types) {
  const bool is_top = !part.parent;
  const bool is_smime = has_type(part, "application/pkcs7-mime") || has_type(part, "application/x-pkcs7-mime");
  const bool smime_signs = is_smime && has_parameter(part, "smime-type", "signed-data");
  if (has_type(part, "multipart/signed") || smime_signs) add_once(types, MessageType::signed_mail);
  if (has_type(part, "multipart/encrypted") || (is_smime && !smime_signs)) add_once(types, MessageType::encrypted);
  const bool in_alternative = part.parent && has_type(structure.parts[*part.parent], "multipart/alternative");
  if (has_type(part, "text/calendar") && (is_top || in_alternative)) add_once(types, MessageType::calendar);
  if (!is_top || !has_type(part, "multipart/report")) return;
  if (has_parameter(part, "report-type", "disposition-notification")) add_once(types, MessageType::read_receipt);
  if (has_parameter(part, "report-type", "delivery-status")) add_once(types, MessageType::delivery_report);
}

void add_types_of_header(const std::vector<mail::HeaderField>& header, std::vector<MessageType>& types) {
  for (const mail::HeaderField& field : header) {
    const mail::SentBy sender = mail::sent_by(field);
    if (sender == mail::SentBy::program) add_once(types, MessageType::auto_submitted);
    if (sender == mail::SentBy::list) add_once(types, MessageType::list);
  }
}

// Goes over the parts of all readings.
class ContentReader {
 public:
  ContentReader(const mime::Bytes& body, const engine::RuleNeeds& needs) : body_(body), needs_(needs) {}

  void read(const Structure& structure) {
    content_.text_is_cut = content_.text_is_cut || structure.limit_exceeded;
    for (std::size_t number = 0; number < structure.parts.size(); ++number) {
      const Part& part = structure.parts[number];
      add_types_of_part(structure, part, content_.types);
      for (std::string& charset : mime::charsets_of(part)) add_once(content_.charsets, std::move(charset));
      if (needs_.texts && mime::purpose_of(structure, number) == mime::Purpose::body) add_text(part);
    }
  }

  MessageContent finish() { return std::move(content_); }

 private:
  void add_text(const Part& part) {
    for (mime::TextReading& reading : mime::read_text(part, body_, max_text_bytes)) {
      content_.text_is_cut = content_.text_is_cut || reading.is_cut;
      if (text_bytes_ + reading.text.size() > max_texts_bytes) {
        content_.text_is_cut = true;
        return;
      }
      text_bytes_ += reading.text.size();
      content_.texts.push_back(std::move(reading.text));
    }
  }

  const mime::Bytes& body_;
  const engine::RuleNeeds& needs_;
  MessageContent content_;
  std::size_t text_bytes_ = 0;
};

}  // namespace

MessageContent read_content(const std::vector<mail::HeaderField>& header, const mime::Bytes& body,
                            const std::vector<Structure>& structures, const engine::RuleNeeds& needs) {
  ContentReader reader(body, needs);
  for (const Structure& structure : structures) reader.read(structure);
  MessageContent content = reader.finish();
  add_types_of_header(header, content.types);
  if (structures.empty()) content.unreadable = "the message's bytes cannot be read again";
  return content;
}

}  // namespace connectord::session
