#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/configuration.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::session {

// What an Authentication-Results field of ours says of a message.
std::string results_value(const std::string& authserv_id, const model::Facts& facts, const model::Decision& decision);

// The header fields that only connectord may write. Counts those that come with a message, and says what to delete and
// what to insert. Deletions go from the last to the first, since an MTA counts anew after each (CVE-2022-48521).
class HeaderEdit {
 public:
  // `configuration` must outlive it.
  explicit HeaderEdit(const model::Configuration& configuration);

  // Each field of the message, in order. True for one that only connectord may write, which goes.
  bool note(std::string_view name, std::string_view value);
  // Those that came with the message and go.
  const model::ForgedFields& forged() const { return forged_; }
  // For a message that goes on. `filtering` is what holds for this message, or nullptr; `received_spf` the value of
  // that field or empty.
  std::vector<model::HeaderChange> changes(const model::Facts& facts, const model::Decision& decision,
                                           const model::EnhancedFiltering* filtering,
                                           const std::string& received_spf) const;

 private:
  bool is_forged(std::string_view name, std::string_view value);

  // The tag, and what else is named after it.
  struct Own {
    std::string name;
    std::uint32_t count = 0;
  };
  enum { tag, route, original_client, skip_spam_filtering, quarantine, own_fields };

  const model::Configuration& configuration_;
  std::array<Own, own_fields> own_;
  std::uint32_t results_seen_ = 0;
  // Which of the Authentication-Results fields; no more than a message that goes on can have.
  std::vector<std::uint32_t> forged_results_;
  std::uint64_t header_bytes_ = 0;
  model::ForgedFields forged_;
};

}  // namespace connectord::session
