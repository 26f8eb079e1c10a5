#pragma once

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "connectord/base/acting_as.h"
#include "file_owner.h"
#include "readers.h"
#include "sqlite.h"

namespace connectord::trace {

// All that one call sees is of one moment.
class Snapshot {
 public:
  explicit Snapshot(sqlite::Database& database) : database_(database) { database_.execute("BEGIN"); }
  ~Snapshot() { sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  sqlite::Database& database_;
};

// Reads a trace's file, also while it is being written, over a connection that a writer of this process may take away
// between two reads. Makes no file. Root reads with the rights of whoever could put another file in the place of the
// trace. Belongs to one thread.
class FileReader {
 public:
  explicit FileReader(std::string path) : path_(std::move(path)) {}
  ~FileReader() { disconnect(); }
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  StoreResult<> open() {
    const base::MutexLock lock(slot_->in_use);
    return with_rights([this] { return connect(); });
  }

  // What `work` returns, of one moment. `before` is called first, outside of that moment.
  template <class Before, class Work>
  auto read(Before&& before, Work&& work) -> StoreResult<decltype(work())> {
    give_way_to_writers();
    const base::MutexLock lock(slot_->in_use);
    return with_rights([&] {
      return connect().and_then([&] {
        before();
        return sqlite::guarded([&] {
          const Snapshot snapshot(connection().database);
          return work();
        });
      });
    });
  }

  // For `before` and `work`.
  ReadingConnection& connection() {
    slot_->in_use.assert_held();
    return *slot_->connection;
  }

 private:
  StoreResult<> connect();
  void disconnect();

  template <class Work>
  auto with_rights(Work&& work) -> decltype(sqlite::guarded(work)) {
    const auto owner = owner_of_way_to(path_);
    if (!owner) return unavailable(owner.error());
    return sqlite::guarded([&] {
      const base::ActingAs acting(*owner);
      if (!acting.is_in_force())
        throw std::system_error(errno, std::generic_category(),
                                "cannot take the rights of user " + std::to_string((*owner)->uid));
      return work();
    });
  }

  const std::string path_;
  const std::shared_ptr<ReaderSlot> slot_ = make_reader_slot();
};

}  // namespace connectord::trace
