#include "connectord/config/setting_changes.h"

#include <toml++/toml.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "connectord/base/json.h"
#include "connectord/config/connector_edit.h"
#include "connectord/config/connector_files.h"
#include "connectord/config/toml_json.h"
#include "split_connectors.h"

namespace connectord::config {
namespace {

using Json = nlohmann::ordered_json;

// What a configuration says, by what it is about: {"inbound", "contoso"}, {"server", ""}.
struct Said {
  Json object;
  std::string file;
};
using Statements = std::map<std::pair<std::string, std::string>, Said>;

class Reading {
 public:
  // What `other` has to the letter is left out.
  Reading(const SourceTexts& texts, const SourceTexts& other) {
    for (const SourceText& text : other) known_.insert(text.text);
    for (const SourceText& text : texts) {
      if (known_.contains(text.text)) continue;
      read(text, counterpart(text.path, other));
    }
  }

  Statements statements;

 private:
  static std::string_view counterpart(const std::string& path, const SourceTexts& other) {
    const auto found = std::find_if(other.begin(), other.end(), [&](const auto& one) { return one.path == path; });
    return found == other.end() ? std::string_view() : std::string_view(found->text);
  }

  void read(const SourceText& source, std::string_view other) {
    const auto whole = split_connectors(source.text);
    const auto others = split_connectors(other);
    if (!whole || !others) return read_piece(source.text, source.path);
    std::set<std::string_view> same;
    for (const SplitDocument::Piece& piece : others->connectors) same.insert(piece.text);
    read_piece(whole->rest, source.path);
    for (const SplitDocument::Piece& piece : whole->connectors) {
      if (!same.contains(piece.text)) read_piece(piece.text, source.path);
    }
  }

  void read_piece(std::string_view text, const std::string& file) {
    try {
      const Json document = to_json(toml::parse(text));
      if (document.is_object()) take(document, file);
    } catch (const toml::parse_error&) {
      // A list of domains: a line for each.
      statements[{"file", file}] = {{{"lines", std::count(text.begin(), text.end(), '\n')}}, file};
    }
  }

  void take(const Json& document, const std::string& file) {
    for (const auto& [table, value] : document.items()) {
      const bool is_list = value.is_array() && !value.empty() && value.front().is_object();
      if (!is_list) {
        statements[{table, ""}] = {value.is_object() ? value : Json{{"", value}}, file};
        continue;
      }
      for (const Json& one : value) {
        const char* key = one.contains("name") ? "name" : "domain";
        statements[{table, one.value(key, std::string())}] = {one, file};
      }
    }
  }

  std::set<std::string_view> known_;
};

std::string written(const Json& value) {
  if (value.is_null()) return "";
  constexpr std::size_t max_length = 300;
  const auto text = toml_value(value, "");
  std::string shown = text ? *text : base::json_text(value);
  if (shown.size() > max_length) shown = shown.substr(0, max_length) + "…";
  return shown;
}

class Comparing {
 public:
  Comparing(const Statements& before, const Statements& after, std::size_t most)
      : before_(before), after_(after), most_(most) {}

  std::vector<SettingChange> run() {
    for (const auto& [what, said] : before_) {
      const auto now = after_.find(what);
      now == after_.end() ? compare(what, said, Json::object(), said.file)
                          : compare(what, said, now->second.object, now->second.file);
    }
    for (const auto& [what, said] : after_) {
      if (!before_.contains(what)) compare(what, {Json::object(), ""}, said.object, said.file);
    }
    return std::move(changes_);
  }

 private:
  void compare(const std::pair<std::string, std::string>& what, const Said& before, const Json& after,
               const std::string& file) {
    const auto& [table, name] = what;
    const bool is_whole = !name.empty() && table != "file" && (before.object.empty() || after.empty());
    if (is_whole)
      return add({table, name, "", before.object.empty() ? "" : "there", after.empty() ? "" : "there", file});
    for (const KeyChange& change : differences(before.object, after)) {
      add({table, name, change.key(), written(change.before), written(change.after), file});
    }
  }

  void add(SettingChange change) {
    if (changes_.size() < most_) changes_.push_back(std::move(change));
  }

  const Statements& before_;
  const Statements& after_;
  std::size_t most_;
  std::vector<SettingChange> changes_;
};

}  // namespace

std::vector<SettingChange> setting_changes(const SourceTexts& before, const SourceTexts& after,
                                           std::size_t max_changes) {
  const Reading old_texts(before, after);
  const Reading new_texts(after, before);
  return Comparing(old_texts.statements, new_texts.statements, max_changes).run();
}

std::string to_string(const SettingChange& change) {
  const std::string what = change.name.empty() ? "[" + change.table + "]" : change.table + " " + change.name;
  if (change.key.empty()) return what + (change.before.empty() ? " is new" : " is gone");
  const auto shown = [](const std::string& value) { return value.empty() ? std::string("nothing") : value; };
  return what + ": " + change.key + " from " + shown(change.before) + " to " + shown(change.after);
}

nlohmann::ordered_json to_json(const SettingChange& change) {
  return {{"table", change.table},   {"name", change.name},   {"key", change.key},
          {"before", change.before}, {"after", change.after}, {"file", change.file}};
}

}  // namespace connectord::config
