#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/mail/header_field.h"
#include "connectord/mime/bytes.h"
#include "connectord/mime/encrypt.h"
#include "connectord/mime/not_edited.h"
#include "connectord/mime/recipe.h"
#include "connectord/model/decision.h"
#include "kept_body.h"

namespace connectord::session {

// Edits a message's body, one edit on top of the other, without a copy of it. Not thread-safe.
class ContentEditor {
 public:
  // `header` is the message's own, which the edits may change too.
  ContentEditor(std::shared_ptr<const KeptBody> body, std::vector<mail::HeaderField> header);

  // On failure says why the message is left as it was. `already_there` is no failure.
  using Done = tl::expected<void, std::string>;
  Done add(const model::DisclaimerEdit& disclaimer);
  Done strip(const model::StrippedParts& stripped);
  // Puts the message into another one, as an attachment, with this text in front.
  Done wrap(const std::string& text, const std::string& boundary);

  // Encrypts the message for whoever has the keys of these certificates.
  Done encrypt(const std::vector<mime::Certificate>& certificates, model::ContentCipher cipher);

  // All changes of header fields so far, in their order.
  const std::vector<mime::FieldChange>& field_changes() const { return field_changes_; }
  // As the edits have made it.
  const std::vector<mail::HeaderField>& header() const { return header_; }
  bool changes_body() const { return !layers_.empty(); }
  // As it is now. Valid as long as this is.
  const mime::Bytes& body() const;

 private:
  // A recipe, and the body that it makes of the one below.
  struct Layer {
    explicit Layer(mime::Recipe made, const mime::Bytes& below) : recipe(std::move(made)), bytes(recipe, below) {}
    mime::Recipe recipe;
    mime::EditedBytes bytes;
  };

  Done take(tl::expected<mime::Edit, mime::NotEdited> edit);

  std::shared_ptr<const KeptBody> original_;
  std::vector<mail::HeaderField> header_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<mime::FieldChange> field_changes_;
};

}  // namespace connectord::session
