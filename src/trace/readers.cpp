#include "readers.h"

#include <map>

namespace connectord::trace {
namespace {

// Of the whole process, as the kernel's locks on files are.
struct Places {
  std::mutex mutex;
  std::vector<std::weak_ptr<ReaderPlace>> all;  // guarded by mutex

  std::mutex files_mutex;
  std::map<const void*, DatabaseFiles> files;  // of writers; guarded by files_mutex
};

Places& places() {
  static Places instance;
  return instance;
}

}  // namespace

std::shared_ptr<ReaderPlace> make_reader_place() {
  auto made = std::make_shared<ReaderPlace>();
  const std::scoped_lock lock(places().mutex);
  std::erase_if(places().all, [](const auto& place) { return place.expired(); });
  places().all.push_back(made);
  return made;
}

void note_files_of(const void* writer, std::optional<DatabaseFiles> files) {
  const std::scoped_lock lock(places().files_mutex);
  if (files) {
    places().files.insert_or_assign(writer, std::move(*files));
  } else {
    places().files.erase(writer);
  }
}

void check_files_of_writers() {
  const std::scoped_lock lock(places().files_mutex);
  for (const auto& [writer, files] : places().files) {
    if (!files.database_is_in_place()) throw sqlite::Error(SQLITE_BUSY, "its files are being replaced; try again");
  }
}

ReadersClosed::ReadersClosed() : no_more_(places().mutex) {
  for (const auto& weak : places().all) {
    auto place = weak.lock();
    if (!place) continue;
    locks_.emplace_back(place->in_use);
    place->connection.reset();
    places_.push_back(std::move(place));
  }
}

}  // namespace connectord::trace
