#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/api/message.h"

namespace connectord::api {

// What is wrong with one field of a request: a key of its body, dotted, or a parameter of its query.
struct FieldError {
  std::string field;  // empty where no one field is meant
  std::string message;
};

// Problem details (RFC 9457). `detail` is for a person, and says what to do instead.
Response problem(unsigned status, std::string_view detail, const std::vector<FieldError>& errors = {});

// 429: what is asked for may be had in so many seconds.
Response try_again_in(std::int64_t seconds, std::string_view detail);

// The reason phrase of RFC 9110.
std::string_view phrase(unsigned status);

}  // namespace connectord::api
