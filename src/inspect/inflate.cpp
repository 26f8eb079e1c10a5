#include "inflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace connectord::inspect {
namespace {

class InflateStream {
 public:
  // Of zlib.h: negative for no header, 16 more than the window's size for that of gzip.
  explicit InflateStream(int window_bits) : is_open_(::inflateInit2(&stream_, window_bits) == Z_OK) {}
  ~InflateStream() {
    if (is_open_) ::inflateEnd(&stream_);
  }
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;

  bool is_open() const { return is_open_; }
  z_stream& operator*() { return stream_; }

 private:
  z_stream stream_{};
  bool is_open_;
};

std::optional<std::string> inflate_by(int window_bits, std::string_view packed, std::uint64_t most,
                                      const Progress& progress) {
  InflateStream stream(window_bits);
  if (!stream.is_open() || packed.size() > std::numeric_limits<uInt>::max()) return std::nullopt;
  z_stream& z = *stream;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  std::string unpacked;
  std::array<char, 65'536> buffer{};
  while (unpacked.size() < most) {
    z.next_out = reinterpret_cast<Bytef*>(buffer.data());
    z.avail_out = static_cast<uInt>(std::min<std::uint64_t>(buffer.size(), most - unpacked.size()));
    const uInt room = z.avail_out;
    const int result = ::inflate(&z, Z_NO_FLUSH);
    unpacked.append(buffer.data(), room - z.avail_out);
    if (result == Z_STREAM_END) break;
    if (result != Z_OK) return std::nullopt;
    if (!progress(packed.size() - z.avail_in, unpacked.size())) break;
  }
  return unpacked;
}

}  // namespace

std::optional<std::string> inflate(std::string_view packed, std::uint64_t most, const Progress& progress) {
  return inflate_by(-MAX_WBITS, packed, most, progress);
}

std::optional<std::string> gunzip(std::string_view packed, std::uint64_t most) {
  return inflate_by(MAX_WBITS + 16, packed, most, [](std::uint64_t, std::uint64_t) { return true; });
}

}  // namespace connectord::inspect
