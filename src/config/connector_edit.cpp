#include "connectord/config/connector_edit.h"

#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>

#include "connectord/base/text.h"
#include "connectord/config/connector_files.h"
#include "split_connectors.h"

namespace connectord::config {
namespace {

using Json = nlohmann::ordered_json;
using Path = std::vector<std::string>;

std::string dotted(const Path& path, std::size_t from = 0) {
  std::string text;
  for (std::size_t i = from; i < path.size(); ++i) text += (i == from ? "" : ".") + toml_key(path[i]);
  return text;
}

bool is_number(const std::string& key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), base::is_digit);
}

bool is_list_of_tables(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_object(); });
}

void collect(const Json& before, const Json& after, Path& path, std::vector<KeyChange>& changes) {
  static const Json none = Json::object();
  if (is_list_of_tables(before) && is_list_of_tables(after) && before.size() == after.size()) {
    for (std::size_t i = 0; i < before.size(); ++i) {
      path.push_back(std::to_string(i));
      collect(before[i], after[i], path, changes);
      path.pop_back();
    }
    return;
  }
  const bool within = (before.is_object() || before.is_null()) && (after.is_object() || after.is_null()) &&
                      (before.is_object() || after.is_object());
  if (!within) {
    if (before != after) changes.push_back({path, before, after});
    return;
  }
  const Json& old_keys = before.is_object() ? before : none;
  const Json& new_keys = after.is_object() ? after : none;
  const auto go_into = [&](const std::string& key) {
    path.push_back(key);
    collect(old_keys.value(key, Json()), new_keys.value(key, Json()), path, changes);
    path.pop_back();
  };
  for (const auto& [key, value] : new_keys.items()) go_into(key);
  for (const auto& [key, value] : old_keys.items()) {
    if (!new_keys.contains(key)) go_into(key);
  }
}

toml::table* only_connector(toml::table& piece, std::string_view table) {
  auto* list = piece[table].as_array();
  return list != nullptr && list->size() == 1 ? list->get(0)->as_table() : nullptr;
}

// What a table has under a key, or a list at a place.
toml::node* below(toml::node& node, const std::string& key) {
  if (toml::table* table = node.as_table()) return table->get(key);
  toml::array* list = node.as_array();
  return list != nullptr && is_number(key) ? list->get(std::stoul(key)) : nullptr;
}

toml::node* node_at(toml::table& connector, const Path& path) {
  toml::node* node = &connector;
  for (const std::string& key : path) {
    node = below(*node, key);
    if (node == nullptr) return nullptr;
  }
  return node;
}

