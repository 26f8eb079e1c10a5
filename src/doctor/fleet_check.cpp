// What the running connectord knows of its part in a fleet. Nothing of it touches mail but a generation that does not
// load.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/doctor/doctor.h"

namespace connectord::doctor {
namespace {

using Json = nlohmann::ordered_json;

// What another version reports may be of other types.
class Part {
 public:
  explicit Part(Json object) : object_(std::move(object)) {}

  bool is_there() const { return object_.is_object(); }
  Part part(const char* key) const { return Part(value(key)); }
  std::string text(const char* key, const std::string& otherwise = {}) const {
    const Json found = value(key);
    return found.is_string() ? found.get<std::string>() : otherwise;
  }
  std::optional<std::int64_t> number(const char* key) const {
    const Json found = value(key);
    return found.is_number_integer() ? std::optional(found.get<std::int64_t>()) : std::nullopt;
  }
  bool is_false(const char* key) const { return value(key) == Json(false); }

 private:
  Json value(const char* key) const { return object_.is_object() && object_.contains(key) ? object_[key] : Json(); }

  Json object_;
};

std::string rows(std::int64_t number) {
  return std::to_string(number) + (number == 1 ? " row" : " rows");
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

// Lines, of which the health document's reader has made the ends harmless. PostgreSQL indents some.
std::string in_one_line(std::string text) {
  replace_all(text, "\\u000a", "; ");
  replace_all(text, "\\u0009", "");
  return text;
}

class FleetCheck {
 public:
  FleetCheck(const Context& context, Findings& findings)
      : context_(context),
        fleet_(Part(context.health).part("fleet")),
        trace_(fleet_.part("trace")),
        findings_(findings) {}

  void run() {
    if (!fleet_.is_there()) return;
    generation();
    database();
    if (trace_.is_there()) trace();
    findings_.seen("fleet", fleet_.text("host", "?") + ", generation " + number_of("generation"));
  }

 private:
  std::string number_of(const char* key) const {
    const auto number = fleet_.number(key);
    return number ? std::to_string(*number) : "?";
  }

  void generation() {
    const std::string error = in_one_line(fleet_.text("generation_error"));
    if (error.empty()) return;
    findings_.add({Severity::critical, "fleet",
                   "generation " + number_of("wanted") + " does not load on this host since " +
                       fleet_.text("generation_fails_since", "an unknown time") + "; it goes on with generation " +
                       number_of("generation"),
                   "mend what the reason names on this host, and: systemctl reload connectord\n"
                   "or go back for all hosts: connectorctl fleet rollback " +
                       number_of("generation"),
                   error});
  }

  void database() {
    // Just after the start nobody has asked it yet.
    const std::string reason = in_one_line(fleet_.text("reason"));
    if (!fleet_.is_false("connected") || reason.empty()) return;
    findings_.add({Severity::warning, "fleet",
                   "the database is away since " + fleet_.text("away_since", "an unknown time") +
                       "; mail is not touched, and goes by generation " + number_of("generation") +
                       ", and changes for all hosts wait",
                   "see whether PostgreSQL runs and can be reached from here; connectord tries again by itself, and: "
                   "connectorctl fleet status",
                   reason});
  }

  void trace() {
    outage();
    losses();
    rejections();
  }

  std::string waiting() const {
    const std::int64_t seconds = trace_.number("lag_seconds").value_or(0);
    const std::int64_t number = trace_.number("waiting").value_or(0);
    return rows(number) + (number == 1 ? " waits" : " wait") +
           (number > 0 ? " on this host, the oldest for " + std::to_string(seconds) + " s" : "");
  }

  void outage() {
    // Longer than any restart of the database takes.
    constexpr std::int64_t too_long = 300;
    if (trace_.is_false("writable")) {
      return findings_.add({Severity::warning, "joint trace",
                            "it cannot be written since " + trace_.text("since", "an unknown time") +
                                "; mail is not touched, and " + waiting(),
                            "mend the database: connectord goes on by itself where it was\n"
                            "what waits is kept up to fleet.spool_size, of which [fleet] of " +
                                context_.configuration_file + " may have more",
                            in_one_line(trace_.text("reason"))});
    }
    if (trace_.number("lag_seconds").value_or(0) <= too_long) return;
    findings_.warn("joint trace", "it is behind: " + waiting(),
                   "see what keeps the database busy: SELECT * FROM pg_stat_activity");
  }

  void losses() {
    const Part lost = trace_.part("lost");
    const std::string last = lost.text("last");
    if (last.empty()) return;
    findings_.warn("joint trace",
                   "copies were dropped before the database had them, last at " + last + ": " +
                       rows(lost.number("rows").value_or(0)) +
                       " since this host is a member; on this host they were kept for as long as trace.keep says",
                   "have the database back sooner, or give fleet.spool_size more");
  }

  void rejections() {
    const Part rejected = trace_.part("rejected");
    const std::string last = rejected.text("last");
    if (last.empty()) return;
    findings_.add({Severity::warning, "joint trace",
                   "the database does not take " + rows(rejected.number("rows").value_or(0)) +
                       ", which are set aside in its table \"rejected\", last at " + last +
                       "; this host has them in its own trace",
                   "look at them: SELECT host, seq, reason FROM connectord.rejected",
                   in_one_line(rejected.text("reason"))});
  }

  const Context& context_;
  const Part fleet_;
  const Part trace_;
  Findings& findings_;
};

}  // namespace

void examine_fleet(const Context& context, Findings& findings) {
  FleetCheck(context, findings).run();
}

}  // namespace connectord::doctor
