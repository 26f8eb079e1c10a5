#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "problems.h"

namespace connectord::config {

// What a document may hold: everything, connectors and rules only, or what is the fleet's (fleet_keys.h).
enum class DocumentKind : std::uint8_t { main, included, fleet };

// Where the keys of tables that are there once stand, by their dotted names.
using KeyPlaces = std::map<std::string, model::Location, std::less<>>;

// Where the reading of one file stands: which key is being read, and where to put what is wrong with it.
class Reader {
 public:
  Reader(Problems& problems, std::shared_ptr<const std::string> file, DocumentKind kind)
      : problems_(problems), file_(std::move(file)), kind_(kind) {}

  // While it lives, `name` is part of the dotted key.
  class Scope {
   public:
    Scope(Reader& reader, std::string_view name) : reader_(reader) { reader_.path_.push_back(name); }
    ~Scope() { reader_.path_.pop_back(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Reader& reader_;
  };

  // Line `line` of the file is line 1 of what is read from now on.
  void begin_at(std::uint32_t line) { lines_before_ = line - 1; }
  DocumentKind kind() const { return kind_; }
  std::size_t errors() const { return problems_.errors(); }
  // Dotted; empty for the document itself.
  std::string path() const;
  model::Location at(const toml::source_region& where) const;

  // The entries of server.include, for whoever follows them.
  void note_include(const toml::source_region& where) { includes_.push_back(at(where)); }
  std::vector<model::Location> take_includes() { return std::exchange(includes_, {}); }

  void error(const toml::source_region& where, std::string message);
  void warning(const toml::source_region& where, std::string message);

 private:
  Problems& problems_;
  std::shared_ptr<const std::string> file_;
  DocumentKind kind_;
  std::uint32_t lines_before_ = 0;
  std::vector<std::string_view> path_;
  std::vector<model::Location> includes_;
};

// "the integer 25", "the string \"abc…\"": for "found …".
std::string describe(const toml::node& node);

}  // namespace connectord::config
