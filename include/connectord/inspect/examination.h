#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/inspect/inspector.h"
#include "connectord/model/inspection.h"

namespace connectord::inspect {

// What is left of the limits, for all files of a message together.
struct Budget {
  explicit Budget(const Limits& limits, std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now())
      : entries(limits.max_entries), unpacked(limits.max_unpacked), deadline(begin + limits.max_time) {}

  std::size_t entries;
  std::uint64_t unpacked;
  std::chrono::steady_clock::time_point deadline;
};

// Looks at one file and at all within it, and writes down what it finds. Whoever opens an archive descends, and for
// each file in it calls `enter` and `member`. Not thread-safe.
class Examination {
 public:
  // Gives the first `most` bytes of a member, fewer where there are no more; std::nullopt where they cannot be read,
  // which it has reported then.
  using Read = std::function<std::optional<std::string>(std::uint64_t most)>;

  Examination(const Limits& limits, Budget& budget, const Unpacker& unpacker, model::FileContents& contents)
      : limits_(limits), budget_(budget), unpacker_(unpacker), contents_(contents) {}

  // The file that it is about, in memory, under its own names.
  void file(const std::vector<std::string>& names, std::string_view bytes);
  // The same without its bytes.
  void own_names(const std::vector<std::string>& names);

  // One archive deeper. False, and reported, where that is too deep; a document may be one deeper than other archives.
  bool descend(bool is_document = false);
  void ascend() { --depth_; }
  // Counts a member of the archive that is open, and notes its names. False, and reported, where the limits let no more
  // be looked at.
  bool enter(const std::vector<std::string>& names);
  // Looks into it, as far as its kind has something to be looked into.
  void member(const std::vector<std::string>& names, const Read& read);
  // A member in memory.
  void member(const std::vector<std::string>& names, std::string_view bytes);

  void add_kind(model::FileKind kind);
  void add_name(const std::string& name);
  void add_text(std::string_view text);
  void executable(const std::string& why);
  void uninspectable(const std::string& why);
  void limit_exceeded(const std::string& why);
  void encrypted(model::Encryption encryption);
  void unread_text() { contents_.has_unread_text = true; }
  void text_is_cut() { contents_.text_is_cut = true; }
  // What another process has found.
  void merge(const model::FileContents& other, std::size_t entries, std::uint64_t unpacked);
  // Counts bytes that were unpacked. False, and reported, where these are too many.
  bool spend(std::uint64_t unpacked);
  // False, and reported, where so few packed bytes became so many.
  bool has_fair_ratio(std::uint64_t packed, std::uint64_t unpacked);
  // False, and reported, when the time is over.
  bool has_time();

  const Limits& limits() const { return limits_; }
  const Budget& budget() const { return budget_; }
  const Unpacker& unpacker() const { return unpacker_; }
  const model::FileContents& contents() const { return contents_; }
  // How deep what is opened next lies.
  std::size_t depth() const { return depth_; }
  std::size_t room_for_text() const { return limits_.max_text - std::min(limits_.max_text, text_size_); }
  std::size_t room_for_names() const { return limits_.max_names - std::min(limits_.max_names, names_size_); }

 private:
  void note(const std::string& name);
  void add_extension(const std::string& extension);
  void kind_alone(const std::vector<std::string>& names, model::FileKind kind);
  void look_at(const std::vector<std::string>& names, std::string_view bytes);
  void open(const std::vector<std::string>& names, model::FileKind kind, std::string_view bytes);
  void archive(const std::vector<std::string>& names, model::FileKind kind, std::string_view bytes);
  void ole(const std::vector<std::string>& names, std::string_view bytes);
  void tnef(std::string_view bytes);
  void plain_text(std::string_view bytes, bool is_html);

  const Limits& limits_;
  Budget& budget_;
  const Unpacker& unpacker_;
  model::FileContents& contents_;
  std::size_t depth_ = 0;
  std::size_t names_size_ = 0;
  std::size_t text_size_ = 0;
};

}  // namespace connectord::inspect
