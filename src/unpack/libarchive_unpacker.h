#pragma once

#include <memory>
#include <string>

#include "connectord/inspect/inspector.h"

// What the program connectord-inspect is made of. Never linked to the daemon.
namespace connectord::unpack {

// Opens archives in this process by libarchive, which reads many formats in many lines of C: for a process that can do
// no harm. Archives in archives too. Thread-safe.
std::unique_ptr<inspect::Unpacker> make_libarchive_unpacker();

}  // namespace connectord::unpack
