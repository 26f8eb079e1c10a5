#include "rule_changes.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/mime/encoded_word.h"
#include "connectord/mime/subject.h"

namespace connectord::session {
namespace {

using model::FieldEdit;
using model::HeaderChange;

std::string_view without_leading_space(std::string_view value) {
  if (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

}  // namespace

HeaderScribe::HeaderScribe(const std::vector<model::MessageField>& header) {
  header_.reserve(header.size());
  for (const model::MessageField& field : header) header_.push_back({field.name, field.raw});
}

void HeaderScribe::carry_out(const FieldEdit& edit) {
  switch (edit.kind) {
    case FieldEdit::Kind::set:
      remove_behind(edit.name, 1);
      if (count(edit.name) == 0) return insert(edit.name, field_value(edit.value));
      return replace(edit.name, 1, field_value(edit.value));
    case FieldEdit::Kind::add:
      return insert(edit.name, field_value(edit.value));
    case FieldEdit::Kind::remove:
      return remove_behind(edit.name, 0);
    case FieldEdit::Kind::append_address:
      return append_address(edit);
  }
}

// The field is found by what stood in it, since there may be several of that name.
void HeaderScribe::carry_out(const mime::FieldChange& change) {
  if (!change.before) {
    if (change.after) insert(change.name, std::string(without_leading_space(*change.after)));
    return;
  }
  const std::uint32_t there = count(change.name);
  for (std::uint32_t position = 1; position <= there; ++position) {
    if (find(change.name, position)->value != *change.before) continue;
    if (!change.after) return remove_at(change.name, position);
    return replace(change.name, position, std::string(without_leading_space(*change.after)));
  }
}

void HeaderScribe::mark_subject(const std::string& mark) {
  constexpr const char* subject = "Subject";
  const std::uint32_t there = count(subject);
  if (there == 0) return insert(subject, field_value(base::trimmed(mark)));
  for (std::uint32_t position = 1; position <= there; ++position) {
    const auto marked = mime::prepend_to_subject(without_leading_space(find(subject, position)->value), mark);
    if (marked) replace(subject, position, *marked);
  }
}

std::uint32_t HeaderScribe::count(std::string_view name) const {
  return static_cast<std::uint32_t>(std::count_if(
      header_.begin(), header_.end(), [name](const auto& field) { return mail::is_named(field.name, name); }));
}

// The one at that position among those of its name, which is there.
HeaderScribe::Fields::iterator HeaderScribe::find(std::string_view name, std::uint32_t position) {
  auto field = header_.begin();
  while (!mail::is_named(field->name, name) || --position > 0) ++field;
  return field;
}

void HeaderScribe::remove_at(const std::string& name, std::uint32_t position) {
  header_.erase(find(name, position));
  changes_.push_back({HeaderChange::Kind::remove, name, {}, position});
}

// From the last to the first.
void HeaderScribe::remove_behind(const std::string& name, std::uint32_t spared) {
  for (std::uint32_t position = count(name); position > spared; --position) remove_at(name, position);
}

void HeaderScribe::insert(const std::string& name, const std::string& value) {
  header_.insert(header_.begin(), {name, " " + value});
  changes_.push_back({HeaderChange::Kind::insert, name, value, 0});
}

void HeaderScribe::replace(const std::string& name, std::uint32_t position, const std::string& value) {
  find(name, position)->value = " " + value;
  changes_.push_back({HeaderChange::Kind::replace, name, value, position});
}

void HeaderScribe::append_address(const FieldEdit& edit) {
  if (count(edit.name) == 0) return insert(edit.name, edit.value);
  const std::string value(without_leading_space(find(edit.name, 1)->value));
  replace(edit.name, 1, value + ",\n " + edit.value);
}

std::string field_value(std::string_view text) {
  constexpr std::size_t max_line = 76;
  std::string value =
      std::all_of(text.begin(), text.end(), base::is_ascii) ? std::string(text) : mime::encode_words(text);
  std::size_t line_begin = 0;
  std::size_t last_space = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool too_long = i - line_begin >= max_line && last_space > line_begin;
    if (too_long) {
      value.insert(last_space, 1, '\n');
      line_begin = last_space + 1;
      last_space = line_begin;
      ++i;
    }
    if (value[i] == ' ' && i > line_begin) last_space = i;
  }
  return value;
}

}  // namespace connectord::session
