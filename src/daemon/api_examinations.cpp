#include "api_examinations.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "connectord/doctor/doctor.h"
#include "connectord/doctor/report_json.h"
#include "connectord/mta/mail_servers.h"

namespace connectord::daemon {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

api::Examinations examinations_of(const std::string& configuration_file) {
  if (::geteuid() == 0) return {};
  api::Examinations made;
  made.doctor = [configuration_file]() -> tl::expected<Json, std::string> {
    const doctor::Report report =
        doctor::examine({.configuration_file = configuration_file, .places = mta::usual_places(), .since = {}});
    return to_json(report.findings);
  };
  made.certificates = [configuration_file] {
    return doctor::list_certificates(configuration_file, mta::usual_places()).map([](const auto& list) {
      return Json{{"certificates", to_json(list)}};
    });
  };
  return made;
}

}  // namespace connectord::daemon
