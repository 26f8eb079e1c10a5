#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/net/ip_address.h"
#include "import_parts.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

using config::Fate;

constexpr std::array<std::string_view, 7> restriction_lists = {
    "smtpd_client_restrictions",     "smtpd_helo_restrictions",      "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",      "smtpd_recipient_restrictions", "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions"};

constexpr std::size_t digits_of_sha256 = 64;

// access(5): what lets a client in.
bool permits(std::string_view action) {
  const std::string word = base::to_lower(action.substr(0, action.find_first_of(" \t,")));
  return word == "ok" || word == "permit" ||
         (!word.empty() && std::all_of(word.begin(), word.end(), base::is_digit) && word.front() != '4' &&
          word.front() != '5');
}

// The address, block, or leading octets of an access table.
std::optional<std::string> network_of(std::string_view key) {
  std::string text(key);
  std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
  if (net::AddressRange::parse(text)) return text;
  const auto dots = std::count(text.begin(), text.end(), '.');
  const bool octets = text.find_first_not_of("0123456789.") == std::string::npos && !text.empty() &&
                      text.front() != '.' && text.back() != '.';
  constexpr int bits_of_octet = 8;
  if (!octets || dots > 2) return std::nullopt;
  const auto length = (dots + 1) * bits_of_octet;
  for (auto i = dots; i < 3; ++i) text += ".0";
  text += "/" + std::to_string(length);
  return net::AddressRange::parse(text) ? std::optional(text) : std::nullopt;
}

// 64 hexadecimal digits with colons or without.
bool is_sha256(std::string_view fingerprint) {
  std::size_t digits = 0;
  for (const char c : fingerprint) {
    if (c == ':') continue;
    const char lower = base::to_lower(c);
    if (!base::is_digit(c) && (lower < 'a' || lower > 'f')) return false;
    ++digits;
  }
  return digits == digits_of_sha256;
}

// "hash:/etc/postfix/client_access" as a connector's name.
std::string name_of_table(const std::string& word) {
  const std::string name = config::plain_name(word.substr(word.find_last_of("/:") + 1));
  return name.empty() || name.find_first_not_of('.') == std::string::npos ? "clients" : name;
}

class ClientImport {
 public:
  ClientImport(const PostfixSetup& setup, ImportedTables& tables, PostfixImport& into, Remainder& remainder)
      : setup_(setup), tables_(tables), into_(into), remainder_(remainder) {}

  void run() {
    for (const std::string_view list : restriction_lists) {
      const std::vector<ListWord> words = list_words(setup_.effective(std::string(list)));
      for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const std::string restriction = base::to_lower(words[i].text);
        if (restriction == "check_client_access") access(restriction, words[i + 1].text, false);
        if (restriction == "check_ccert_access") access(restriction, words[i + 1].text, true);
      }
    }
    for (const ListWord& word : list_words(setup_.effective("relay_clientcerts"))) {
      access("relay_clientcerts", word.text, true);
    }
  }

 private:
  // Each table once, in however many lists it stands.
  void access(const std::string& parameter, std::string_view word, bool by_certificate) {
    if (!seen_.insert(parameter + " " + std::string(word)).second) return;
    if (word.starts_with('{')) {
      return remainder_.by_hand(parameter, word, "it has an order of its own; write identify.certificate");
    }
    if (read_table_name(word).type.empty()) return;
    const ImportedTable& table = tables_.table(std::string(word));
    if (!remainder_.is_read(parameter, table)) return;
    config::ImportedConnector made;
    made.name = table.word;
    ConnectorKeys found = ConnectorKeys::array();
    for (const TableEntry& entry : table.entries) {
      const std::string name = parameter + " " + entry.key;
      if (parameter != "relay_clientcerts" && !permits(entry.value)) {
        remainder_.left(name, entry.value, "Postfix goes on doing so");
      } else if (by_certificate) {
        certificate(name, entry, made, found);
      } else {
        network(name, entry, made, found);
      }
    }
    if (!found.empty()) add(std::move(made), by_certificate, found);
  }

  void network(const std::string& name, const TableEntry& entry, config::ImportedConnector& made,
               ConnectorKeys& found) {
    const auto range = network_of(entry.key);
    if (!range) {
      return remainder_.by_hand(name, entry.value,
                                "connectors know a client by its address, not by the name that DNS has for it; write "
                                "identify.client_networks");
    }
    found.push_back(*range);
    take(name, entry, "identify.client_networks", made);
  }

  // smtpd_tls_fingerprint_digest, of the certificate or of its key (postconf(5), check_ccert_access).
  void certificate(const std::string& name, const TableEntry& entry, config::ImportedConnector& made,
                   ConnectorKeys& found) {
    if (setup_.effective("smtpd_tls_fingerprint_digest") != "sha256" || !is_sha256(entry.key)) {
      return remainder_.by_hand(name, entry.value,
                                "connectors know SHA-256 only: openssl x509 -noout -fingerprint -sha256 -in FILE, and "
                                "write identify.certificate.fingerprints");
    }
    found.push_back("sha256:" + entry.key);
    found.push_back("spki-sha256:" + entry.key);
    take(name, entry, "identify.certificate.fingerprints, of the certificate or of its key", made);
  }

  static void take(const std::string& name, const TableEntry& entry, const std::string& words,
                   config::ImportedConnector& made) {
    made.properties.push_back(imported_property(name, entry.value, Fate::taken,
                                                words + "; what the table permits, it goes on permitting in Postfix"));
  }

  void add(config::ImportedConnector made, bool by_certificate, ConnectorKeys& found) {
    made.table = "inbound";
    made.connector["name"] = name_of_table(made.name);
    made.connector["direction"] = "inbound";
    // Grants nothing, and refuses nothing as long as it requires nothing.
    made.connector["scenario"] = "partner";
    if (by_certificate) {
      made.connector["identify"]["certificate"]["fingerprints"] = std::move(found);
    } else {
      made.connector["identify"]["client_networks"] = std::move(found);
    }
    made.warnings.emplace_back("it names a source and requires nothing of it: write [inbound.require]");
    config::make_unique(made, names_);
    into_.connectors.push_back(std::move(made));
  }

  const PostfixSetup& setup_;
  ImportedTables& tables_;
  PostfixImport& into_;
  Remainder& remainder_;
  std::set<std::string> seen_;
  std::set<std::string> names_;
};

}  // namespace

void import_clients(const PostfixSetup& setup, ImportedTables& tables, PostfixImport& into, Remainder& remainder) {
  ClientImport(setup, tables, into, remainder).run();
}

}  // namespace connectord::mta
