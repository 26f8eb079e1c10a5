#include "content_editor.h"

#include <algorithm>
#include <utility>

#include "connectord/mime/disclaimer.h"
#include "connectord/mime/replace.h"
#include "connectord/mime/structure.h"

namespace connectord::session {
namespace {

tl::unexpected<std::string> left_because(mime::NotEdited reason) {
  return tl::unexpected(std::string(to_string(reason)));
}

}  // namespace

ContentEditor::ContentEditor(std::shared_ptr<const KeptBody> body, std::vector<mail::HeaderField> header)
    : original_(std::move(body)), header_(std::move(header)) {}

const mime::Bytes& ContentEditor::body() const {
  return layers_.empty() ? static_cast<const mime::Bytes&>(*original_) : layers_.back()->bytes;
}

ContentEditor::Done ContentEditor::take(tl::expected<mime::Edit, mime::NotEdited> edit) {
  if (!edit && edit.error() == mime::NotEdited::already_there) return {};
  if (!edit) return left_because(edit.error());
  for (mime::FieldChange& change : edit->fields) {
    if (change.before) {
      const auto field = std::find_if(header_.begin(), header_.end(), [&change](const mail::HeaderField& one) {
        return mail::is_named(one.name, change.name) && one.value == *change.before;
      });
      if (field == header_.end()) return left_because(mime::NotEdited::doubtful_structure);
      if (change.after) field->value = *change.after;
      if (!change.after) header_.erase(field);
    } else if (change.after) {
      header_.push_back({change.name, *change.after});
    }
    field_changes_.push_back(std::move(change));
  }
  if (edit->body.changes()) layers_.push_back(std::make_unique<Layer>(std::move(edit->body), body()));
  return {};
}

ContentEditor::Done ContentEditor::add(const model::DisclaimerEdit& disclaimer) {
  const auto structures = mime::read_structure(header_, body());
  if (structures.empty()) return left_because(mime::NotEdited::unreadable);
  return take(mime::insert_disclaimer(
      structures.front(), body(),
      {.html = disclaimer.html,
       .text = disclaimer.text,
       .position =
           disclaimer.position == model::DisclaimerPosition::prepend ? mime::Position::prepend : mime::Position::append,
       .repetition = disclaimer.once ? mime::Repetition::once : mime::Repetition::always}));
}

ContentEditor::Done ContentEditor::strip(const model::StrippedParts& stripped) {
  const auto structures = mime::read_structure(header_, body());
  if (structures.empty()) return left_because(mime::NotEdited::unreadable);
  std::vector<mime::Replacement> replacements;
  for (const std::size_t part : stripped.parts) replacements.push_back({part, stripped.text});
  return take(mime::replace_parts(structures.front(), body(), replacements));
}

ContentEditor::Done ContentEditor::wrap(const std::string& text, const std::string& boundary) {
  return take(mime::wrap(header_, body(), {.form = mime::WrapForm::message, .text = text, .boundary = boundary}));
}

ContentEditor::Done ContentEditor::encrypt(const std::vector<mime::Certificate>& certificates,
                                           model::ContentCipher cipher) {
  auto edit = mime::encrypt(
      header_, body(), certificates,
      cipher == model::ContentCipher::aes_256_gcm ? mime::Cipher::aes_256_gcm : mime::Cipher::aes_256_cbc);
  if (!edit) return tl::unexpected(std::move(edit.error()));
  return take(std::move(*edit));
}

}  // namespace connectord::session
