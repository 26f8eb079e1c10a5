#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace connectord::mta {

// Where the mail servers' files are.
struct MailServerPlaces {
  std::string folder = "/etc/postfix";  // of main.cf
  std::string sendmail_mc = "/etc/mail/sendmail.mc";
  bool postfix_named = false;  // a person said where it is
  bool sendmail_named = false;
};

// Where they are if nobody names them: Postfix where its own programs look (usual_postfix_folder()).
MailServerPlaces usual_places();

// Which of them are to be looked at.
struct MailServers {
  bool postfix = false;
  bool sendmail = false;
};

// What a person names, if it is there; else what is there. Of two that are, one may be what was once installed: then
// the one that asks, by the running daemon's health document (null if there is none); both if neither has asked yet.
MailServers mail_servers_of(const MailServerPlaces& places, const nlohmann::ordered_json& health);

}  // namespace connectord::mta
