#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "connectord/base/mutex.h"
#include "database_files.h"
#include "message_reader.h"
#include "sqlite.h"

// The connections of this process that read a trace. SQLite shares locks and the index of the log between all
// connections of one process, so none may still have the previous files open when other files have taken their place.
namespace connectord::trace {

struct ReadingConnection {
  explicit ReadingConnection(sqlite::Database opened) : database(std::move(opened)), messages(database) {}

  sqlite::Database database;
  MessageReader messages;
};

// One reader's connection, which may be taken away from it between two uses.
struct ReaderSlot {
  base::Mutex in_use;
  std::unique_ptr<ReadingConnection> connection GUARDED_BY(in_use);  // null: to be opened
};

std::shared_ptr<ReaderSlot> make_reader_slot();
// Waits while a writer has the readers closed, or waits for that. A reader calls it before it takes its slot: one that
// reads again and again would take it each time before the writer does.
void give_way_to_writers();

// Which files a writer of this process has open, or had before it failed; std::nullopt for none any more.
void register_files_of(const void* writer, std::optional<DatabaseFiles> files);

// Fails while another database stands in the place of one that a writer of this process has open. A reader that joined
// the two by their common index would make SQLite shorten that under the writer, and the process end by SIGBUS.
StoreResult<> check_files_of_writers();

// Waits until no reader of this process is reading, and closes all their connections. While it lives, none can be
// opened.
class ReadersClosed {
 public:
  ReadersClosed();
  ReadersClosed(const ReadersClosed&) = delete;
  ReadersClosed& operator=(const ReadersClosed&) = delete;

 private:
  // They are destroyed in the opposite order: no slot before its lock.
  std::unique_lock<base::Mutex> no_more_;
  std::vector<std::shared_ptr<ReaderSlot>> slots_;
  std::vector<std::unique_lock<base::Mutex>> locks_;
};

}  // namespace connectord::trace
