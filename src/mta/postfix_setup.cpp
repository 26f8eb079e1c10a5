#include "connectord/mta/postfix_setup.h"

#include <charconv>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "connectord/base/text.h"
#include "program.h"

namespace connectord::mta {
namespace {

// "smtp/inet/command" to "smtp/inet" and "command"; a service's name may have slashes of its own.
std::pair<std::string, std::string> split_at_last_slash(const std::string& key) {
  const std::size_t slash = key.rfind('/');
  if (slash == std::string::npos) return {key, ""};
  return {key.substr(0, slash), key.substr(slash + 1)};
}

std::string first_word(const std::string& text) {
  return text.substr(0, text.find_first_of(" \t"));
}

PostfixService& service_of(std::vector<PostfixService>& services, const std::string& label) {
  for (PostfixService& service : services) {
    if (service.label() == label) return service;
  }
  const auto [name, type] = split_at_last_slash(label);
  return services.emplace_back(PostfixService{name, type, "", false, {}});
}

// postconf(5), compatibility_level: below 1 a dash in the column "chroot" means yes.
bool chroot_by_default(const std::string& compatibility_level) {
  int level = 0;
  std::from_chars(compatibility_level.data(), compatibility_level.data() + compatibility_level.size(), level);
  return level < 1;
}

std::string canonical(const std::string& path) {
  std::error_code error;
  const auto resolved = std::filesystem::weakly_canonical(path, error);
  return error ? path : resolved.string();
}

}  // namespace

PostfixVersion PostfixSetup::version_number() const {
  PostfixVersion number;
  const char* const end = version.data() + version.size();
  const auto [dot, error] = std::from_chars(version.data(), end, number.major);
  if (error == std::errc() && dot < end) std::from_chars(dot + 1, end, number.minor);
  return number;
}

const std::string& PostfixSetup::look_up(const std::map<std::string, std::string>& from, const std::string& name) {
  static const std::string nothing;
  const auto found = from.find(name);
  return found == from.end() ? nothing : found->second;
}

std::map<std::string, std::string> read_assignments(const std::string& text) {
  std::map<std::string, std::string> assignments;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find(" =");
    if (equals == std::string::npos) continue;
    assignments[line.substr(0, equals)] = base::trimmed(std::string_view(line).substr(equals + 2));
  }
  return assignments;
}

std::vector<PostfixService> read_services(const std::string& fields, const std::string& overrides,
                                          bool chroot_by_default) {
  std::vector<PostfixService> services;
  // In the order of master.cf, as postconf lists them.
  std::istringstream lines(fields);
  for (std::string line; std::getline(lines, line);) {
    for (const auto& [key, value] : read_assignments(line)) {
      const auto [label, field] = split_at_last_slash(key);
      PostfixService& service = service_of(services, label);
      if (field == "command") service.program = first_word(value);
      if (field == "chroot") service.chroot = value == "y" || (value == "-" && chroot_by_default);
    }
  }
  for (const auto& [key, value] : read_assignments(overrides)) {
    const auto [label, parameter] = split_at_last_slash(key);
    service_of(services, label).overrides[parameter] = value;
  }
  return services;
}

tl::expected<PostfixSetup, std::string> read_postfix(const std::string& folder) {
  PostfixSetup setup;
  setup.folder = canonical(folder);
  std::vector<std::string> outputs;
  const std::vector<std::vector<std::string>> questions = {{},     {"-x"},       {"-n"},
                                                           {"-F"}, {"-P", "-x"}, {"-d", "mail_version"}};
  for (const auto& question : questions) {
    std::vector<std::string> command = {"postconf", "-c", setup.folder};
    command.insert(command.end(), question.begin(), question.end());
    auto output = output_of(command);
    if (!output) return tl::unexpected(output.error());
    outputs.push_back(std::move(*output));
  }
  setup.values = read_assignments(outputs[0]);
  setup.expanded = read_assignments(outputs[1]);
  setup.written = read_assignments(outputs[2]);
  setup.services = read_services(outputs[3], outputs[4], chroot_by_default(setup.effective("compatibility_level")));
  setup.version = read_assignments(outputs[5])["mail_version"];
  setup.queue_directory = canonical(setup.effective("queue_directory"));
  if (setup.version.empty()) return tl::unexpected(std::string("postconf does not tell the version of Postfix"));
  return setup;
}

}  // namespace connectord::mta
