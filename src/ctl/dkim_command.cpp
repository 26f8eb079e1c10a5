// The commands about DKIM keys: dkim new.
#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <system_error>

#include "commands.h"
#include "connectord/auth/dkim_private_key.h"
#include "connectord/base/json.h"
#include "connectord/config/load.h"
#include "connectord/config/secret_file.h"
#include "connectord/dns/names.h"
#include "connectord/net/domain_name.h"
#include "connectord/runtime/load_policy.h"
#include "expected.h"
#include "json_output.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct NewKeyArguments {
  std::string domain;
  std::string selector;
  unsigned bits = auth::smallest_signing_key;
  bool ed25519 = false;
  std::string folder = "/etc/connectord/dkim";
};

struct NewKey {
  net::DomainPattern domain;
  std::string selector;
  std::string file;
  auth::DkimPrivateKey key;

  std::string record_name() const { return selector + "._domainkey." + domain.name(); }
};

std::string zone_line(const NewKey& key) {
  return dns::txt_line(key.record_name(), key.key.record());
}

// As TOML has it, which takes JSON's escapes.
std::string in_toml(const std::string& text) {
  return base::json_text(Json(text));
}

std::string signing_table(const NewKey& key) {
  return "[[signing]]\ndomain   = " + in_toml(key.domain.to_string()) + "\nselector = " + in_toml(key.selector) +
         "\nkey_file = " + in_toml(key.file) + "\n";
}

// Says the algorithm and the day, so that the next one has another name: "rsa20261122".
std::string usual_selector(bool ed25519) {
  const std::time_t now = std::time(nullptr);
  std::tm today{};
  ::gmtime_r(&now, &today);
  std::string text(16, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y%m%d", &today));
  return (ed25519 ? "ed" : "rsa") + text;
}

tl::expected<net::DomainPattern, std::string> read_domain(const std::string& text) {
  auto domain = net::DomainPattern::parse(text);
  if (!domain) return domain;
  if (domain->name().empty()) {
    return tl::unexpected(
        std::string("a key is for one domain; write example.com, or *.example.com to sign for all "
                    "below it too"));
  }
  return domain;
}

Expected<> make_folder(const std::string& folder) {
  constexpr mode_t mode = 0755;
  if (::mkdir(folder.c_str(), mode) == 0 || errno == EEXIST) return {};
  return tl::unexpected("cannot make the folder " + folder + ": " + std::generic_category().message(errno));
}

tl::expected<NewKey, std::string> make_key(const NewKeyArguments& arguments) {
  auto domain = read_domain(arguments.domain);
  if (!domain) return tl::unexpected(std::move(domain.error()));
  const auto selector =
      net::normalize_domain(arguments.selector.empty() ? usual_selector(arguments.ed25519) : arguments.selector);
  if (!selector || !net::normalize_domain(*selector + "._domainkey." + domain->name())) {
    return tl::unexpected("--selector: \"" + arguments.selector +
                          "\" is not a selector; write letters, digits and '-'");
  }
  const auto algorithm = arguments.ed25519 ? auth::DkimAlgorithm::ed25519_sha256 : auth::DkimAlgorithm::rsa_sha256;
  auto key = auth::DkimPrivateKey::make(algorithm, arguments.bits);
  if (!key) return tl::unexpected(std::string("OpenSSL cannot make a key"));
  const auto folder = std::filesystem::absolute(arguments.folder).lexically_normal();
  return NewKey{*domain, *selector, (folder / (domain->name() + "." + *selector + ".pem")).string(), std::move(*key)};
}

// For whoever is to read it in the end. Errors of the configuration are not this command's to report.
Expected<> keep(const Common& common, const NewKey& key) {
  const config::Loaded loaded = config::load(common.configuration, runtime::environment_of_host());
  const auto reader = config::reader_of_secrets(loaded.configuration.server.user);
  if (!reader) return tl::unexpected("server.user: " + reader.error());
  const std::string folder = std::filesystem::path(key.file).parent_path().string();
  const auto named = [&key](const std::string& problem) { return key.file + ": " + problem; };
  return make_folder(folder)
      .and_then([&] { return config::write_secret_file(key.file, key.key.to_pem(), *reader).map_error(named); })
      .and_then([&]() -> Expected<> {
        // What connectord will say of it is worth knowing now.
        if (auto readable = config::read_secret_file(key.file, *reader); !readable) {
          return tl::unexpected("the key is written, but " + named(readable.error()));
        }
        return {};
      });
}

Json to_json(const NewKey& key) {
  Json object;
  object["domain"] = key.domain.to_string();
  object["selector"] = key.selector;
  object["algorithm"] = auth::to_string(key.key.algorithm());
  object["bits"] = key.key.bits();
  object["key_file"] = key.file;
  object["dns_name"] = key.record_name();
  object["dns_txt"] = key.key.record();
  object["zone_line"] = zone_line(key);
  object["signing"] = signing_table(key);
  return object;
}

Status new_key(const Common& common, const NewKeyArguments& arguments, const Terminal& terminal) {
  const auto key = make_key(arguments);
  const Expected<> kept = key ? keep(common, *key) : tl::unexpected(key.error());
  if (!kept) {
    terminal.error << "connectorctl: " << kept.error() << '\n';
    return Status::wrong_input;
  }
  if (common.json) {
    print_json(to_json(*key), terminal.out);
    return Status::answered;
  }
  terminal.out << "# The private key is in " << key->file << ".\n# Publish in the zone of " << key->domain.name()
               << ":\n"
               << zone_line(*key) << "\n\n# When DNS has it, write in " << common.configuration << ", and reload:\n"
               << signing_table(*key);
  return Status::answered;
}

}  // namespace

void add_dkim_commands(const CommandLine& line) {
  const Subcommand command =
      line.group("dkim", "Keys for DKIM signatures")
          .command("new", "Make a key, and print its record for DNS and what to write in the configuration");
  const auto arguments = std::make_shared<NewKeyArguments>();
  command.add_option("domain", arguments->domain, "The domain in From; *.example.com for all below it too").required();
  command.add_option("--selector", arguments->selector, "Its name in DNS; default: the algorithm and the day");
  const Option bits = command.add_option("--bits", arguments->bits, "The size of an RSA key")
                          .between(auth::smallest_signing_key, auth::largest_signing_key)
                          .capture_default_str();
  command
      .add_flag("--ed25519", arguments->ed25519,
                "An Ed25519 key (RFC 8463), beside an RSA key for those who know "
                "no other")
      .excludes(bits);
  command.add_option("--dir", arguments->folder, "Where to put the private key; made if it is not there")
      .capture_default_str();
  command.callback([line, arguments] {
    line.keep_lines();
    line.status = new_key(line.common, *arguments, line.terminal);
  });
}

}  // namespace connectord::ctl
