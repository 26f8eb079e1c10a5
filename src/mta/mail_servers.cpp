#include "connectord/mta/mail_servers.h"

#include <filesystem>

#include "connectord/mta/client_trust.h"
#include "connectord/mta/sendmail_host.h"

namespace connectord::mta {

MailServerPlaces usual_places() {
  MailServerPlaces places;
  places.folder = usual_postfix_folder();
  return places;
}

MailServers mail_servers_of(const MailServerPlaces& places, const nlohmann::ordered_json& health) {
  const SendmailHost sendmail(places.sendmail_mc);
  std::error_code error;
  const MailServers there{
      std::filesystem::exists(places.folder + "/main.cf", error),
      std::filesystem::exists(sendmail.mc(), error) || std::filesystem::exists(sendmail.cf(), error)};
  if (places.postfix_named || places.sendmail_named) {
    return {there.postfix && places.postfix_named, there.sendmail && places.sendmail_named};
  }
  if (!there.postfix || !there.sendmail || !health.is_object()) return there;
  const auto& version = health.at("mta").at("version");
  if (!version.is_string()) return there;
  const bool is_sendmail = version.get<std::string>().starts_with("Sendmail");
  return {!is_sendmail, is_sendmail};
}

}  // namespace connectord::mta
