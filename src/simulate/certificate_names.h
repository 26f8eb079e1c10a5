#pragma once

#include <string>

#include "connectord/mail/certificate_name.h"

namespace connectord::simulate {

// A name in a certificate, as explain and the trace have it: a whole name begins with a slash, and else it is the
// common name alone.
inline void read_name(const std::string& text, std::string& common_name, std::string& whole_name) {
  if (!text.starts_with('/')) {
    common_name = text;
    return;
  }
  whole_name = text;
  common_name = mail::common_name(text);
}

}  // namespace connectord::simulate
