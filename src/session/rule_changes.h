#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/mail/header_field.h"
#include "connectord/mime/recipe.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::session {

// Changes a message's own fields, and keeps the header that the mail server has at each moment, since that counts
// fields anew after each change. Not thread-safe.
class HeaderScribe {
 public:
  explicit HeaderScribe(const std::vector<model::MessageField>& header);

  void carry_out(const model::FieldEdit& edit);
  void carry_out(const mime::FieldChange& change);
  // Puts a mark in front of every subject, and makes one where there is none.
  void mark_subject(const std::string& mark);

  // Values with their leading space.
  const std::vector<mail::HeaderField>& header() const { return header_; }
  const std::vector<model::HeaderChange>& changes() const { return changes_; }

 private:
  using Fields = std::vector<mail::HeaderField>;

  std::uint32_t count(std::string_view name) const;
  Fields::iterator find(std::string_view name, std::uint32_t position);
  void remove_at(const std::string& name, std::uint32_t position);
  void remove_behind(const std::string& name, std::uint32_t spared);
  void insert(const std::string& name, const std::string& value);
  void replace(const std::string& name, std::uint32_t position, const std::string& value);
  void append_address(const model::FieldEdit& edit);

  Fields header_;
  std::vector<model::HeaderChange> changes_;
};

// A text in UTF-8 as a field's value: encoded words (RFC 2047) where it is more than ASCII, folded with LF.
std::string field_value(std::string_view text);

}  // namespace connectord::session
