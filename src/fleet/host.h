#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "connectord/model/configuration.h"
#include "postgres.h"

// Who this host is in the fleet.
namespace connectord::fleet {

struct HostIdentity {
  std::string uuid;        // of the file "host-id" in the folder of fleet.state
  std::string machine_id;  // of the machine (machine-id(5)); a copy of the machine has another one
  std::string boot_id;     // of the running system (proc(5)); of two copies at the same time each has its own
  std::string name;
  std::string version;  // of this program
  std::string file;     // where the uuid stands
};

// Reads the file, or makes it, as whom the thread is. `configuration` has a fleet. On failure says why.
tl::expected<HostIdentity, std::string> identity_of_host(const model::Configuration& configuration);

struct RegisteredHost {
  std::int16_t id = 0;
  bool is_new = false;
};

// Enters this host into the table, or renews what stands there of it, and measures how far its clock is ahead. Fails,
// in words for an administrator, where another machine has the same uuid: this one is a copy of that.
postgres::Result<RegisteredHost> register_host(postgres::Connection& connection, const HostIdentity& identity);

// Why a host that is known by this uuid is not this one; empty where it is.
std::string why_another_machine(const HostIdentity& identity, std::string_view known_machine_id,
                                std::string_view known_name);

// The same where only the running systems differ, and that other one was there so many seconds ago.
std::string why_two_at_once(const HostIdentity& identity, std::string_view known_boot_id, std::string_view known_name,
                            std::int64_t seen_ago);

}  // namespace connectord::fleet
