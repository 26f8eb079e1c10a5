#include "connectord/mta/record.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "connectord/base/json.h"
#include "connectord/mta/files.h"
#include "connectord/version.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

using Json = nlohmann::ordered_json;

// Where the words of `part` stand in a row; words.size() if nowhere.
std::size_t find_part(const std::vector<ListWord>& words, const std::string& part) {
  const std::vector<ListWord> required = list_words(part);
  const auto found = std::search(words.begin(), words.end(), required.begin(), required.end(),
                                 [](const ListWord& a, const ListWord& b) { return a.text == b.text; });
  return static_cast<std::size_t>(found - words.begin());
}

// std::nullopt if the part is not there.
std::optional<std::string> without_part(const std::string& list, const std::string& part) {
  const std::vector<ListWord> words = list_words(list);
  const std::size_t place = find_part(words, part);
  if (part.empty() || place == words.size()) return std::nullopt;
  return without_words(list, words, place, place + list_words(part).size() - 1);
}

bool is_table(const std::string& parameter) {
  return parameter == "transport_maps" || parameter == "sender_dependent_default_transport_maps" ||
         parameter == "smtp_tls_policy_maps" || parameter == "milter_header_checks" ||
         parameter == "smtp_sasl_password_maps";
}

bool is_current(const std::string& part, const PostfixSetup& setup, const MtaRequirements& required) {
  const auto word = [&](const std::optional<net::Endpoint>& endpoint) {
    return endpoint ? service_word(*endpoint, setup.queue_directory) : "";
  };
  if (part.starts_with("socketmap:")) {
    return required.socketmap && part.starts_with("socketmap:" + word(required.socketmap) + ":");
  }
  return part == word(required.milter) || part == "check_policy_service " + word(required.policy);
}

// What main.cf may have of ours where nothing was recorded.
std::optional<std::string> without_ours(const std::string& parameter, const std::string& list,
                                        const PostfixSetup& setup, const MtaRequirements& required) {
  const std::vector<ListWord> words = list_words(list);
  if (is_table(parameter)) {
    if (!required.socketmap) return std::nullopt;
    const std::string ours = "socketmap:" + service_word(*required.socketmap, setup.queue_directory) + ":";
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i].text.starts_with(ours)) return without_words(list, words, i, i);
    }
    return std::nullopt;
  }
  if (parameter == "smtpd_recipient_restrictions") {
    if (!required.policy) return std::nullopt;
    const std::size_t place = find_policy_service(words, *required.policy, setup.queue_directory);
    if (place == words.size()) return std::nullopt;
    return without_words(list, words, place, place + 1);
  }
  if (!required.milter) return std::nullopt;
  const std::size_t place = find_milter(words, *required.milter, setup.queue_directory);
  if (place == words.size()) return std::nullopt;
  return without_words(list, words, place, place);
}

Removal remove_unrecorded(const PostfixSetup& setup, const MtaRequirements& required) {
  Removal removal;
  for (const char* parameter : {"smtpd_milters", "non_smtpd_milters", "smtpd_recipient_restrictions", "transport_maps",
                                "sender_dependent_default_transport_maps", "smtp_tls_policy_maps",
                                "milter_header_checks", "smtp_sasl_password_maps"}) {
    if (!setup.is_written(parameter)) continue;
    const std::string& value = setup.value(parameter);
    auto rest = without_ours(parameter, value, setup, required);
    if (!rest) continue;
    removal.edits.push_back({parameter, value, rest->empty() ? std::nullopt : std::move(rest)});
  }
  if (!removal.edits.empty()) {
    removal.left.push_back(
        "connectord was attached by hand, so what other parameters were before is not known; they stay as they are");
  }
  return removal;
}

