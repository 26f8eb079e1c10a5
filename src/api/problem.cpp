#include "problem.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "json_body.h"

namespace connectord::api {

std::string_view phrase(unsigned status) {
  constexpr std::array<std::pair<unsigned, std::string_view>, 18> phrases = {{{400, "Bad Request"},
                                                                              {401, "Unauthorized"},
                                                                              {403, "Forbidden"},
                                                                              {404, "Not Found"},
                                                                              {405, "Method Not Allowed"},
                                                                              {408, "Request Timeout"},
                                                                              {409, "Conflict"},
                                                                              {412, "Precondition Failed"},
                                                                              {413, "Content Too Large"},
                                                                              {415, "Unsupported Media Type"},
                                                                              {422, "Unprocessable Content"},
                                                                              {428, "Precondition Required"},
                                                                              {429, "Too Many Requests"},
                                                                              {431, "Request Header Fields Too Large"},
                                                                              {500, "Internal Server Error"},
                                                                              {501, "Not Implemented"},
                                                                              {503, "Service Unavailable"},
                                                                              {507, "Insufficient Storage"}}};
  for (const auto& [number, words] : phrases) {
    if (number == status) return words;
  }
  return "Error";
}

Response problem(unsigned status, std::string_view detail, const std::vector<FieldError>& errors) {
  using Json = nlohmann::ordered_json;
  Json object{{"type", "about:blank"}, {"title", phrase(status)}, {"status", status}, {"detail", detail}};
  if (!errors.empty()) object["errors"] = Json::array();
  for (const FieldError& error : errors) {
    object["errors"].push_back({{"field", error.field}, {"message", error.message}});
  }
  return {status, "application/problem+json", to_text(object), {}};
}

Response try_again_in(std::int64_t seconds, std::string_view detail) {
  Response response = problem(429, detail);
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

}  // namespace connectord::api
