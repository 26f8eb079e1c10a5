// The tables that Postfix asks over socketmap: routes, TLS policies, headers that select a route, credentials.
#include <algorithm>
#include <iterator>

#include "connectord/base/text.h"
#include "connectord/engine/index.h"
#include "connectord/mta/postfix_plan.h"
#include "connectord/net/domain_name.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

enum class Place { first, last };

class TablePlanner {
 public:
  TablePlanner(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan)
      : setup_(setup), required_(required), plan_(plan) {}

  void run() {
    add("transport_maps", "transport", Place::last,
        "outbound connectors choose the route; last, so that your entries for single addresses keep counting");
    add("smtp_tls_policy_maps", "tls-policy", Place::first,
        "outbound connectors say what TLS their route must have; first, so that no older entry weakens it");
    add("milter_header_checks", "header", Place::last,
        "the tag selects the route of outbound connectors that are for certain inbound ones; last, so that your own "
        "rules keep counting");
    if (required_.by_sender) {
      add("sender_dependent_default_transport_maps", "sender-transport", Place::first,
          "outbound connectors are for certain senders; first, since Postfix asks no further where one has an answer");
    }
    if (required_.credentials) {
      add("smtp_sasl_password_maps", "sasl-password", Place::first, "outbound connectors have credentials");
      set_parameter(setup_, "smtp_sasl_auth_enable", "yes", "outbound connectors have credentials", plan_);
      // The default allows no plain password anywhere; within TLS it is what hosts ask for.
      if (setup_.effective("smtp_sasl_tls_security_options").find("noplaintext") != std::string::npos) {
        set_parameter(setup_, "smtp_sasl_tls_security_options", "noanonymous",
                      "hosts ask for plain passwords; they are sent over TLS only", plan_);
      }
    }
    look_at_dnssec();
    look_at_tlsrpt();
    warn_of_static_routes();
    if (required_.outbound_everywhere) warn_of_own_domains();
  }

 private:
  void add(const std::string& parameter, const std::string& table, Place place, const std::string& reason) {
    if (has(setup_.effective(parameter), table)) return;
    const std::string word = "socketmap:" + service_word(*required_.socketmap, setup_.queue_directory) + ":" + table;
    const std::string& raw = setup_.value(parameter);
    std::optional<std::string> before;
    if (setup_.is_written(parameter)) before = raw;
    plan_.changes.push_back(
        {parameter, before, place == Place::first ? with_first(word, raw) : with_last(raw, word), reason, word});
  }

  bool has(const std::string& list, const std::string& table) const {
    const std::vector<ListWord> words = list_words(list);
    return std::any_of(words.begin(), words.end(), [&](const ListWord& word) { return is_ours(word.text, table); });
  }

  bool is_ours(std::string_view word, const std::string& table) const {
    constexpr std::string_view scheme = "socketmap:";
    const std::string name = ":" + table;
    if (!word.starts_with(scheme) || !word.ends_with(name)) return false;
    word.remove_prefix(scheme.size());
    word.remove_suffix(name.size());
    return names_service(word, *required_.socketmap, setup_.queue_directory);
  }

  // Whether the resolver validates, and may be believed, only a person knows.
  void look_at_dnssec() {
    if (!required_.dane || setup_.effective("smtp_dns_support_level") == "dnssec") return;
    plan_.open.push_back(
        {"mail is to leave by DANE (of an outbound connector, or of [delivery]), and Postfix does not ask for DNSSEC: "
         "it waits",
         "with a validating resolver on this machine: " + postconf_line(setup_, "smtp_dns_support_level = dnssec")});
  }

  void look_at_tlsrpt() {
    constexpr PostfixVersion first_with_it{3, 10};
    if (!required_.tlsrpt || !(setup_.version_number() < first_with_it)) return;
    plan_.open.push_back({"Postfix " + setup_.version +
                              " does not know the words of its TLS policies that reports of TLS "
                              "need: mail to destinations with an MTA-STS policy waits",
                          "in [delivery] of " + required_.file + ": tlsrpt = false"});
  }

  // trivial-rewrite asks every table for the whole address before it asks any for the domain.
  void warn_of_static_routes() {
    const std::string& routes = setup_.effective("transport_maps");
    if (routes.empty() || has(routes, "transport")) return;
    plan_.warnings.push_back(
        {"transport_maps has tables already (" + routes +
             "). Their entries for whole addresses come before connectord; for a domain that is also "
             "an outbound connector's, the connector counts",
         "see that no entry for a domain contradicts an outbound connector"});
  }

  void warn_of_own_domains() {
    const bool has_file = !required_.accepted_domains_file.empty();
    const std::string list =
        has_file ? required_.accepted_domains_file : "organization.accepted_domains of " + required_.file;
    engine::DomainIndex accepted;
    for (const net::DomainPattern& pattern : required_.accepted_domains) accepted.add(pattern, 0);
    std::vector<std::string> missing;
    for (const char* parameter :
         {"mydestination", "virtual_alias_domains", "virtual_mailbox_domains", "relay_domains"}) {
      for (const ListWord& word : list_words(setup_.effective(parameter))) {
        if (word.text.find_first_of(":/") != std::string_view::npos) {
          plan_.warnings.push_back({std::string(parameter) + " is read from " + std::string(word.text) +
                                        ", into which this command does not look",
                                    "see that all its domains are in " + list});
          continue;
        }
        if (word.text == "localhost" || word.text == "localhost.localdomain") continue;  // never leaves
        const auto domain = net::normalize_domain(word.text);
        if (!domain || accepted.matches(*domain)) continue;
        accepted.add(net::DomainPattern::parse(*domain).value(), 0);  // reported once
        missing.push_back(*domain);
      }
    }
    if (missing.empty()) return;
    plan_.open.push_back(
        {"an outbound connector is for \"*\", and Postfix has domains of its own that are no "
         "accepted_domains, so mail for them would leave: " +
             base::joined(missing),
         has_file ? "in " + required_.accepted_domains_file + ", one a line: " + base::joined(missing, " ")
                  : "in [organization] of " + required_.file + ": accepted_domains = [" + list_with(missing) + "]"});
  }

  // The whole list in TOML.
  std::string list_with(std::vector<std::string> missing) const {
    std::vector<std::string> all;
    for (const net::DomainPattern& pattern : required_.accepted_domains) all.push_back(pattern.to_string());
    all.insert(all.end(), std::make_move_iterator(missing.begin()), std::make_move_iterator(missing.end()));
    return "\"" + base::joined(all, "\", \"") + "\"";
  }

  const PostfixSetup& setup_;
  const MtaRequirements& required_;
  Plan& plan_;
};

}  // namespace

void plan_tables(const PostfixSetup& setup, const MtaRequirements& required, Plan& plan) {
  if (required.socketmap) return TablePlanner(setup, required, plan).run();
  if (!required.outbound && !required.asks_destinations) return;
  plan.open.push_back({required.outbound
                           ? "there are outbound connectors, and Postfix cannot ask for their routes"
                           : "what destinations publish about their TLS is to count, and Postfix cannot ask for it",
                       "in [server] of " + required.file + ": socketmap = \"unix:" + setup.queue_directory +
                           "/connectord/socketmap.sock\", then restart connectord and attach again"});
}

}  // namespace connectord::mta
