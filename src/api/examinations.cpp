// What is to be seen of the machine, and what was changed by whom.
#include "connectord/api/examinations.h"

#include <algorithm>
#include <fstream>

#include "connectord/base/json.h"
#include "connectord/base/time.h"
#include "connectord/config/schema_json.h"
#include "connectord/config/setting_changes.h"
#include "context.h"
#include "parameters.h"
#include "turn.h"

namespace connectord::api {
namespace {

Response answer_of(Context& context, const Examinations::Examination& examination) {
  if (!examination) return problem(501, "this process does not look at the machine; ask connectorctl, as root");
  const Turn turn(context.examinations, 1);
  if (!turn.granted()) return try_again_in(2, "the machine is being looked at already; try again in a moment");
  const auto seen = examination();
  return seen ? json_response(*seen) : problem(503, seen.error());
}

// The end of a file, from the beginning of a line on.
std::string tail_of(const std::string& path, std::streamoff most) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const std::streamoff size = file.tellg();
  const std::streamoff begin = std::max<std::streamoff>(size - most, 0);
  std::string text(static_cast<std::size_t>(size - begin), '\0');
  file.seekg(begin).read(text.data(), size - begin);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (begin > 0) text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
  return text;
}

// The newest first; lines that are none of ours are passed over.
Json entries_of(std::string_view text, std::size_t limit) {
  Json entries = Json::array();
  while (!text.empty() && entries.size() < limit) {
    text.remove_suffix(text.ends_with('\n') ? 1 : 0);
    const auto begin = text.rfind('\n');
    const auto line = text.substr(begin == std::string_view::npos ? 0 : begin + 1);
    text.remove_suffix(line.size());
    Json entry = base::parse_json(line);
    if (entry.is_object()) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

Response get_doctor(Context& context, const Call& /*call*/) {
  return answer_of(context, context.setup.examinations.doctor);
}

Response get_certificates(Context& context, const Call& /*call*/) {
  return answer_of(context, context.setup.examinations.certificates);
}

Response get_schema(Context& /*context*/, const Call& /*call*/) {
  return json_response({{"tables", config::schema_json()}});
}

Response get_changes(Context& context, const Call& /*call*/) {
  const runtime::ConfigurationHistory& history = *context.setup.services.history;
  Json loads = Json::array();
  for (const auto& load : history.loads()) {
    Json changes = Json::array();
    for (const config::SettingChange& change : load.changes) changes.push_back(to_json(change));
    loads.push_back({{"generation", load.generation},
                     {"time", base::utc_text(load.time)},
                     {"who", load.who},
                     {"changes", std::move(changes)}});
  }
  return json_response({{"generation", context.setup.services.policies.current().number},
                        {"loads", std::move(loads)},
                        {"waits_for_restart", history.waiting()}});
}

Response get_audit(Context& context, const Call& call) {
  constexpr std::streamoff most = std::streamoff{4} << 20;
  constexpr std::size_t usual = 100;
  Parameters parameters(call.target);
  const auto limit = parameters.limit();
  if (auto refused = parameters.refusal()) return *refused;
  const std::string& path = context.setup.settings.audit_log;
  return json_response({{"file", path}, {"entries", entries_of(tail_of(path, most), limit.value_or(usual))}});
}

}  // namespace connectord::api