// Where a place of TOML's parser lies in the text; it counts characters, not bytes.
std::size_t offset_of(std::string_view text, const toml::source_position& place) {
  std::size_t at = 0;
  for (toml::source_index line = 1; line < place.line && at < text.size(); ++line) {
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  }
  const auto is_inside_character = [&](std::size_t i) {
    return (static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U;
  };
  for (toml::source_index column = 1; column < place.column && at < text.size(); ++column) {
    ++at;
    while (at < text.size() && is_inside_character(at)) ++at;
  }
  return std::min(at, text.size());
}

std::size_t end_of_line(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

std::size_t begin_of_line(std::string_view text, std::size_t at) {
  const auto before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return before == std::string_view::npos ? 0 : before + 1;
}

std::string_view line_end(std::string_view text) {
  const auto end = text.find('\n');
  return end != std::string_view::npos && end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

// One connector's text, whose keys are changed one after the other. Each edit counts only if the text then says what it
// was to say and nothing else, so that an edit may be tried.
class ConnectorText {
 public:
  ConnectorText(std::string_view text, std::string_view table) : text_(text), table_(table) {}

  // False where this text cannot be edited so.
  bool change(const KeyChange& change) {
    parsed_ = toml::parse(text_);
    connector_ = only_connector(parsed_, table_);
    if (connector_ == nullptr) return false;
    const toml::node* node = node_at(*connector_, change.path);
    if (change.after.is_null()) return node == nullptr || remove(change.path, *node);
    const auto value = toml_value(change.after, change.key());
    if (!value || !expect(change.path, *value)) return false;
    if (node == nullptr) return insert(change.path, *value);
    // Of another type than such a key has: it stands for something that nobody knows here.
    if (!change.before.is_null() && node->is_boolean() != change.before.is_boolean()) return false;
    return append(*node, change) || replace(*node, *value);
  }

  const std::string& text() const { return text_; }

 private:
  // What the text must say in the end.
  bool expect(const Path& path, const std::string& value) {
    expected_ = parsed_;
    toml::node* node = only_connector(expected_, table_);
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      if (toml::table* outer = node->as_table(); outer != nullptr && !outer->contains(path[i])) {
        outer->insert(path[i], toml::table());
      }
      node = below(*node, path[i]);
      if (node == nullptr) return false;
    }
    toml::table* table = node->as_table();
    if (table == nullptr) return false;
    const toml::table one = toml::parse("value = " + value);
    one.get("value")->visit([&](const auto& node) { table->insert_or_assign(path.back(), node); });
    return true;
  }

  bool accept(std::string text) {
    const auto whole = split_entries(text);
    if (!whole || whole->connectors.size() != 1) return false;
    try {
      if (toml::parse(text) != expected_) return false;
    } catch (const toml::parse_error&) {
      return false;
    }
    text_ = std::move(text);
    return true;
  }

  bool accept_inserted(std::size_t at, const std::string& what) {
    std::string text = text_;
    return accept(text.insert(at, what));
  }

  // What is in a list stays as it is written, with its comments, where only more comes behind it.
  bool append(const toml::node& node, const KeyChange& change) {
    const toml::array* list = node.as_array();
    if (list == nullptr || list->empty() || !change.after.is_array()) return false;
    std::vector<std::string> added;
    for (std::size_t i = list->size(); i < change.after.size(); ++i) {
      const auto value = toml_value(change.after[i], change.key());
      if (!value) return false;
      added.push_back(*value);
    }
    if (added.empty()) return false;
    const toml::source_region& last = list->back().source();
    const std::size_t behind = offset_of(text_, last.end);
    if (last.begin.line == node.source().begin.line) {
      std::string more;
      for (const std::string& value : added) more += ", " + value;
      return accept_inserted(behind, more);
    }
    return append_lines(added, behind, offset_of(text_, last.begin));
  }

  // A list with a line for each: so has what is added.
  bool append_lines(const std::vector<std::string>& added, std::size_t behind, std::size_t begin) {
    const std::size_t first = begin_of_line(text_, begin);
    const std::string indent = text_.substr(first, begin - first);
    if (!is_blank(indent)) return false;
    std::string lines;
    for (const std::string& value : added) lines += indent + value + "," + std::string(line_end(text_));
    const std::size_t next_line = end_of_line(text_, behind) + 1;
    std::string text = text_;
    if (next_line > text.size()) return false;
    text.insert(next_line, lines);
    const auto rest = text_.find_first_not_of(" \t", behind);
    if (rest == std::string::npos || text_[rest] != ',') text.insert(behind, ",");
    return accept(std::move(text));
  }

  bool replace(const toml::node& node, const std::string& value) {
    const std::size_t begin = offset_of(text_, node.source().begin);
    const std::size_t end = offset_of(text_, node.source().end);
    if (begin >= end) return false;
    // Comments of a list would be lost.
    if (node.is_array() && text_.substr(begin, end - begin).find('#') != std::string::npos) return false;
    std::string text = text_;
    return accept(text.replace(begin, end - begin, value));
  }

  // Below the header of the innermost table that has one, and within an inline table before its end.
  bool insert(const Path& path, const std::string& value) {
    for (std::size_t depth = path.size(); depth-- > 0;) {
      const Path outer(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth));
      const std::string statement = dotted(path, depth) + " = " + value;
      const toml::node* node = node_at(*connector_, outer);
      if (node == nullptr) continue;
      if (node->as_table() != nullptr && node->as_table()->is_inline()) {
        const std::size_t end = offset_of(text_, node->source().end);
        const bool empty = node->as_table()->empty();
        const std::size_t behind = end < 2 ? 0 : text_.find_last_not_of(" \t", end - 2) + 1;
        if (accept_inserted(behind, (empty ? " " : ", ") + statement)) return true;
      } else if (insert_below_header(outer, statement)) {
        return true;
      }
    }
    return false;
  }

  // "[[rule.action]]" for each of them: whether it was the one meant is seen afterwards.
  std::string header_of(const Path& outer) const {
    Path names;
    std::copy_if(outer.begin(), outer.end(), std::back_inserter(names),
                 [](const std::string& key) { return !is_number(key); });
    const std::string name = std::string(table_) + (names.empty() ? "" : "." + dotted(names));
    const bool is_one_of_several = outer.empty() || is_number(outer.back());
    return is_one_of_several ? "[[" + name + "]]" : "[" + name + "]";
  }

  bool insert_below_header(const Path& outer, const std::string& statement) {
    const std::string header = header_of(outer);
    for (std::size_t at = 0; at < text_.size(); at = end_of_line(text_, at) + 1) {
      const std::size_t begin = text_.find_first_not_of(" \t", at);
      if (begin == std::string::npos || text_.compare(begin, header.size(), header) != 0) continue;
      const std::size_t end = end_of_line(text_, begin);
      const std::string indent = text_.substr(at, begin - at);
      if (end < text_.size() && accept_inserted(end + 1, indent + statement + std::string(line_end(text_))))
        return true;
    }
    return false;
  }

  // The statement's lines, where it has them for itself.
  bool remove(const Path& path, const toml::node& node) {
    expected_ = parsed_;
    toml::node* outer = node_at(*only_connector(expected_, table_), Path(path.begin(), path.end() - 1));
    if (outer == nullptr || outer->as_table() == nullptr) return false;
    outer->as_table()->erase(path.back());
    const std::size_t end = offset_of(text_, node.source().end);
    const std::size_t begin = begin_of_line(text_, offset_of(text_, node.source().begin));
    std::string text = text_;
    return accept(text.erase(begin, std::min(end_of_line(text_, end) + 1, text_.size()) - begin));
  }

  std::string text_;
  std::string_view table_;
  toml::table parsed_;
  toml::table expected_;
  toml::table* connector_ = nullptr;
};

bool is_named(toml::table& piece, std::string_view table, std::string_view name) {
  toml::table* connector = only_connector(piece, table);
  return connector != nullptr && (*connector)["name"].value_or(std::string_view()) == name;
}

// How long a piece is without the comments and empty lines at its end, which are what stands above the next one.
std::size_t own_length(std::string_view piece) {
  std::size_t length = piece.size();
  while (length > 0) {
    const std::size_t begin = begin_of_line(piece, length - 1);
    const std::string_view line = piece.substr(begin, length - begin);
    const auto first = line.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && line[first] != '#') break;
    length = begin;
  }
  return length;
}

