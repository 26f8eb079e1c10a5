#include "host.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "access.h"
#include "connectord/base/files.h"
#include "connectord/base/text.h"
#include "connectord/version.h"

namespace connectord::fleet {
namespace {

constexpr std::size_t longest_file = 4096;

std::string first_line(const tl::expected<std::string, std::error_code>& text) {
  if (!text) return {};
  return std::string(base::trimmed(std::string_view(*text).substr(0, text->find('\n'))));
}

bool is_uuid(std::string_view text) {
  constexpr std::size_t length = 36;
  return text.size() == length && text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

tl::expected<std::string, std::string> host_id(const std::string& path) {
  const auto text = base::read_file(path, longest_file);
  if (text) {
    std::string uuid = first_line(text);
    if (is_uuid(uuid)) return uuid;
    return tl::unexpected(path + " has no host's number; remove it, and this host becomes a new one of the fleet");
  }
  if (text.error() != std::errc::no_such_file_or_directory) {
    return tl::unexpected("cannot read " + path + ": " + text.error().message());
  }
  std::string uuid = first_line(base::read_file("/proc/sys/kernel/random/uuid", longest_file));
  if (!is_uuid(uuid)) return tl::unexpected(std::string("the kernel gives no /proc/sys/kernel/random/uuid"));
  const auto made = base::create_file(path, uuid + "\n", {.mode = 0644});
  if (!made) return tl::unexpected("cannot make " + path + ": " + made.error().message());
  return uuid;
}

}  // namespace

tl::expected<HostIdentity, std::string> identity_of_host(const model::Configuration& configuration) {
  HostIdentity identity;
  identity.file = configuration.fleet->state + "/host-id";
  auto uuid = host_id(identity.file);
  if (!uuid) return tl::unexpected(uuid.error());
  identity.uuid = std::move(*uuid);
  identity.machine_id = first_line(base::read_file("/etc/machine-id", longest_file));
  if (identity.machine_id.empty()) identity.machine_id = "host " + configuration.server.host_name;
  identity.boot_id = first_line(base::read_file("/proc/sys/kernel/random/boot_id", longest_file));
  if (!is_uuid(identity.boot_id)) {
    return tl::unexpected(std::string(
        "there is no /proc/sys/kernel/random/boot_id, which tells two copies of a machine apart; a unit must not have "
        "ProcSubset=pid"));
  }
  identity.name = host_name_in_fleet(configuration);
  identity.version = version;
  return identity;
}

std::string why_another_machine(const HostIdentity& identity, std::string_view known_machine_id,
                                std::string_view known_name) {
  if (identity.machine_id == known_machine_id) return {};
  return "this machine is a copy of " + std::string(known_name) + ", by whose number it is known to the fleet (" +
         identity.uuid + " in " + identity.file +
         "), and has another /etc/machine-id; remove that file and restart connectord, and it is a host of its own";
}

std::string why_two_at_once(const HostIdentity& identity, std::string_view known_boot_id, std::string_view known_name,
                            std::int64_t seen_ago) {
  // A host says that it is there several times in that time.
  constexpr std::int64_t long_enough = 60;
  if (identity.boot_id == known_boot_id || seen_ago >= long_enough) return {};
  return "another running machine is known to the fleet by the number in " + identity.file + ", as " +
         std::string(known_name) + ", and was there " + std::to_string(std::max<std::int64_t>(seen_ago, 0)) +
         " s ago. If this machine was just started anew, that is itself, and this ends within a minute; otherwise one "
         "is a "
         "copy of the other: remove that file on the copy and restart connectord there";
}

postgres::Result<RegisteredHost> register_host(postgres::Connection& connection, const HostIdentity& identity) {
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  const auto made = connection.execute(
      "INSERT INTO host(uuid, machine_id, boot_id, name, version) VALUES ($1, $2, $3, $4, $5)"
      " ON CONFLICT (uuid) DO NOTHING RETURNING id",
      {identity.uuid, identity.machine_id, identity.boot_id, identity.name, identity.version});
  if (!made) return tl::unexpected(made.error());
  if (made->empty()) {
    const auto known = connection.execute(
        "SELECT machine_id, name, boot_id, extract(epoch FROM now() - last_seen)::bigint FROM host WHERE uuid = $1",
        {identity.uuid});
    if (!known) return tl::unexpected(known.error());
    std::string reason;
    if (!known->empty()) {
      reason = why_another_machine(identity, known->text(0, 0), known->text(0, 1));
      if (reason.empty()) {
        reason = why_two_at_once(identity, known->text(0, 2), known->text(0, 1), known->integer(0, 3));
      }
    }
    if (!reason.empty()) {
      return tl::unexpected(
          postgres::Error{.kind = postgres::Error::Kind::refused, .message = reason, .whole = reason});
    }
  }
  const auto renewed = connection.execute(
      "UPDATE host SET name = $2, version = $3, boot_id = $5, last_seen = now(), gone = NULL,"
      " clock_ahead_ms = $4 - floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint WHERE uuid = $1"
      " RETURNING id",
      {identity.uuid, identity.name, identity.version, now.count(), identity.boot_id});
  if (!renewed) return tl::unexpected(renewed.error());
  return RegisteredHost{static_cast<std::int16_t>(renewed->integer(0, 0)), !made->empty()};
}

}  // namespace connectord::fleet
