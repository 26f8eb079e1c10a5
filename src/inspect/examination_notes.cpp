#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/inspect/examination.h"
#include "file_kind.h"

// What an examination writes down, and what it counts.
namespace connectord::inspect {
namespace {

using model::Encryption;

constexpr std::size_t max_extensions = 1'000;
constexpr std::size_t max_reason_length = 200;
constexpr std::uint64_t free_of_ratio = 1U << 20U;

// The first reason stays: what comes after it follows from it often.
void set_once(std::string& reason, const std::string& why) {
  if (reason.empty()) reason = base::printable(why, max_reason_length);
}

}  // namespace

bool Examination::descend(bool is_document) {
  if (depth_ >= limits_.max_depth + (is_document ? 1 : 0)) {
    limit_exceeded("archives within archives, more than " + std::to_string(limits_.max_depth) + " deep");
    return false;
  }
  ++depth_;
  return true;
}

bool Examination::enter(const std::vector<std::string>& names) {
  if (!has_time()) return false;
  if (budget_.entries == 0) {
    limit_exceeded("more than " + std::to_string(limits_.max_entries) + " files in archives");
    return false;
  }
  --budget_.entries;
  for (const std::string& name : names) add_name(name);
  return true;
}

void Examination::add_kind(model::FileKind kind) {
  if (!contents_.has(kind)) contents_.kinds.push_back(kind);
}

void Examination::add_name(const std::string& name) {
  if (name.empty()) return;
  note(name);
  if (name.size() > room_for_names()) return limit_exceeded("names of files in archives, more than are kept");
  names_size_ += name.size();
  contents_.inner_names.push_back(name);
}

// Whoever ends names at a zero sees another one.
void Examination::note(const std::string& name) {
  for (const std::string& seen : {name, name.substr(0, name.find('\0'))}) {
    const std::string extension = extension_of(seen);
    if (extension.empty()) continue;
    add_extension(extension);
    if (is_executable_extension(extension)) executable(seen + ": runs by its name (." + extension + ")");
  }
}

void Examination::add_extension(const std::string& extension) {
  auto& known = contents_.extensions;
  if (std::find(known.begin(), known.end(), extension) != known.end()) return;
  if (known.size() >= max_extensions) return limit_exceeded("more extensions of names than are kept");
  known.push_back(extension);
}

void Examination::add_text(std::string_view text) {
  if (text.size() > room_for_text()) text_is_cut();
  text = text.substr(0, room_for_text());
  auto& texts = contents_.texts;
  if (text.empty() || (!texts.empty() && texts.back() == text)) return;
  text_size_ += text.size();
  texts.emplace_back(text);
}

void Examination::executable(const std::string& why) {
  set_once(contents_.executable, why);
}

void Examination::uninspectable(const std::string& why) {
  set_once(contents_.uninspectable, why);
}

void Examination::limit_exceeded(const std::string& why) {
  set_once(contents_.limit_exceeded, why);
}

void Examination::encrypted(Encryption encryption) {
  const bool is_news = encryption == Encryption::yes || contents_.encrypted == Encryption::no;
  if (is_news) contents_.encrypted = encryption;
}

void Examination::merge(const model::FileContents& other, std::size_t entries, std::uint64_t unpacked) {
  budget_.entries -= std::min(budget_.entries, entries);
  budget_.unpacked -= std::min(budget_.unpacked, unpacked);
  for (const auto kind : other.kinds) add_kind(kind);
  for (const auto& name : other.inner_names) add_name(name);
  for (const auto& extension : other.extensions) add_extension(extension);
  for (const auto& text : other.texts) add_text(text);
  executable(other.executable);
  uninspectable(other.uninspectable);
  limit_exceeded(other.limit_exceeded);
  if (other.encrypted != Encryption::no) encrypted(other.encrypted);
  if (other.has_unread_text) unread_text();
  if (other.text_is_cut) text_is_cut();
}

bool Examination::spend(std::uint64_t unpacked) {
  if (unpacked >= budget_.unpacked) {
    budget_.unpacked = 0;
    limit_exceeded("more than " + std::to_string(limits_.max_unpacked) + " bytes in archives");
    return false;
  }
  budget_.unpacked -= unpacked;
  return true;
}

bool Examination::has_fair_ratio(std::uint64_t packed, std::uint64_t unpacked) {
  if (unpacked <= free_of_ratio || unpacked / limits_.max_ratio <= packed) return true;
  limit_exceeded("unpacks to more than " + std::to_string(limits_.max_ratio) + " times its size");
  return false;
}

bool Examination::has_time() {
  if (std::chrono::steady_clock::now() < budget_.deadline) return true;
  limit_exceeded("looking into it takes too long");
  return false;
}

}  // namespace connectord::inspect
