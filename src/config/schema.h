#pragma once

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "format.h"
#include "value_json.h"

// The one declaration of every key. Loader, error messages and the reference come from it.
namespace connectord::config {

struct Table;

// What holds where the key is left out: a value in TOML, or what is done then in words.
struct Fallback {
  std::string_view value;
  std::string_view words;
};
inline constexpr Fallback required{};
constexpr Fallback by_default(std::string_view value) {
  return {value, {}};
}
constexpr Fallback otherwise(std::string_view words) {
  return {{}, words};
}

struct Key {
  enum class Shape { value, table, tables };
  // Reads a node into the struct that its table fills. False if something was wrong with it.
  using Read = bool (*)(Reader& reader, const toml::node& node, void* owner);

  std::string_view name;
  Fallback fallback;
  std::string_view help;
  Words (*words)() = nullptr;  // of a value
  Read read = nullptr;
  Shape shape = Shape::value;
  const Table& (*table)() = nullptr;  // of a table or tables
  // What the struct has under this key; nullptr for a value that nobody writes down.
  nlohmann::ordered_json (*write)(const void* owner) = nullptr;
  bool (*is_left_out)(const void* owner) = nullptr;  // the struct has what holds without the key

  bool is_required() const { return fallback.value.empty() && fallback.words.empty(); }
};

struct Table {
  // Looks at the keys together; called when each one by itself has been read, also if some could not be.
  using Check = void (*)(Reader& reader, const toml::table& table, const void* owner);

  std::vector<Key> keys;
  Check check = nullptr;

