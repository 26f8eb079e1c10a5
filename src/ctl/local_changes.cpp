#include "local_changes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>
#include <utility>

#include "configuration_file.h"
#include "connectord/api/api.h"
#include "connectord/base/acting_as.h"
#include "connectord/base/files.h"
#include "connectord/config/connector_files.h"
#include "connectord/config/secret_file.h"
#include "connectord/model/entry_named.h"
#include "connectord/mta/held_mail.h"
#include "connectord/runtime/folders.h"
#include "connectord/runtime/live_sessions.h"
#include "connectord/runtime/reloader.h"
#include "connectord/trace/sqlite_store.h"
#include "reload_daemon.h"

namespace connectord::ctl {
namespace {

// What the API's code has to say stands in its answer.
class NoLog : public log::Logger {
 public:
  void write(const log::Record& /*record*/) override {}
};

// With owner, group and rights of the folder that the main file is in.
tl::expected<void, std::string> make_folder_for_entries(const std::string& folder, const std::string& main_file) {
  struct stat model {};
  if (::stat(folder.c_str(), &model) == 0 || ::stat(base::folder_of(main_file).c_str(), &model) != 0) return {};
  const bool is_made = ::mkdir(folder.c_str(), model.st_mode & ~static_cast<mode_t>(S_IWGRP | S_IWOTH)) == 0 &&
                       ::lchown(folder.c_str(), model.st_uid, model.st_gid) == 0;
  if (is_made) return {};
  return tl::unexpected(folder + ": cannot make the folder: " + std::strerror(errno));
}

// With what held mail is decided on; without, nothing of it is.
struct Held {
  std::shared_ptr<const mta::HeldMail> mail{};
  trace::Store* trace = nullptr;
  std::string audit_log{};
};

// The services of a connectord that takes no mail.
class LocalApi {
 public:
  LocalApi(const Common& common, runtime::LoadedPolicy loaded, const Held& held = {})
      : policies_(loaded.policy, runtime::make_resolver(loaded.policy->configuration().dns).value_or(nullptr),
                  std::move(loaded.secrets)),
        reloader_(common.configuration, {policies_, live_, log_}),
        api_({.services = services(held.trace),
              .reloader = reloader_,
              .intake = intake_,
              .process = {common.configuration, ::getpid(), 0, {}},
              .settings = settings(held.audit_log),
              .held = held.mail}) {}

  api::Response handle(const ApiCall& call) {
    const std::string type = call.body.empty() ? "" : "application/json";
    return api_.handle({call.method, call.path, "", type, call.if_match, call.body, {"root", ::geteuid()}});
  }

  // Where the connector or rule of an answer stands now; empty where it does not.
  std::string file_of(const nlohmann::ordered_json& connector) const {
    const auto policy = policies_.current().policy;
    const model::Configuration& configuration = policy->configuration();
    const std::string name = text_at(connector, "name");
    if (text_at(connector, "direction").empty()) return file_in(configuration.rules, name);
    return text_at(connector, "direction") == "inbound" ? file_in(configuration.inbound, name)
                                                        : file_in(configuration.outbound, name);
  }

 private:
  template <class Connectors>
  static std::string file_in(const Connectors& connectors, const std::string& name) {
    const auto* found = model::entry_named(connectors, name);
    return found == nullptr || !found->location.file ? "" : *found->location.file;
  }

  runtime::Services services(trace::Store* trace) {
    runtime::Services services{policies_, live_, log_};
    services.trace = trace;
    return services;
  }

  // Changes of the configuration are not logged, which the API does of what others ask of it.
  static model::Server settings(const std::string& audit_log) {
    model::Server server;
    server.audit_log = audit_log;
    return server;
  }

  runtime::PolicyStore policies_;
  runtime::LiveSessions live_;
  NoLog log_;
  session::InFlight intake_;
  runtime::Reloader reloader_;
  api::Api api_;
};

// Requests that change nothing, whatever their method.
bool only_asks(const ApiCall& call) {
  return call.method == "GET" || call.path == "/api/exchange/rules/test" || call.path == "/api/exchange/rules/check";
}

std::string entity_tag(const api::Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (name == "ETag") return value;
  }
  return "";
}

}  // namespace

tl::expected<ApiAnswer, std::string> answer_locally(const Common& common, const ApiCall& call,
                                                    const Terminal& terminal) {
  runtime::LoadedPolicy loaded = load(common, runtime::SecretFiles::read);
  if (!loaded.policy) {
    print_problems(loaded.problems, terminal);
    return tl::unexpected(std::string("the configuration does not load, so nothing was changed"));
  }
  const auto policy = loaded.policy;
  const model::Server& server = policy->configuration().server;
  const bool is_new = call.method == "POST" && !only_asks(call);
  const auto place = config::included_path(server.include, common.configuration, "api-inbound-x.toml");
  if (is_new && place) {
    auto made = make_folder_for_entries(base::folder_of(*place), common.configuration);
    if (!made) return tl::unexpected(made.error());
  }
  LocalApi api(common, std::move(loaded));
  const api::Response response = api.handle(call);
  auto answer = read_answer(response.status, entity_tag(response), response.body);
  if (!answer || only_asks(call)) return answer;
  const auto generation = reload_daemon(common.configuration, server.user);
  const std::string file = api.file_of(answer->body);
  answer->note = (file.empty() ? "" : "in " + file + "; ") +
                 (generation ? "connectord has loaded it (generation " + std::to_string(*generation) + ")"
                             : "not running yet: " + generation.error());
  return answer;
}

tl::expected<ApiAnswer, std::string> decide_locally(const Common& common, const ApiCall& call,
                                                    const mta::MailServerPlaces& places, const Terminal& terminal) {
  runtime::LoadedPolicy loaded = load(common, runtime::SecretFiles::leave);
  if (!loaded.policy) {
    print_problems(loaded.problems, terminal);
    return tl::unexpected(std::string("the configuration does not load"));
  }
  const auto policy = loaded.policy;
  const model::Configuration& configuration = policy->configuration();
  const auto reader = config::reader_of_secrets(configuration.server.user);
  if (!reader) return tl::unexpected(reader.error());
  const base::Account account{reader->name, reader->uid, reader->gid, {}};
  if (auto ready = runtime::hand_over(runtime::Kept::audit_log, configuration, account); !ready) {
    return tl::unexpected(ready.error());
  }
  const auto trace = configuration.trace ? trace::open_to_record(configuration.trace->file()) : nullptr;
  LocalApi api(common, std::move(loaded), {mta::held_mail_here(places), trace.get(), configuration.server.audit_log});
  // The trace and the audit log are in folders of that user's. The mail server's programs are root's all the same.
  const base::ActingAs acting(account);
  if (!acting.is_in_force()) return tl::unexpected("cannot act as " + account.name);
  const api::Response response = api.handle(call);
  return read_answer(response.status, entity_tag(response), response.body);
}

}  // namespace connectord::ctl
