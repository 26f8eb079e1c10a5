#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/log/logger.h"
#include "connectord/trace/sqlite_store.h"
#include "database_files.h"
#include "readers.h"
#include "sqlite_writer.h"
#include "trouble.h"

namespace connectord::trace {

// Keeps a writer at work: opens the file, tries again where that fails, sets a damaged one aside, and notices when
// somebody removes or replaces one of the files. Belongs to one thread.
class SqliteKeeper {
 public:
  // May be called again, where the transaction around it was rolled back.
  using Work = std::function<void(SqliteWriter&)>;

  // `opened` is called with each file that was opened; it throws where nothing can be written all the same.
  SqliteKeeper(const SqliteOptions& options, log::Logger& log, Trouble& trouble, Work opened)
      : options_(options), log_(log), trouble_(trouble), opened_(std::move(opened)) {}
  ~SqliteKeeper() { set_files(std::nullopt); }
  SqliteKeeper(const SqliteKeeper&) = delete;
  SqliteKeeper& operator=(const SqliteKeeper&) = delete;

  void try_to_open();
  // In one transaction, which is in the file that has the name when this returns. On failure says why; where there is
  // no trouble then, it was this work's own fault.
  tl::expected<void, std::string> write(const Work& work);
  // Does what has transactions of its own, and what nobody waits for. Opens the file again where it is time to.
  void maintain(const Work& work);
  void close(const Work& last_work);
  // Messages without terms.
  std::size_t unindexed() const { return writer_ ? writer_->unindexed() : 0; }

 private:
  using Clock = std::chrono::steady_clock;

  bool ready();
  void open();
  void write_to_file(const Work& work);
  void transact(const Work& work);
  // Goes on after files were lost. True if all that was written is in the file that has the name now.
  bool recover();
  // False if that cannot be.
  bool bring_in_log(bool is_same);
  void close_unless_lost();
  void let_go_of_lost_files();
  void set_files(std::optional<DatabaseFiles> files);
  void note_loss();
  // True if a new file was begun.
  bool set_aside(const std::string& why);
  bool rename_files(const std::string& aside) const;
  void note_trouble(const std::string& reason);
  void look_after_file();

  const SqliteOptions& options_;
  log::Logger& log_;
  Trouble& trouble_;
  const Work opened_;
  std::optional<SqliteWriter> writer_;
  Clock::time_point next_try_;
  Clock::time_point next_look_;
  std::optional<DatabaseFiles> files_;  // that were opened last
  bool is_lost_ = false;                // one of them is, and it is not mended yet
};

}  // namespace connectord::trace
