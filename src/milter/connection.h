#pragma once

#include <libmilter/mfapi.h>

#include "connectord/session/session.h"

namespace connectord::milter {

// What the callbacks share, and what they keep in libmilter's private pointer for one connection. libmilter calls the
// callbacks of one connection on different threads, never two at once.
struct Shared {
  runtime::Services services;
  session::InFlight& intake;
};

// True if libmilter takes connections past the check of who may connect, which then nobody is kept out by.
bool came_in_unguarded();

// The callbacks for smfi_register. Their names go to the MTA's log as the filter's.
smfiDesc describe_filter(const Shared& shared);

}  // namespace connectord::milter
