#include "readers.h"

#include <map>

namespace connectord::trace {
namespace {

// There is one set for the whole process, as the kernel's locks on files are the process's.
struct Readers {
  base::Mutex mutex;
  std::vector<std::weak_ptr<ReaderSlot>> all GUARDED_BY(mutex);

  base::Mutex files_mutex;
  std::map<const void*, DatabaseFiles> files GUARDED_BY(files_mutex);  // of writers
};

Readers& readers() {
  static Readers instance;
  return instance;
}

}  // namespace

std::shared_ptr<ReaderSlot> make_reader_slot() {
  auto made = std::make_shared<ReaderSlot>();
  Readers& known = readers();
  const base::MutexLock lock(known.mutex);
  std::erase_if(known.all, [](const auto& slot) { return slot.expired(); });
  known.all.push_back(made);
  return made;
}

void give_way_to_writers() {
  const base::MutexLock lock(readers().mutex);
}

void register_files_of(const void* writer, std::optional<DatabaseFiles> files) {
  Readers& known = readers();
  const base::MutexLock lock(known.files_mutex);
  if (files) {
    known.files.insert_or_assign(writer, std::move(*files));
  } else {
    known.files.erase(writer);
  }
}

StoreResult<> check_files_of_writers() {
  Readers& known = readers();
  const base::MutexLock lock(known.files_mutex);
  for (const auto& [writer, files] : known.files) {
    const auto in_place = files.database_is_in_place();
    if (!in_place) return tl::unexpected(in_place.error());
    if (!*in_place) return unavailable("its files are being replaced; try again");
  }
  return {};
}

// Locks as many mutexes as there are readers, which the analysis cannot follow.
ReadersClosed::ReadersClosed() NO_THREAD_SAFETY_ANALYSIS : no_more_(readers().mutex) {
  for (const auto& weak : readers().all) {
    auto slot = weak.lock();
    if (!slot) continue;
    locks_.emplace_back(slot->in_use);
    slot->connection.reset();
    slots_.push_back(std::move(slot));
  }
}

}  // namespace connectord::trace
