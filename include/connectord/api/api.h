#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/api/audit_log.h"
#include "connectord/api/domains.h"
#include "connectord/api/examinations.h"
#include "connectord/api/insights.h"
#include "connectord/api/message.h"
#include "connectord/api/tokens.h"
#include "connectord/api/validations.h"
#include "connectord/fleet/database.h"
#include "connectord/runtime/health.h"
#include "connectord/runtime/reloader.h"
#include "connectord/session/session.h"

namespace connectord::mta {
class HeldMail;
}

namespace connectord::api {

// One kind of request that the API answers.
struct RouteDescription {
  std::string_view method;
  std::string_view path;  // as in the description: "/api/exchange/connectors/{id}"
  Role role = Role::nobody;
};

// The administration of connectord: what each request is answered, without HTTP. docs/api.md says it to people,
// openapi.json to programs. Thread-safe.
class Api {
 public:
  // What is shared with the rest of the process, and must outlive the API.
  struct Setup {
    runtime::Services services;
    runtime::Reloader& reloader;
    session::InFlight& intake;
    runtime::Process process;
    model::Server settings;  // that the process was started with
    Validations validations{};
    Examinations examinations{};
    Insights insights{};
    Domains domains{};
    // Makes a document what all hosts of the fleet have in common, this one too; empty: this host is by itself.
    std::function<tl::expected<void, std::string>(const fleet::Database::Change&)> change_fleet{};
    std::shared_ptr<const mta::HeldMail> held{};  // null: this process does not decide on what the mail server holds
  };

  explicit Api(const Setup& setup);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // Never throws; may wait for DNS and files.
  Response handle(const Request& request) noexcept;

  static std::vector<RouteDescription> routes();
  // The description of all this (OpenAPI 3.1).
  static std::string_view description();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace connectord::api
