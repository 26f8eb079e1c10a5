#include "connectord/fleet/follower.h"

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "access.h"
#include "connectord/base/digest.h"
#include "connectord/base/files.h"
#include "connectord/base/json_values.h"
#include "connectord/base/mutex.h"
#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/config/fleet_copy.h"
#include "copy.h"
#include "generation_table.h"
#include "host.h"
#include "lone_work.h"
#include "schema.h"

namespace connectord::fleet {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view subject = "fleet";
// A generation that does not load is tried again: a file that it names may have come.
constexpr std::chrono::minutes try_again{5};

std::string errors_in(const runtime::Reloader::Result& result) {
  std::vector<std::string> errors = runtime::errors_in(result.problems);
  if (!result.failure.empty()) errors.push_back(result.failure);
  constexpr std::size_t most = 20;
  const std::size_t left_out = errors.size() > most ? errors.size() - most : 0;
  errors.resize(errors.size() - left_out);
  if (left_out > 0) errors.push_back("and " + std::to_string(left_out) + " more");
  return base::joined(errors, "\n");
}

}  // namespace

class Follower::Work : public LoneWork {
 public:
  explicit Work(Setup setup) : setup_(std::move(setup)) {
    state_.host = host_name_in_fleet(setup_.configuration);
    state_.database = setup_.configuration.fleet->database;
    state_.away_since = base::unix_time();
    const auto running = config::current_fleet_copy(setup_.configuration.fleet->state);
    if (running && *running) state_.generation = **running;
  }

  void run(const std::stop_token& stop) {
    Pause pause;
    while (!stop.stop_requested()) {
      std::string reason;
      try {
        reason = follow(stop, pause);
      } catch (const std::exception& error) {
        reason = error.what();
      }
      if (stop.stop_requested()) break;
      lost(std::move(reason));
      wait(stop, pause.next());
    }
    note_end();
  }

