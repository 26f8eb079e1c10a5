// How mail of connectors fares, by the message trace.
#include <algorithm>
#include <map>
#include <set>

#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/doctor/doctor.h"
#include "connectord/net/special_addresses.h"
#include "connectord/trace/trace_json.h"
#include "words.h"

namespace connectord::doctor {
namespace {

using Messages = std::vector<std::shared_ptr<const trace::Message>>;  // the newest first

constexpr std::int64_t month_ms = 30 * base::day_ms;
constexpr std::size_t max_connectors = 200;  // that are searched for
constexpr std::size_t max_rows = 500;        // of each
constexpr std::size_t max_strangers = 2'000;
constexpr std::size_t max_taken = 20;     // that are looked at for the newest one
constexpr std::size_t enough = 3;         // messages that show what a source is like
constexpr std::size_t many_refusals = 2;  // that are no accident

bool is_taken(const trace::Message& message) {
  return message.action == model::Action::accept || message.action == model::Action::quarantine;
}

// What it brought may leave by another connector, and counts as outbound then.
bool is_mail_of(const trace::Message& message, const std::string& connector) {
  return message.connector == connector && message.direction != trace::Direction::validation;
}

bool is_of_own_client(const trace::Message& message) {
  return message.identified_by == to_string(model::IdentifiedBy::client_network) ||
         message.identified_by == to_string(model::IdentifiedBy::certificate);
}

// The first check that kept it from being taken.
const model::Finding* obstacle_of(const trace::Message& message) {
  const auto outcome = message.action == model::Action::reject ? model::Outcome::fail : model::Outcome::temperror;
  for (const model::Finding& finding : message.findings) {
    if (finding.outcome == outcome) return &finding;
  }
  return nullptr;
}

std::string text_of(const model::Finding& finding) {
  return finding.check + ": expected " + base::printable(finding.expected, 200) + ", seen " +
         base::printable(finding.seen, 200);
}

bool fails(model::SpfResult result) {
  return result == model::SpfResult::fail || result == model::SpfResult::softfail ||
         result == model::SpfResult::neutral;
}

// All that were asked for SPF as the connecting client, of which there are enough, and how many failed: all of them.
struct Failing {
  std::size_t number = 0;
  std::set<std::string> domains;
  std::string client;
};
std::optional<Failing> all_failing(const Messages& messages) {
  Failing failing;
  for (const auto& message : messages) {
    const auto& spf = message->authentication.spf;
    if (!spf || !message->original_client.empty()) continue;
    if (spf->result == model::SpfResult::pass) return std::nullopt;
    if (!fails(spf->result)) continue;  // of these the domain says nothing
    ++failing.number;
    failing.domains.insert(message->authentication.spf->domain);
    failing.client = message->client_address;
  }
  return failing.number >= enough ? std::optional(std::move(failing)) : std::nullopt;
}

class MailCheck {
 public:
  MailCheck(const Context& context, trace::Archive& archive, Findings& findings)
      : context_(context),
        archive_(archive),
        findings_(findings),
        since_(context.since ? *context.since * base::second_ms : context.now * base::second_ms - base::day_ms) {}

  void run() {
    std::size_t searched = 0;
    for (const model::InboundConnector& connector : context_.configuration.inbound) {
      if (!connector.enabled || ++searched > max_connectors) continue;
      const Messages messages = messages_of(connector.name);
      if (messages.empty()) continue;
      if (connector.mode == model::Mode::enforce) turned(connector, messages);
      gateways(connector, messages);
    }
    unknown_gateways();
    findings_.seen("connectors", "mail since " + trace::iso_time(since_) + " was looked at");
  }

 private:
  Messages search(const trace::Query& query) {
    Messages messages;
    auto page = archive_.search(query);
    if (!page) return messages;  // the check of the whole trace reports that
    std::set<std::int64_t> seen;
    for (trace::Row& row : page->rows) {
      if (seen.insert(row.message->id).second) messages.push_back(std::move(row.message));
    }
    return messages;
  }

  Messages messages_of(const std::string& connector) {
    trace::Query query;
    query.connector = connector;
    query.since = since_;
    query.limit = max_rows;
    Messages messages = search(query);
    std::erase_if(messages, [&](const auto& message) { return !is_mail_of(*message, connector); });
    return messages;
  }

  // The newest one that was taken before that time; nullptr if there is none.
  std::shared_ptr<const trace::Message> taken_before(const std::string& connector, std::int64_t time) {
    trace::Query query;
    query.connector = connector;
    query.action = model::Action::accept;
    query.since = time - month_ms;
    query.until = time;
    query.limit = max_taken;
    Messages messages = search(query);
    std::erase_if(messages, [&](const auto& message) { return !is_mail_of(*message, connector); });
    return messages.empty() ? nullptr : messages.front();
  }

