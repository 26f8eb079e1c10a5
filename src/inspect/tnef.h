#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace connectord::inspect {

struct TnefAttachment {
  std::vector<std::string> names;  // of all fields that have one, in UTF-8
  std::string_view content;        // in the TNEF
};

// winmail.dat ([MS-OXTNEF]).
struct Tnef {
  std::vector<TnefAttachment> attachments;
  bool is_cut = false;  // there are more than `max_attachments`
  std::string problem;  // what is wrong with it, if it is
};

// Takes time in proportion to the bytes.
Tnef read_tnef(std::string_view bytes, std::size_t max_attachments);

}  // namespace connectord::inspect
