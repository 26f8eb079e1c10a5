#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

// The ways in which PowerShell's ConvertTo-Json writes objects, and Out-File text. Pure; the text is a stranger's.
namespace connectord::exchange {

// The objects of an export: one, a list, or a list within what Windows PowerShell and the service put around one
// ("value" with "Count", or with "@odata.…"). UTF-8, or UTF-16 of either byte order with a mark at its beginning.
tl::expected<nlohmann::ordered_json, std::string> read_powershell_objects(std::string_view text);

// A value without what PowerShell puts around it: a list in "value" with its "Count"; the name of an enumeration that
// came over a remote session, {"value": 2, "Value": "Partner"}; the text of an IPRange ("Expression"). All else stays.
nlohmann::ordered_json plain_value(const nlohmann::ordered_json& value);

// Whether a text is what is written for an object that lies deeper than -Depth: the name of its type, or "@{…}".
bool is_cut_off(std::string_view text);

}  // namespace connectord::exchange