  tl::expected<void, std::string> change(const Database::Change& change) const {
    constexpr milliseconds patience{5'000};
    auto database = Database::open(setup_.configuration, {}, patience, changes_.get_token());
    if (!database) return tl::unexpected(database.error() + "; nothing was changed");
    const auto made = database->apply(change);
    if (!made) return tl::unexpected(made.error().reason + (made.error().is_in_doubt ? "" : "; nothing was changed"));
    return keep_copy(setup_.configuration.fleet->state, *made, change.document).map_error([&](const auto& reason) {
      return "all hosts have generation " + std::to_string(*made) + " but this one: " + reason;
    });
  }

  // Those that wait for the database give up.
  void stop_changes() { changes_.request_stop(); }

  void look_again() {
    const base::MutexLock lock(mutex_);
    failed_at_ = {};
  }

  MemberState state() const {
    const base::MutexLock lock(mutex_);
    return state_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  // Until the connection is lost or cannot be made; says why.
  std::string follow(const std::stop_token& stop, Pause& pause) {
    auto access = access_of(setup_.configuration, Need::write, stop);
    if (!access) return access.error();
    const auto identity = identity_of_host(setup_.configuration);
    if (!identity) return identity.error();
    auto connection = open_database(*access, Need::write);
    if (!connection) return connection.error().whole;
    const auto host = register_host(*connection, *identity);
    if (!host) return host.error().whole;
    // Before the first look, so that nothing falls between.
    if (auto listens = connection->run(std::string("LISTEN ") + generation_channel); !listens) {
      return listens.error().whole;
    }
    found_again();
    pause.reset();
    while (!stop.stop_requested()) {
      if (auto looked = look(*connection, host->id, identity->boot_id); !looked) return looked.error().whole;
      if (auto heard = connection->wait_for_notification(setup_.poll); !heard) return heard.error().whole;
    }
    return {};
  }

  postgres::Result<> look(postgres::Connection& connection, std::int16_t host, const std::string& boot_id) {
    // The tables may become another version's while this is connected.
    if (auto checked = check_schema(connection, Need::write); !checked) return checked;
    const auto wanted = generation_for(connection, host);
    if (!wanted) return tl::unexpected(wanted.error());
    if (is_to_be_taken(*wanted)) {
      const auto generation = read_generation(connection, wanted->n);
      if (generation) {
        take(*generation);
      } else if (generation.error().kind == postgres::Error::Kind::unavailable) {
        return tl::unexpected(generation.error());
      } else {
        note_failure(*wanted, generation.error().whole);
      }
      if (auto reported = report_generation(connection, host, wanted->n); !reported) return reported;
    }
    auto reported = report(connection, host, boot_id);
    // Somebody else has the row for a moment; next time will do.
    constexpr std::string_view lock_not_available = "55P03";
    if (!reported && reported.error().sqlstate == lock_not_available) return {};
    return reported;
  }

  bool is_to_be_taken(const WantedGeneration& wanted) {
    // Somebody may have made a change on this host.
    const bool runs = runs_here(wanted);
    const base::MutexLock lock(mutex_);
    state_.wanted = wanted.n;
    state_.last_contact = base::unix_time();
    if (runs) {
      state_.generation = wanted.n;
      state_.generation_error.clear();
      return false;
    }
    return wanted.sha256 != failed_ || Clock::now() - failed_at_ > try_again;
  }

  // By the copy that counts, which is read when its number or what is wanted of it is another.
  bool runs_here(const WantedGeneration& wanted) {
    const std::string& folder = setup_.configuration.fleet->state;
    const auto copy = config::current_fleet_copy(folder);
    if (!copy || *copy != wanted.n) return false;
    if (known_.n == wanted.n && known_.sha256 == wanted.sha256) return true;
    const auto text = base::read_file(config::fleet_copy_path(folder, wanted.n), max_document);
    if (!text || base::sha256_hex(*text) != wanted.sha256) return false;
    known_ = wanted;
    return true;
  }

  void take(const Generation& generation) {
    const std::string& folder = setup_.configuration.fleet->state;
    runtime::Reloader::Result result;
    {
      const auto held = setup_.reloader.hold();
      // Whoever has made it on this host may just have loaded it.
      if (runs_here({generation.n, generation.sha256})) return note_running(generation.n);
      result = setup_.reloader.change(held, {config::fleet_copy_path(folder, generation.n), generation.document},
                                      generation.who + ", generation " + std::to_string(generation.n) + " of the fleet",
                                      [&] { return keep_copy(folder, generation.n, generation.document); });
    }
    if (!result.loaded) return note_failure({generation.n, generation.sha256}, errors_in(result));
    setup_.log.info(subject, "took the fleet's generation",
                    {{"generation", std::to_string(generation.n)}, {"who", generation.who}});
    note_running(generation.n);
  }

  void note_running(std::int64_t n) {
    const base::MutexLock lock(mutex_);
    state_.generation = n;
    state_.generation_error.clear();
    failed_.reset();
  }

  void note_failure(const WantedGeneration& wanted, std::string reason) {
    std::string running;
    {
      const base::MutexLock lock(mutex_);
      const bool is_known = failed_ == wanted.sha256 && state_.generation_error == reason;
      failed_ = wanted.sha256;
      failed_at_ = Clock::now();
      if (state_.generation_error.empty()) state_.failing_since = base::unix_time();
      state_.generation_error = reason;
      if (is_known) return;
      running = std::to_string(state_.generation);
    }
    setup_.log.error(subject, "the fleet's generation does not load on this host; the last good one stays",
                     {{"generation", std::to_string(wanted.n)}, {"running", running}, {"reason", std::move(reason)}});
  }

  postgres::Result<> report_generation(postgres::Connection& connection, std::int16_t host, std::int64_t n) const {
    const MemberState now = state();
    const std::optional<std::string> error =
        now.generation_error.empty() ? std::nullopt : std::optional(now.generation_error);
    return connection
        .execute(
            "INSERT INTO host_generation(host, n, error) VALUES ($1, $2, $3)"
            " ON CONFLICT (host, n) DO UPDATE SET at = now(), error = excluded.error",
            {host, n, error})
        .map([](const postgres::Rows& /*rows*/) {});
  }

  postgres::Result<> report(postgres::Connection& connection, std::int16_t host, const std::string& boot_id) const {
    const MemberState now = state();
    const std::optional<std::string> error =
        now.generation_error.empty() ? std::nullopt : std::optional(now.generation_error);
    const auto time = std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
    const auto rows = connection.execute(
        "UPDATE host SET last_seen = now(), generation = $2, generation_error = $3, generation_at = CASE WHEN"
        " generation IS DISTINCT FROM $2 THEN now() ELSE generation_at END,"
        " clock_ahead_ms = $4 - floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        " WHERE id = $1 AND boot_id = $5",
        {host, now.generation, error, time.count(), boot_id});
    if (!rows) return tl::unexpected(rows.error());
    if (rows->affected() > 0) return {};
    const std::string reason = "another machine has taken this host's place in the fleet";
    return tl::unexpected(postgres::Error{.kind = postgres::Error::Kind::refused, .message = reason, .whole = reason});
  }

  // Once for each reason, since it is tried again and again.
  void lost(std::string reason) {
    {
      const base::MutexLock lock(mutex_);
      const bool is_known = !state_.is_connected && state_.database_error == reason;
      if (state_.is_connected) state_.away_since = base::unix_time();
      state_.is_connected = false;
      state_.database_error = reason;
      if (is_known) return;
    }
    setup_.log.warning(subject, "the fleet's database is not to be had; this host goes on with what it has",
                       {{"reason", std::move(reason)}});
  }

  void found_again() {
    bool is_news = false;
    {
      const base::MutexLock lock(mutex_);
      is_news = !state_.is_connected;
      state_.is_connected = true;
      state_.database_error.clear();
      state_.away_since = 0;
      state_.last_contact = base::unix_time();
    }
    if (is_news) setup_.log.info(subject, "connected to the fleet's database");
  }

  const Setup setup_;
  std::stop_source changes_;
  WantedGeneration known_;  // that runs here; of the thread alone
  mutable base::Mutex mutex_;
  MemberState state_ GUARDED_BY(mutex_);
  std::optional<std::string> failed_ GUARDED_BY(mutex_);  // the digest of what did not load
  Clock::time_point failed_at_ GUARDED_BY(mutex_);
};

nlohmann::ordered_json to_json(const MemberState& state) {
  using Json = nlohmann::ordered_json;
  const auto text = [](const std::string& value) { return base::text_or_null(value.substr(0, max_reason)); };
  const bool fails = !state.generation_error.empty();
  return {{"host", state.host},
          {"database", state.database.substr(0, max_reason)},
          {"connected", state.is_connected},
          {"last_contact", base::time_or_null(state.last_contact)},
          {"away_since", base::time_or_null(state.away_since)},
          {"reason", text(state.database_error)},
          {"generation", state.generation},
          {"wanted", state.wanted ? Json(*state.wanted) : Json(nullptr)},
          {"generation_error", text(state.generation_error)},
          {"generation_fails_since", base::time_or_null(fails ? state.failing_since : 0)}};
}

Follower::Follower(Setup setup) : work_(std::make_shared<Work>(std::move(setup))) {}

Follower::~Follower() {
  stop();
}

void Follower::start() {
  thread_ = std::jthread([work = work_](const std::stop_token& stop) { work->run(stop); });
}

void Follower::stop() {
  if (!thread_.joinable()) return;
  work_->stop_changes();
  work_->end(thread_);
}

void Follower::look_again() {
  work_->look_again();
}

tl::expected<void, std::string> Follower::change(const Database::Change& change) const {
  return work_->change(change);
}

MemberState Follower::state() const {
  return work_->state();
}

}  // namespace connectord::fleet
