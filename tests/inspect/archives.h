#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/inspect/examination.h"

// Archives made for tests, right or wrong as they want them.
namespace connectord::inspect::test {

template <class Number>
std::string bytes_of(Number number) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xffU);
  }
  return bytes;
}
inline std::string two(unsigned number) {
  return bytes_of(static_cast<std::uint16_t>(number));
}
inline std::string four(std::uint64_t number) {
  return bytes_of(static_cast<std::uint32_t>(number));
}

inline std::string deflated(std::string_view bytes) {
  z_stream stream{};
  ::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(::deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

struct File {
  std::string name;
  std::string content;
  std::string local_name = name;
  unsigned flags = 0;
  bool packs = true;
  unsigned method = packs ? 8 : 0;
};

inline std::string headers_of(const File& file, std::size_t packed) {
  return two(file.flags) + two(file.method) + four(0) + four(0) + four(packed) + four(file.content.size());
}

inline std::string local_of(const File& file) {
  const std::string packed = file.packs ? deflated(file.content) : file.content;
  return "PK\x03\x04" + two(20) + headers_of(file, packed.size()) + two(static_cast<unsigned>(file.local_name.size())) +
         two(0) + file.local_name + packed;
}

inline std::string zip_of(const std::vector<File>& files) {
  std::string bytes;
  std::string directory;
  for (const File& file : files) {
    const std::string local = local_of(file);
    directory += "PK\x01\x02" + two(20) + two(20) + headers_of(file, local.size() - 30 - file.local_name.size()) +
                 two(static_cast<unsigned>(file.name.size())) + two(0) + two(0) + two(0) + two(0) + four(0) +
                 four(bytes.size()) + file.name;
    bytes += local;
  }
  const auto count = static_cast<unsigned>(files.size());
  return bytes + directory + "PK\x05\x06" + two(0) + two(0) + two(count) + two(count) + four(directory.size()) +
         four(bytes.size()) + two(0);
}

// [MS-OXTNEF] 2.1
inline std::string tnef_attribute(std::uint32_t id, const std::string& value) {
  return std::string("\x02", 1) + four(id) + four(value.size()) + value + two(0);
}
inline std::string tnef_of(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string bytes = four(0x223e9f78) + two(1);
  for (const auto& [name, content] : files) {
    bytes += tnef_attribute(0x00069002, std::string(14, '\0'));
    bytes += tnef_attribute(0x00018010, name + std::string(1, '\0'));
    bytes += tnef_attribute(0x0006800f, content);
  }
  return bytes;
}

// Knows no archive, and says so.
class NoUnpacker final : public Unpacker {
 public:
  void unpack(std::string_view, model::FileKind kind, const std::string&, Examination& examination) const override {
    examination.uninspectable("nobody unpacks " + std::string(word_of(kind)));
  }
};

inline model::FileContents contents_of(const std::string& name, const std::string& bytes, const Limits& limits = {}) {
  return inspect_file({name}, bytes, NoUnpacker(), limits);
}

inline const std::string program = std::string("MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0", 16) + std::string(112, '\0');

}  // namespace connectord::inspect::test
