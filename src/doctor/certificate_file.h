#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/config/named_files.h"
#include "connectord/model/configuration.h"
#include "connectord/tls/certificate.h"

namespace connectord::doctor {

// The certificates in a file that is named at this place, read with the rights for that.
inline tl::expected<std::vector<tls::Certificate>, std::string> certificates_in(
    const model::Configuration& configuration, const model::Location& place, const std::string& file) {
  return config::read_named_text(configuration, place, file).and_then([](std::string_view pem) {
    return tls::read_pem(pem);
  });
}

}  // namespace connectord::doctor