void remove_recorded(const PostfixSetup& setup, const std::string& name, const Record::Parameter& parameter,
                     Removal& removal) {
  std::optional<std::string> now;
  if (setup.is_written(name)) now = setup.value(name);
  if (now == parameter.before) return;
  if (now == parameter.after) {
    removal.edits.push_back({name, *now, parameter.before});
    return;
  }
  auto rest = now ? without_part(*now, parameter.part) : std::nullopt;
  if (rest) {
    const bool drop = rest->empty() && !parameter.before;
    removal.edits.push_back({name, *now, drop ? std::nullopt : std::move(rest)});
    return;
  }
  removal.left.push_back(
      name + " was changed since by somebody else and stays as it is: " + (now ? "\"" + *now + "\"" : "not set") +
      "; before attach it was " + (parameter.before ? "\"" + *parameter.before + "\"" : "not set"));
}

Json text_or_null(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

}  // namespace

std::string Record::to_json() const {
  Json object;
  object["about"] = "what connectorctl attach postfix has changed; connectorctl detach postfix needs it";
  object["version"] = version;
  object["configuration"] = configuration;
  object["attached"] = attached;
  object["proved"] = proved;
  object["main_cf"] = {{"before_sha256", before_sha256}, {"after_sha256", after_sha256}, {"backup", backup}};
  object["parameters"] = Json::object();
  for (const auto& [name, parameter] : parameters) {
    object["parameters"][name] = {
        {"before", text_or_null(parameter.before)}, {"after", parameter.after}, {"part", parameter.part}};
  }
  return base::json_text(object, 2) + "\n";
}

tl::expected<Record, std::string> Record::from_json(const std::string& text) {
  try {
    const Json object = base::parse_json(text);
    if (object.is_discarded()) return tl::unexpected(std::string("it is no JSON"));
    Record record;
    object.at("configuration").get_to(record.configuration);
    object.at("attached").get_to(record.attached);
    object.at("proved").get_to(record.proved);
    object.at("main_cf").at("before_sha256").get_to(record.before_sha256);
    object.at("main_cf").at("after_sha256").get_to(record.after_sha256);
    object.at("main_cf").at("backup").get_to(record.backup);
    for (const auto& [name, item] : object.at("parameters").items()) {
      Parameter& parameter = record.parameters[name];
      if (!item.at("before").is_null()) parameter.before = item.at("before").get<std::string>();
      item.at("after").get_to(parameter.after);
      item.at("part").get_to(parameter.part);
    }
    return record;
  } catch (const nlohmann::json::exception& error) {
    return tl::unexpected(std::string(error.what()));
  }
}

std::string record_file(const std::string& folder) {
  return folder + "/connectord-attach.json";
}

tl::expected<std::optional<Record>, std::string> read_record(const std::string& folder) {
  const std::string file = record_file(folder);
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return std::nullopt;
  const auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  auto record = Record::from_json(*text);
  if (!record) {
    return tl::unexpected(file + ": not a record of connectorctl attach (" + record.error() +
                          "); move it away, and connectord is detached as if it had been attached by hand");
  }
  return std::optional<Record>(std::move(*record));
}

Record recorded(const std::optional<Record>& earlier, const std::vector<Change>& changes) {
  Record record = earlier.value_or(Record{});
  record.proved = false;
  for (const Change& change : changes) {
    const auto [place, is_new] = record.parameters.try_emplace(change.parameter);
    if (is_new) place->second.before = change.before;
    place->second.after = change.after;
    place->second.part = change.part;
  }
  return record;
}

Removal plan_removal(const PostfixSetup& setup, const std::optional<Record>& record, const MtaRequirements& required) {
  if (!record) return remove_unrecorded(setup, required);
  Removal removal;
  for (const auto& [name, parameter] : record->parameters) remove_recorded(setup, name, parameter, removal);
  return removal;
}

std::vector<std::string> retire(PostfixSetup& setup, const std::optional<Record>& record,
                                const MtaRequirements& required) {
  std::vector<std::string> retired;
  if (!record) return retired;
  for (const auto& [name, parameter] : record->parameters) {
    if (parameter.part.empty() || is_current(parameter.part, setup, required)) continue;
    const auto written = without_part(setup.value(name), parameter.part);
    if (!written) continue;
    setup.values[name] = *written;
    setup.expanded[name] = without_part(setup.effective(name), parameter.part).value_or(setup.effective(name));
    retired.push_back(name);
  }
  return retired;
}

}  // namespace connectord::mta
