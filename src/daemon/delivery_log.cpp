#include "delivery_log.h"

#include <utility>

#include "connectord/trace/sqlite_store.h"

namespace connectord::daemon {

trace::IsKnownRefusal DeliveryLog::answered_by_us(const std::string& trace_file) {
  return [trace_file, is_known = trace::IsKnownRefusal()](const maillog::Event& event,
                                                          const maillog::Refused& refused) mutable {
    if (!is_known) {
      auto archive = trace::open_sqlite_archive(trace_file);
      // Rather a refusal of the mail server's left out than one of ours twice.
      if (!archive) return true;
      is_known = trace::known_in(std::move(*archive));
    }
    return is_known(event, refused);
  };
}

}  // namespace connectord::daemon
