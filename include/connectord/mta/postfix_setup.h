#pragma once

#include <map>
#include <string>
#include <tl/expected.hpp>
#include <vector>

// What an instance of Postfix says of itself.
namespace connectord::mta {

struct PostfixService {
  std::string name;  // of an inet service, what it listens on: "smtp", "127.0.0.1:10025"
  std::string type;  // inet, unix, pass …
  std::string program;
  bool chroot = false;
  std::map<std::string, std::string> overrides;  // what its -o options set, expanded

  // "smtp/inet", as postconf(1) names it.
  std::string label() const { return name + "/" + type; }
};

struct PostfixVersion {
  int major = 0;
  int minor = 0;
  friend auto operator<=>(const PostfixVersion&, const PostfixVersion&) = default;
};

struct PostfixSetup {
  std::string folder;                           // of main.cf
  std::string queue_directory;                  // without symbolic links
  std::string version;                          // "3.7.11"
  std::map<std::string, std::string> values;    // as main.cf or the default says
  std::map<std::string, std::string> expanded;  // the same with every $name replaced
  std::map<std::string, std::string> written;   // what main.cf itself says
  std::vector<PostfixService> services;

  // Empty for what is not known to that version.
  const std::string& value(const std::string& name) const { return look_up(values, name); }
  const std::string& effective(const std::string& name) const { return look_up(expanded, name); }
  bool is_written(const std::string& name) const { return written.count(name) > 0; }
  PostfixVersion version_number() const;

 private:
  static const std::string& look_up(const std::map<std::string, std::string>& from, const std::string& name);
};

// Asks postconf(1), and reads main.cf and master.cf by nothing else. On failure says what postconf says.
tl::expected<PostfixSetup, std::string> read_postfix(const std::string& folder);

// The pieces of that, for postconf's output: "name = value" lines; "a/b/c = value" of -F and -P; services of -F.
std::map<std::string, std::string> read_assignments(const std::string& text);
std::vector<PostfixService> read_services(const std::string& fields, const std::string& overrides,
                                          bool chroot_by_default);

}  // namespace connectord::mta
