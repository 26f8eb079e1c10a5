#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "connectord/log/logger.h"
#include "connectord/trace/sqlite_store.h"
#include "database_files.h"
#include "readers.h"
#include "sqlite_writer.h"
#include "store_error.h"
#include "store_health.h"

namespace connectord::trace {

// A writer that recovers: it opens the file, tries again where that fails, sets a damaged one aside, and notices when
// one of the files is removed or replaced. Belongs to one thread.
class RecoveringWriter {
 public:
  // Work of a transaction, which may be called again where the transaction was rolled back.
  using Work = std::function<void(SqliteWriter&)>;
  // Work that has transactions of its own.
  using Maintenance = std::function<StoreResult<>(SqliteWriter&)>;

  // `opened` is called with each file that was opened, and fails where nothing can be written all the same. `kept` is
  // called when what that wrote is in the file that has the name. Then an outage is over.
  RecoveringWriter(const SqliteOptions& options, log::Logger& log, StoreHealth& health, Maintenance opened,
                   std::function<void(const SqliteWriter&)> kept)
      : options_(options), log_(log), health_(health), opened_(std::move(opened)), kept_(std::move(kept)) {}
  ~RecoveringWriter() { set_files(std::nullopt); }
  RecoveringWriter(const RecoveringWriter&) = delete;
  RecoveringWriter& operator=(const RecoveringWriter&) = delete;

  void try_to_open();
  // Does that work in one transaction, which is in the file that has the name when this returns. Where it fails without
  // an outage, the work itself was rejected.
  StoreResult<> write(const Work& work);
  // Does what nobody waits for. Opens the file again where it is time to.
  void maintain(const Maintenance& work);
  void close(const Maintenance& last_work);
  // Messages without postings.
  std::size_t unindexed() const { return writer_ ? writer_->unindexed() : 0; }

 private:
  using Clock = std::chrono::steady_clock;

  bool is_ready();
  StoreResult<> open();
  StoreResult<> open_writer();
  StoreResult<> note_opened_files();
  StoreResult<> check_files_in_place() const;
  StoreResult<> write_to_file(const Work& work);
  StoreResult<> after_failed_write(const StoreError& error, const Work& work);
  // Goes on after files were lost. True if all that was written is in the file that has the name now.
  StoreResult<bool> recover();
  // False if what is in the log cannot be kept.
  StoreResult<bool> checkpoint_lost_log(bool database_in_place);
  StoreResult<> recover_if_lost();
  void close_unless_lost();
  StoreResult<> release_lost_files();
  void set_files(std::optional<DatabaseFiles> files);
  void log_loss();
  // True if a new file was begun.
  bool set_aside(const std::string& why);
  StoreResult<std::string> name_to_set_aside() const;
  bool rename_files(const std::string& aside) const;
  void begin_outage(const std::string& reason);
  StoreResult<> look_after_file();

  const SqliteOptions& options_;
  log::Logger& log_;
  StoreHealth& health_;
  const Maintenance opened_;
  const std::function<void(const SqliteWriter&)> kept_;
  std::unique_ptr<SqliteWriter> writer_;
  Clock::time_point next_try_;
  Clock::time_point next_look_;
  std::optional<DatabaseFiles> files_;  // that were opened last
  bool is_lost_ = false;                // one of them is, and that is not recovered from yet
};

}  // namespace connectord::trace
