#include "readers.h"

#include <map>

namespace connectord::trace {
namespace {

// Of the whole process, as the kernel's locks on files are.
struct Places {
  base::Mutex mutex;
  std::vector<std::weak_ptr<ReaderPlace>> all GUARDED_BY(mutex);

  base::Mutex files_mutex;
  std::map<const void*, DatabaseFiles> files GUARDED_BY(files_mutex);  // of writers
};

Places& places() {
  static Places instance;
  return instance;
}

}  // namespace

std::shared_ptr<ReaderPlace> make_reader_place() {
  auto made = std::make_shared<ReaderPlace>();
  Places& known = places();
  const base::MutexLock lock(known.mutex);
  std::erase_if(known.all, [](const auto& place) { return place.expired(); });
  known.all.push_back(made);
  return made;
}

void note_files_of(const void* writer, std::optional<DatabaseFiles> files) {
  Places& known = places();
  const base::MutexLock lock(known.files_mutex);
  if (files) {
    known.files.insert_or_assign(writer, std::move(*files));
  } else {
    known.files.erase(writer);
  }
}

void check_files_of_writers() {
  Places& known = places();
  const base::MutexLock lock(known.files_mutex);
  for (const auto& [writer, files] : known.files) {
    if (!files.database_is_in_place()) throw sqlite::Error(SQLITE_BUSY, "its files are being replaced; try again");
  }
}

// Locks as many mutexes as there are readers, which the analysis cannot follow.
ReadersClosed::ReadersClosed() NO_THREAD_SAFETY_ANALYSIS : no_more_(places().mutex) {
  for (const auto& weak : places().all) {
    auto place = weak.lock();
    if (!place) continue;
    locks_.emplace_back(place->in_use);
    place->connection.reset();
    places_.push_back(std::move(place));
  }
}

}  // namespace connectord::trace
