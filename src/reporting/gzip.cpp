#include "gzip.h"

#include <new>

namespace connectord::reporting {

Gzip::Gzip() {
  constexpr int with_gzip_header = 16;
  constexpr int usual_memory = 8;
  if (::deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + with_gzip_header, usual_memory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

Gzip::~Gzip() {
  ::deflateEnd(&stream_);
}

std::string Gzip::packed(std::string_view text) {
  ::deflateReset(&stream_);
  std::string bytes(::deflateBound(&stream_, static_cast<uLong>(text.size())), '\0');
  // zlib does not write to what it reads, whatever the type of its pointer.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // NOLINT
  stream_.avail_in = static_cast<uInt>(text.size());
  stream_.next_out = reinterpret_cast<Bytef*>(bytes.data());  // NOLINT
  stream_.avail_out = static_cast<uInt>(bytes.size());
  ::deflate(&stream_, Z_FINISH);
  bytes.resize(stream_.total_out);
  return bytes;
}

}  // namespace connectord::reporting
