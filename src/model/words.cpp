#include "connectord/model/words.h"

#include <string>

namespace connectord::model {

std::string_view unknown_word(std::uint8_t number) {
  static const auto texts = [] {
    std::array<std::string, 0x100> made;
    for (std::size_t i = 0; i < made.size(); ++i) made.at(i) = "unknown (" + std::to_string(i) + ")";
    made.back() = "unknown";
    return made;
  }();
  return texts.at(number);
}

}  // namespace connectord::model