using Edit = std::function<tl::expected<std::string, std::string>(std::string_view piece)>;

// The text with what `edit` makes of the piece that has this entry.
tl::expected<std::string, std::string> with_edited(std::string_view text, std::string_view table, std::string_view name,
                                                   const Edit& edit) {
  const auto whole = split_entries(text);
  if (!whole)
    return tl::unexpected(std::string("its file is not divided into tables by [[inbound]], [[outbound]] and [[rule]]"));
  try {
    for (const SplitDocument::Piece& piece : whole->connectors) {
      toml::table parsed = toml::parse(piece.text);
      if (!is_named(parsed, table, name)) continue;
      const auto begin = static_cast<std::size_t>(piece.text.data() - text.data());
      return edit(piece.text).map([&](const std::string& edited) {
        return std::string(text.substr(0, begin)) + edited + std::string(text.substr(begin + piece.text.size()));
      });
    }
  } catch (const toml::parse_error&) {
    return tl::unexpected(std::string("its file is no TOML now"));
  }
  return tl::unexpected(std::string("it does not stand in its file in a form that a program may edit"));
}

}  // namespace

std::string KeyChange::key() const {
  std::string text;
  for (const std::string& part : path) text += (text.empty() ? "" : ".") + part;
  return text;
}

std::vector<KeyChange> differences(const Json& before, const Json& after) {
  std::vector<KeyChange> changes;
  Path path;
  collect(before, after, path, changes);
  return changes;
}

tl::expected<std::string, std::string> with_changes(std::string_view text, std::string_view table,
                                                    std::string_view name, const std::vector<KeyChange>& changes) {
  return with_edited(text, table, name, [&](std::string_view piece) -> tl::expected<std::string, std::string> {
    ConnectorText connector(piece, table);
    for (const KeyChange& change : changes) {
      if (connector.change(change)) continue;
      return tl::unexpected(change.key() + " does not stand in its file in a form that a program may edit");
    }
    return connector.text();
  });
}

tl::expected<std::string, std::string> without_entry(std::string_view text, std::string_view table,
                                                     std::string_view name) {
  return with_edited(text, table, name,
                     [](std::string_view piece) { return std::string(piece.substr(own_length(piece))); });
}

tl::expected<std::string, std::string> with_entry(std::string_view text, std::string_view table, const Json& entry) {
  const auto added = entry_toml(entry, table);
  if (!added) return tl::unexpected(added.error().key + ": " + added.error().message);
  std::string all(text);
  if (!all.empty() && !all.ends_with('\n')) all += '\n';
  if (!all.empty()) all += '\n';
  return all + *added;
}

tl::expected<std::string, std::string> with_enabled(std::string_view text, std::string_view table,
                                                    std::string_view name, bool enabled) {
  return with_changes(text, table, name, {{{"enabled"}, !enabled, enabled}});
}

}  // namespace connectord::config
