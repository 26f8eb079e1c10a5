#include "connectord/inspect/plain_archive.h"

#include "inflate.h"
#include "little_endian.h"
#include "zip_directory.h"

namespace connectord::inspect {
namespace {

constexpr std::size_t max_members = 1'000;
constexpr std::uint16_t stored_method = 0;
constexpr std::uint16_t deflated_method = 8;

using Unpacked = tl::expected<std::vector<std::string>, std::string>;

tl::unexpected<std::string> too_large(std::uint64_t most) {
  return tl::unexpected("it has more than " + std::to_string(most) + " bytes when it is unpacked");
}

Unpacked unpack_gzip(std::string_view bytes, std::uint64_t most) {
  auto content = gunzip(bytes, most + 1);
  if (!content) return tl::unexpected(std::string("its gzip is broken"));
  if (content->size() > most) return too_large(most);
  return std::vector<std::string>{std::move(*content)};
}

Unpacked unpack_zip(std::string_view bytes, std::uint64_t most) {
  const ZipDirectory directory = read_zip_directory(bytes, max_members);
  if (!directory.problem.empty()) return tl::unexpected("its zip is broken: " + directory.problem);
  if (directory.is_cut) return tl::unexpected("its zip has more than " + std::to_string(max_members) + " files");
  std::vector<std::string> contents;
  std::uint64_t left = most;
  for (const ZipMember& member : directory.members) {
    if (member.is_folder || member.is_encrypted || member.methods.size() != 1) continue;
    const std::string_view packed = piece(bytes, member.data, member.packed);
    std::optional<std::string> content;
    if (member.methods.front() == stored_method) content = std::string(packed);
    if (member.methods.front() == deflated_method) {
      content = inflate(packed, left + 1, [](std::uint64_t, std::uint64_t) { return true; });
      if (!content) return tl::unexpected(std::string("a file in its zip is broken"));
    }
    if (!content) continue;
    if (content->size() > left) return too_large(most);
    left -= content->size();
    contents.push_back(std::move(*content));
  }
  return contents;
}

}  // namespace

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b");
}

bool is_zip(std::string_view bytes) {
  return bytes.starts_with(std::string_view("PK\x03\x04", 4));
}

Unpacked unpack_plain(std::string_view bytes, std::uint64_t most) {
  return is_gzip(bytes) ? unpack_gzip(bytes, most) : unpack_zip(bytes, most);
}

}  // namespace connectord::inspect
