#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/base/ascii_case.h"
#include "connectord/model/configuration.h"
#include "context.h"

namespace connectord::api {

// What the API shows and changes: a connector of either direction, or a transport rule. One of the three.
struct Found {
  const model::InboundConnector* inbound = nullptr;
  const model::OutboundConnector* outbound = nullptr;
  const model::Rule* rule = nullptr;

  Json json() const;
  // By which its file knows it: "inbound", "outbound" or "rule".
  std::string table() const { return rule != nullptr ? "rule" : inbound != nullptr ? "inbound" : "outbound"; }
  const model::Location& location() const {
    return rule != nullptr ? rule->location : inbound != nullptr ? inbound->location : outbound->location;
  }
};

// One that is to be.
struct NewEntry {
  std::string name;
  std::string table;
  Json body;
};

// All connectors, or all rules: what the handlers of changes know of them.
struct Collection {
  std::string_view noun;  // "connector"
  std::string_view path;  // "/api/exchange/connectors"
  // The one that the path's {id} and the query name: 404 if there is none, 409 if there are two.
  Answered<Found> (*find)(const model::Configuration& configuration, const Call& call);
  // What a body asks for, if its name is free.
  Answered<NewEntry> (*begin)(const model::Configuration& configuration, const Json& body);
};

extern const Collection connector_collection;
extern const Collection rule_collection;

// The connector that the path's {id} and the parameter `direction` name.
Answered<Found> find_connector(const model::Configuration& configuration, const Call& call);

// Whether one of an entry's keys or values has that text, in any letter case.
bool holds_text(const Json& entry, const std::string& text);

// 409 where one of these has the name already, in any letter case.
template <class Entry>
std::optional<Response> check_free(const std::vector<Entry>& entries, std::string_view noun, const std::string& name) {
  for (const Entry& entry : entries) {
    if (!base::equals_ignoring_case(entry.name, name)) continue;
    const std::string kind(noun);
    return problem(409, "there is a " + kind + " \"" + entry.name + "\" already, at " + to_string(entry.location),
                   {{"name", "write another name, or change that " + kind}});
  }
  return std::nullopt;
}

// Names one state of an entry: an entity tag (RFC 9110, 8.8.3) with its quotes.
std::string etag_of(const Json& entry);

// The value of a parameter that must be one of two words.
Answered<std::optional<std::string>> one_of(const Call& call, const std::string& parameter, std::string_view first,
                                            std::string_view second);

// An entry whole, with its entity tag.
Response entry_response(const Json& entry, unsigned status = 200);

// 422 for a body with such fields.
Response not_valid(std::string_view noun, const std::vector<FieldError>& errors);

// A key of a body that must be a string.
Answered<std::string> word_of(const Json& body, std::string_view noun, const char* key, std::string_view remedy);

// What a rule that is only tried changes of the files: its own file, a new one, or what people wrote. 409 says why that
// cannot be.
Answered<config::FileChange> change_for(const Context& context, const model::Configuration& configuration,
                                        const NewEntry& entry);

}  // namespace connectord::api
