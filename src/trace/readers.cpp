#include "readers.h"

#include <map>

namespace connectord::trace {
namespace {

// There is one set for the whole process, as the kernel's locks on files are the process's.
struct Readers {
  std::mutex mutex;
  std::vector<std::weak_ptr<ReaderSlot>> all;  // guarded by mutex

  std::mutex files_mutex;
  std::map<const void*, DatabaseFiles> files;  // of writers; guarded by files_mutex
};

Readers& readers() {
  static Readers instance;
  return instance;
}

}  // namespace

std::shared_ptr<ReaderSlot> make_reader_slot() {
  auto made = std::make_shared<ReaderSlot>();
  const std::scoped_lock lock(readers().mutex);
  std::erase_if(readers().all, [](const auto& slot) { return slot.expired(); });
  readers().all.push_back(made);
  return made;
}

void register_files_of(const void* writer, std::optional<DatabaseFiles> files) {
  const std::scoped_lock lock(readers().files_mutex);
  if (files) {
    readers().files.insert_or_assign(writer, std::move(*files));
  } else {
    readers().files.erase(writer);
  }
}

StoreResult<> check_files_of_writers() {
  const std::scoped_lock lock(readers().files_mutex);
  for (const auto& [writer, files] : readers().files) {
    const auto in_place = files.database_is_in_place();
    if (!in_place) return tl::unexpected(in_place.error());
    if (!*in_place) return unavailable("its files are being replaced; try again");
  }
  return {};
}

ReadersClosed::ReadersClosed() : no_more_(readers().mutex) {
  for (const auto& weak : readers().all) {
    auto slot = weak.lock();
    if (!slot) continue;
    locks_.emplace_back(slot->in_use);
    slot->connection.reset();
    slots_.push_back(std::move(slot));
  }
}

}  // namespace connectord::trace
