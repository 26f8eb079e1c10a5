#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

namespace connectord::reporting {

// Packs texts as RFC 1952 has it, without a time, so that the same text gives the same bytes. The memory that this
// takes is used again for the next text. Throws std::bad_alloc only. Not thread-safe.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  std::string packed(std::string_view text);

 private:
  z_stream stream_{};
};

}  // namespace connectord::reporting