  // nullptr if there is no such key.
  const Key* find(std::string_view name) const;
};

// The declaration of the table that fills a T.
template <class T>
const Table& table_for();

// Reads every key of `table` into `owner`, a struct as `declared` has it. False if something was wrong.
bool read_table(Reader& reader, const toml::table& table, const Table& declared, void* owner);

// The struct as such a table has it, without keys that say what holds anyway.
nlohmann::ordered_json write_table(const Table& declared, const void* owner);

void report_no_table(Reader& reader, const toml::node& node, Key::Shape shape);

// What follows takes a member pointer apart and forgets its types, so that the rest needs no templates.
template <auto Member>
struct MemberOf;

template <class Owner_, class Type_, Type_ Owner_::*Member>
struct MemberOf<Member> {
  using Owner = Owner_;
  using Type = Type_;
  static Type& in(void* owner) { return static_cast<Owner*>(owner)->*Member; }
  static const Type& in(const void* owner) { return static_cast<const Owner*>(owner)->*Member; }
};

template <class Owner>
const Owner& owner_by_default() {
  static const Owner none{};
  return none;
}

template <class T>
struct WithoutOptional {
  using Type = T;
};
template <class T>
struct WithoutOptional<std::optional<T>> {
  using Type = T;
};

// A table as a value.
template <class T>
bool read_struct(Reader& reader, const toml::node& node, T& value) {
  const auto* table = node.as_table();
  if (table == nullptr) {
    report_no_table(reader, node, Key::Shape::table);
    return false;
  }
  if constexpr (requires { value.location; }) value.location = reader.at(node.source());
  return read_table(reader, *table, table_for<T>(), &value);
}

template <class T>
bool is_nothing(const std::optional<T>& value) {
  return !value;
}
template <class T>
bool is_nothing(const std::vector<T>& values) {
  return values.empty();
}

// Of a type and a format, not of a member, since many members have the same: each is compiled once.
template <class Format, class Type>
bool read_into(Reader& reader, const toml::node& node, Type& member) {
  auto value = read_value<Format>(reader, node);
  if (!value) return false;
  if constexpr (std::is_arithmetic_v<Type>) {
    member = static_cast<Type>(*value);
  } else {
    member = std::move(*value);
  }
  return true;
}
template <class Format, class Type>
nlohmann::ordered_json written_from(const Type& member) {
  if constexpr (std::is_same_v<Type, typename WithoutOptional<Type>::Type>) {
    return written<Format>(member);
  } else {
    return written<Format>(*member);
  }
}

// How the values of `Member` are written down, where their type is one that is.
template <auto Member, class Format>
constexpr void declare_writing(Key& declared) {
  using In = MemberOf<Member>;
  using Type = typename In::Type;
  if constexpr (Written<Format, typename WithoutOptional<Type>::Type>) {
    declared.write = [](const void* owner) { return written_from<Format>(In::in(owner)); };
    declared.is_left_out = [](const void* owner) {
      if constexpr (requires(const Type& value) { is_nothing(value); }) {
        return is_nothing(In::in(owner));
      } else {
        return In::in(owner) == owner_by_default<typename In::Owner>().*Member;
      }
    };
  }
}

// A key whose value becomes `Member`.
template <auto Member, class Format>
constexpr Key key(std::string_view name, Fallback fallback, std::string_view help) {
  Key declared{name, fallback, help, &Format::words};
  declared.read = [](Reader& reader, const toml::node& node, void* owner) {
    return read_into<Format>(reader, node, MemberOf<Member>::in(owner));
  };
  declare_writing<Member, Format>(declared);
  return declared;
}

// A table that becomes `Member`, a struct or an optional one.
template <auto Member>
constexpr Key table(std::string_view name, std::string_view help, Fallback fallback = otherwise("none")) {
  using Type = typename WithoutOptional<typename MemberOf<Member>::Type>::Type;
  Key declared{name, fallback, help};
  declared.shape = Key::Shape::table;
  declared.table = &table_for<Type>;
  declared.read = [](Reader& reader, const toml::node& node, void* owner) {
    auto& member = MemberOf<Member>::in(owner);
    if constexpr (std::is_same_v<Type, typename MemberOf<Member>::Type>) {
      return read_struct(reader, node, member);
    } else {
      return read_struct(reader, node, member.emplace());
    }
  };
  if constexpr (!std::is_same_v<Type, typename MemberOf<Member>::Type>) {
    declared.write = [](const void* owner) { return write_table(table_for<Type>(), &*MemberOf<Member>::in(owner)); };
    declared.is_left_out = [](const void* owner) { return is_nothing(MemberOf<Member>::in(owner)); };
  }
  return declared;
}

// Reads one table, or each of several.
template <class T>
bool read_structs(Reader& reader, const toml::node& node, std::vector<T>& values) {
  const auto* list = node.as_array();
  if (list == nullptr) {
    report_no_table(reader, node, Key::Shape::tables);
    return false;
  }
  bool good = true;
  for (const toml::node& entry : *list) good = read_struct(reader, entry, values.emplace_back()) && good;
  return good;
}

// Tables that become the entries of `Member`, a vector of structs.
template <auto Member>
constexpr Key tables(std::string_view name, std::string_view help) {
  using Type = typename MemberOf<Member>::Type::value_type;
  Key declared{name, otherwise("none"), help};
  declared.shape = Key::Shape::tables;
  declared.table = &table_for<Type>;
  declared.read = [](Reader& reader, const toml::node& node, void* owner) {
    return read_structs(reader, node, MemberOf<Member>::in(owner));
  };
  declared.write = [](const void* owner) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Type& one : MemberOf<Member>::in(owner)) list.push_back(write_table(table_for<Type>(), &one));
    return list;
  };
  declared.is_left_out = [](const void* owner) { return is_nothing(MemberOf<Member>::in(owner)); };
  return declared;
}

// For Table::check: the same with the struct's type.
template <class T, void (*Check)(Reader&, const toml::table&, const T&)>
constexpr Table::Check checked_by() {
  return [](Reader& reader, const toml::table& table, const void* owner) {
    Check(reader, table, *static_cast<const T*>(owner));
  };
}

}  // namespace connectord::config
