#include "walk.h"

namespace connectord::config {
namespace {

void walk(const TablePlace& place, std::vector<TablePlace>& places) {
  places.push_back(place);
  for (const Key& key : place.table->keys) {
    if (key.table == nullptr) continue;
    const std::string path = place.path.empty() ? std::string(key.name) : place.path + "." + std::string(key.name);
    walk({path, &key, &key.table()}, places);
  }
}

}  // namespace

std::string TablePlace::header() const {
  const bool many = key != nullptr && key->shape == Key::Shape::tables;
  return many ? "[[" + path + "]]" : "[" + path + "]";
}

const std::vector<TablePlace>& all_tables() {
  static const std::vector<TablePlace> places = [] {
    std::vector<TablePlace> found;
    walk({"", nullptr, &table_for<model::Configuration>()}, found);
    return found;
  }();
  return places;
}

}  // namespace connectord::config
