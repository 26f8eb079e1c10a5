#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "connectord/mta/mail_servers.h"
#include "connectord/mta/postfix_plan.h"

// How connectord is, and what the mail server beside it lacks to ask it. Nothing is printed.
namespace connectord::mta {

// Which mail server attach would do all the rest for.
enum class Attachable : std::uint8_t { nothing, postfix, sendmail };

struct State {
  nlohmann::ordered_json health;  // of the connectord that runs, as runtime::read_health_document() has it; or null
  std::string postfix_version;    // empty where no Postfix was looked at, or it could not be read
  std::string sendmail_version;
  std::string sendmail_cf;  // its file
  Attachable attachable = Attachable::nothing;
  std::vector<Advice> missing;
  std::vector<Advice> notes;

  bool is_well() const { return missing.empty(); }
};

// `configuration` is connectord's file. Changes nothing. Forks, so it must be called while there is one thread.
State look_at(const std::string& configuration, const MailServerPlaces& places);

}  // namespace connectord::mta
