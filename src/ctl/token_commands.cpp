// token: who may use the API.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.h"
#include "configuration_file.h"
#include "connectord/api/audit_log.h"
#include "connectord/api/tokens.h"
#include "connectord/base/acting_as.h"
#include "connectord/base/files.h"
#include "connectord/base/time.h"
#include "connectord/config/secret_file.h"
#include "connectord/net/listener.h"
#include "connectord/runtime/folders.h"
#include "json_output.h"
#include "table.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
using Done = tl::expected<void, std::string>;

std::int64_t now() {
  return base::unix_time();
}

// The token file of one configuration.
class TokenFile {
 public:
  TokenFile(std::shared_ptr<const engine::Policy> policy, config::SecretReader reader)
      : policy_(std::move(policy)),
        path_(policy_->configuration().server.api_tokens),
        reader_(std::move(reader)),
        audit_(policy_->configuration().server.audit_log, now) {}

  static tl::expected<std::unique_ptr<TokenFile>, std::string> of(const Common& common, const Terminal& terminal) {
    const auto policy = load_or_complain(common, terminal);
    if (!policy) return tl::unexpected(std::string("the configuration does not load"));
    return config::reader_of_secrets(policy->configuration().server.user).map([&policy](config::SecretReader reader) {
      return std::make_unique<TokenFile>(policy, std::move(reader));
    });
  }

  // Other commands wait until this one is done with the file.
  Done lock() {
    const std::string folder = std::filesystem::path(path_).parent_path().string();
    lock_ = base::FileDescriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (lock_.get() < 0 || ::flock(lock_.get(), LOCK_EX) != 0) {
      return tl::unexpected(path_ + ": cannot open its folder; see server.api_tokens");
    }
    return {};
  }

  tl::expected<std::vector<api::Token>, std::string> read() const {
    std::error_code error;
    if (!std::filesystem::exists(path_, error)) return std::vector<api::Token>();
    return config::read_secret_file(path_, reader_)
        .and_then([](const std::string& text) { return api::parse_tokens(text); })
        .map_error([this](const std::string& why) { return path_ + ": " + why; });
  }

  // For the daemon's user, whoever runs the command.
  Done write(const std::vector<api::Token>& tokens, const Json& what) {
    constexpr mode_t only_its_owner = 0600;
    base::FileRights rights{only_its_owner};
    if (::geteuid() == 0) {
      rights.owner = reader_.uid;
      rights.group = reader_.gid;
    }
    auto file = base::FileReplacement::prepare(path_, api::format_tokens(tokens), rights);
    if (!file) return tl::unexpected(file.error());
    Json entry{{"who", "uid " + std::to_string(::getuid())}, {"peer", "connectorctl"}};
    entry.update(what);
    return note(entry).and_then([&file] { return file->publish(); });
  }

 private:
  // As the daemon's user, whose folder it is: what lies there is no matter of root's.
  Done note(const Json& entry) {
    const base::Account account{reader_.name, reader_.uid, reader_.gid, {}};
    return runtime::hand_over(runtime::Kept::audit_log, policy_->configuration(), account).and_then([&]() -> Done {
      const base::ActingAs acting(account);
      if (!acting.is_in_force())
        return tl::unexpected("cannot act as " + account.name + "; the audit log is not written");
      return audit_.write(entry);
    });
  }

  std::shared_ptr<const engine::Policy> policy_;
  std::string path_;
  config::SecretReader reader_;
  api::AuditLog audit_;
  base::FileDescriptor lock_;
};

auto find(std::vector<api::Token>& tokens, const std::string& name) {
  return std::find_if(tokens.begin(), tokens.end(), [&name](const api::Token& token) { return token.name == name; });
}

tl::expected<std::string, std::string> add(TokenFile& file, const std::string& name, api::Role role) {
  if (!api::is_token_name(name)) {
    return tl::unexpected("\"" + name + "\" is no token's name; write 1 to 64 letters, digits, '-', '_', '.' and '@'");
  }
  if (auto locked = file.lock(); !locked) return tl::unexpected(locked.error());
  auto tokens = file.read();
  if (!tokens) return tl::unexpected(tokens.error());
  if (find(*tokens, name) != tokens->end()) {
    return tl::unexpected("there is a token \"" + name + "\" already; remove it first, or take another name");
  }
  api::NewToken made = api::make_token(name, role, now());
  tokens->push_back(made.token);
  return file.write(*tokens, {{"action", "token add"}, {"token", name}, {"token_role", to_string(role)}}).map([&made] {
    return made.secret;
  });
}

Done remove(TokenFile& file, const std::string& name) {
  if (auto locked = file.lock(); !locked) return locked;
  auto tokens = file.read();
  if (!tokens) return tl::unexpected(tokens.error());
  const auto found = find(*tokens, name);
  if (found == tokens->end()) return tl::unexpected("there is no token \"" + name + "\"; see: connectorctl token list");
  const api::Role role = found->role;
  tokens->erase(found);
  return file.write(*tokens, {{"action", "token remove"}, {"token", name}, {"token_role", to_string(role)}});
}

std::string day_of(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

void print(const std::vector<api::Token>& tokens, const Common& common, const Terminal& terminal) {
  Json list = Json::array();
  Table table({{"NAME"}, {"ROLE"}, {"CREATED", true}});
  for (const api::Token& token : tokens) {
    table.add({token.name, std::string(to_string(token.role)), day_of(token.created)});
    list.push_back({{"name", token.name}, {"role", to_string(token.role)}, {"created", day_of(token.created)}});
  }
  if (common.json) {
    print_json(list, terminal.out);
  } else {
    table.print(terminal);
  }
}

Status finish(const Done& done, const Terminal& terminal) {
  if (done) return Status::answered;
  terminal.error << "connectorctl: " << done.error() << '\n';
  return Status::wrong_input;
}

}  // namespace

void add_token_commands(const CommandLine& line) {
  const CommandLine below = line.group("token", "Say who may use the API");
  const auto name = std::make_shared<std::string>();
  const auto role = std::make_shared<std::string>();

  Subcommand command = below.command("add", "Make a token and print it, once");
  command.add_option("name", *name, "Whose it is").required();
  command.add_option("--role", *role, "read, operate (enable, disable, validate) or admin")
      .required()
      .one_of({"read", "operate", "admin"});
  command.callback([line, name, role] {
    const auto done = TokenFile::of(line.common, line.terminal).and_then([&](const auto& file) {
      return add(*file, *name, api::parse_role(*role).value_or(api::Role::nobody));
    });
    if (done) line.terminal.out << *done << '\n';
    line.status = finish(done.map([](const std::string&) {}), line.terminal);
  });

  below.command("list", "List the tokens").callback([line] {
    const auto done = TokenFile::of(line.common, line.terminal).and_then([](const auto& file) { return file->read(); });
    if (done) print(*done, line.common, line.terminal);
    line.status = finish(done.map([](const auto&) {}), line.terminal);
  });

  command = below.command("remove", "Make a token invalid at once");
  command.add_option("name", *name, "Whose it is").required();
  command.callback([line, name] {
    line.status = finish(
        TokenFile::of(line.common, line.terminal).and_then([&name](const auto& file) { return remove(*file, *name); }),
        line.terminal);
  });
}

}  // namespace connectord::ctl
