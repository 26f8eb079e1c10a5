#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/auth/arc.h"
#include "connectord/auth/dkim.h"
#include "connectord/auth/dmarc.h"
#include "connectord/auth/spf.h"
#include "connectord/dns/lookup_driver.h"
#include "connectord/dns/resolver.h"
#include "connectord/mail/skip_listing.h"
#include "connectord/model/configuration.h"
#include "connectord/model/facts.h"

namespace connectord::session {

// The authentication of one message. Lookups start as soon as their names are known: SPF at MAIL, keys and DMARC at the
// end of the headers; `finish` waits for them once. What is kept of a message is bounded: some header fields, and the
// state of the hashes.
// Not thread-safe, but may move from thread to thread.
class Authenticator {
 public:
  struct Context {
    std::shared_ptr<dns::Resolver> resolver;
    dns::Workers* workers = nullptr;  // must outlive it; nullptr: what DNS brings is worked on at the end
    const model::AuthenticationSettings* settings = nullptr;  // must outlive it
    std::string receiver;                                     // our name
    std::int64_t unix_time = 0;
  };

  explicit Authenticator(Context context);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  // At MAIL.
  void start(const model::Facts& facts);
  // Before the first header. `rules` are those of the attributed connector's enhanced filtering, or nullptr; they must
  // outlive this.
  void begin_content(const mail::SkipRules* rules);
  // In the order of the message, values with their leading space.
  void header(std::string_view name, std::string_view value);
  void end_of_headers();
  void body(std::string_view chunk);
  // Waits until the deadline for what is missing, and puts the results into `facts`. Without begin_content() only SPF
  // has one.
  void finish(std::chrono::steady_clock::time_point deadline, model::Facts& facts);
  // The value of a Received-SPF field for the result in `facts`; empty without one.
  std::string received_spf(const model::Facts& facts) const;

 private:
  // One SPF evaluation and its result.
  struct Spf {
    auth::SpfQuery query;
    std::optional<auth::SpfCheck> check;  // of our own engine
    std::optional<model::SpfOutcome> outcome;
  };

  void start_spf(Spf& spf);
  std::string server_name() const;
  void find_original_client();
  void ask_ahead();
  void finish_content(std::chrono::steady_clock::time_point deadline, model::Facts& facts);

  Context context_;
  mail::ConnectingClient client_;
  std::string sender_domain_;
  const mail::SkipRules* skip_rules_ = nullptr;
  bool has_content_ = false;

  Spf direct_;
  Spf behind_gateway_;
  std::vector<std::string> from_values_;
  std::vector<std::string> received_values_;
  std::size_t received_bytes_ = 0;
  tl::expected<mail::Author, std::string> author_;
  std::optional<mail::OriginalClient> original_;
  std::optional<auth::DkimVerifier> dkim_;
  std::optional<auth::ArcVerifier> arc_;
  std::vector<model::DkimSignature> signatures_;
  // Last, so that it ends first: its steps use all of the above.
  std::optional<dns::LookupDriver> lookups_;
};

}  // namespace connectord::session
