#include "readers.h"

namespace connectord::trace {
namespace {

// Of the whole process, as the kernel's locks on files are.
struct Places {
  std::mutex mutex;
  std::vector<std::weak_ptr<ReaderPlace>> all;  // guarded by mutex
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
