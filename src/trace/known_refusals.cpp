#include "connectord/maillog/line_parts.h"
#include "connectord/trace/delivery_recorder.h"

namespace connectord::trace {
namespace {

// The log has whole seconds, and is written after the answer was kept.
constexpr std::int64_t slack_ms = 60'000;

// Without the codes, and without what Postfix puts before a policy service's text.
std::string_view text_of(std::string_view reply) {
  if (reply.size() > 4 && base::is_digit(reply.front())) reply.remove_prefix(4);
  return base::trimmed(reply.substr(maillog::enhanced_status_of(reply).size()));
}

bool is_same(const Message& message, const maillog::Refused& refused) {
  const std::string_view text = text_of(message.reply);
  return message.stage != Stage::mta && !text.empty() && refused.reply.find(text) != std::string::npos;
}

}  // namespace

IsKnownRefusal known_in(std::shared_ptr<Archive> archive) {
  return [archive = std::move(archive)](const maillog::Event& event, const maillog::Refused& refused) {
    const std::int64_t time = std::chrono::floor<std::chrono::milliseconds>(event.time).time_since_epoch().count();
    Query query;
    query.recipient = refused.recipient;
    if (auto client = net::AddressRange::parse(refused.client_address)) query.client = *client;
    query.since = time - slack_ms;
    query.until = time + slack_ms;
    const auto page = archive->search(query);
    // Rather a refusal of the mail server's left out than one of ours twice.
    if (!page) return true;
    return std::any_of(page->rows.begin(), page->rows.end(),
                       [&](const Row& row) { return is_same(*row.message, refused); });
  };
}

}  // namespace connectord::trace