  // The newest messages are refused, and those before them were taken.
  void turned(const model::InboundConnector& connector, const Messages& messages) {
    const auto first_taken =
        std::find_if(messages.begin(), messages.end(), [](const auto& one) { return is_taken(*one); });
    const auto refused = static_cast<std::size_t>(first_taken - messages.begin());
    if (refused == 0) return;
    const trace::Message& first = *messages[refused - 1];
    const auto before = first_taken != messages.end() ? *first_taken : taken_before(connector.name, first.time);
    if (before == nullptr) return never_taken(connector, messages);
    // Somebody else who writes the partner's domain is refused rightly, and says nothing of the partner.
    const bool by_same_client = std::any_of(messages.begin(), first_taken, [&](const auto& message) {
      return message->client_address == before->client_address || is_of_own_client(*message);
    });
    if (!by_same_client && refused < enough) return;
    report(connector, messages, refused,
           "taken until " + trace::iso_time(before->time) + ", from [" + before->client_address + "]",
           refused >= many_refusals ? Severity::critical : Severity::warning);
  }

  void never_taken(const model::InboundConnector& connector, const Messages& messages) {
    const bool is_source =
        std::any_of(messages.begin(), messages.end(), [](const auto& message) { return is_of_own_client(*message); });
    if (messages.size() < enough || !is_source) return;
    report(connector, messages, messages.size(), "none was taken in the 30 days before", Severity::warning);
  }

  void report(const model::InboundConnector& connector, const Messages& messages, std::size_t refused,
              const std::string& before, Severity severity) {
    const trace::Message& newest = *messages.front();
    const trace::Message& first = *messages[refused - 1];
    const bool is_whole = refused == messages.size();
    const std::string verb = newest.action == model::Action::defer ? " deferred" : " refused";
    std::string what = connector.name + ": " +
                       (is_whole ? "all " + counted(refused) + " since " + trace::iso_time(since_)
                                 : "the last " + std::to_string(refused) + " of " + counted(messages.size())) +
                       (refused == 1 ? " was" : " were") + verb + ", the first at " + trace::iso_time(first.time) +
                       ", the last from [" + newest.client_address + "]; " + before;
    const model::Finding* obstacle = obstacle_of(newest);
    std::string write = obstacle != nullptr && !obstacle->hint.empty()
                            ? obstacle->hint
                            : "see each: connectorctl trace --connector " + connector.name;
    findings_.add({severity, "connectors", std::move(what), std::move(write),
                   obstacle == nullptr
                       ? base::printable(newest.reply, 300)
                       : text_of(*obstacle) + "; the client was told " + base::printable(newest.reply, 200)});
  }

  std::string where(const model::InboundConnector& connector) const {
    return connector.location.file ? *connector.location.file : context_.configuration_file;
  }

  // A gateway of ours is judged as if it were the sender.
  void gateways(const model::InboundConnector& connector, const Messages& messages) {
    if (connector.enhanced_filtering) return;
    std::map<std::string, Messages> by_client;
    for (const auto& message : messages) {
      if (is_of_own_client(*message)) by_client[message->client_address].push_back(message);
    }
    for (const auto& [client, ones] : by_client) gateway(connector, ones);
  }

  void gateway(const model::InboundConnector& connector, const Messages& messages) {
    const auto failing = all_failing(messages);
    // Of one domain it is rather its record that lacks the server.
    if (!failing || failing->domains.size() < 2) return;
    const std::string all = std::to_string(failing->number);
    findings_.add({Severity::critical, "spf",
                   connector.name + ": SPF fails for all " + all + " of " + all + " messages, judged as if [" +
                       failing->client + "] itself were the sender",
                   "below " + connector.name + " in " + where(connector) +
                       ":\n[inbound.enhanced_filtering]\nskip_last = true\nthen: systemctl reload connectord",
                   "a gateway hands over mail of others; with skip listing the client before it counts"});
  }

  // The same from clients of no connector.
  void unknown_gateways() {
    trace::Query query;
    query.connector = "none";
    query.direction = trace::Direction::inbound;
    query.since = since_;
    query.limit = max_strangers;
    std::map<std::string, Messages> by_client;
    for (auto& message : search(query)) {
      if (message->connector.empty() && !message->client_address.empty())
        by_client[message->client_address].push_back(std::move(message));
    }
    for (const auto& [client, messages] : by_client) unknown_gateway(client, messages);
  }

  void unknown_gateway(const std::string& client, const Messages& messages) {
    const auto failing = all_failing(messages);
    const auto address = net::IpAddress::parse(client);
    if (!failing || !address) return;
    // Who forges one domain is no gateway; neither is there anybody but us at an address of ours.
    if (failing->domains.size() < 2 && net::special_purpose(*address).empty()) return;
    const std::string all = std::to_string(failing->number);
    findings_.add({Severity::warning, "spf",
                   "SPF fails for all " + all + " of " + all + " messages from [" + client + "], of " +
                       std::to_string(failing->domains.size()) + " sender domains and no connector",
                   "if that is a gateway of yours, in " + context_.configuration_file +
                       ":\n[[inbound]]\nname = \"gateway\"\nscenario = \"internet\"\n[inbound.identify]\n"
                       "client_networks = [\"" +
                       client + "\"]\n[inbound.enhanced_filtering]\nskip_last = true\n" +
                       "then: systemctl reload connectord",
                   "a gateway hands over mail of others, and is judged as if it were the sender"});
  }

  const Context& context_;
  trace::Archive& archive_;
  Findings& findings_;
  std::int64_t since_;  // milliseconds
};

}  // namespace

void examine_mail(const Context& context, trace::Archive& archive, Findings& findings) {
  MailCheck(context, archive, findings).run();
}

}  // namespace connectord::doctor
