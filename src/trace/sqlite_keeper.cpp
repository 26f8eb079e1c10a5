#include "sqlite_keeper.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace connectord::trace {
namespace {

// A lock that is held for longer has been waited for already.
constexpr int lock_wait_in_trouble_ms = 200;
constexpr std::chrono::seconds between_attempts{1};

std::string time_stamp(std::int64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm broken_down{};
  ::gmtime_r(&seconds, &broken_down);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &broken_down)};
}

// A name that nothing has yet.
std::string free_name(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; identity_of(name).is_there(); ++i) name = wanted + "-" + std::to_string(i);
  return name;
}

}  // namespace

void SqliteKeeper::try_to_open() {
  try {
    if (is_lost_) {
      recover();
    } else {
      open();
    }
  } catch (const sqlite::Error& error) {
    if (!error.is_damage() || !set_aside(error.what())) note_trouble(error.what());
  }
}

void SqliteKeeper::open() {
  const auto wait = trouble_.is_there() ? lock_wait_in_trouble_ms : static_cast<int>(options_.lock_wait.count());
  writer_.reset();
  let_go_of_lost_files();
  is_lost_ = false;
  make_trace_file(options_.path);
  writer_.emplace(options_.path, wait);
  // Only what was really written shows that there is space, and the right to.
  writer_->probe();
  set_files(DatabaseFiles(writer_->database(), options_.path));
  opened_(*writer_);
  sqlite3_busy_timeout(writer_->database().get(), static_cast<int>(options_.lock_wait.count()));
  trouble_.end();
}

// Of the files that were open before, nothing may be used for those that stand there now.
void SqliteKeeper::let_go_of_lost_files() {
  if (!files_ || files_->are_in_place()) return;
  const bool is_another = !files_->database_is_in_place();
  if (is_another && !is_lost_) {
    note_loss();
    trouble_.count_loss();
  }
  const ReadersClosed closed;
  if (is_another || is_lost_) files_->remove_leftovers();
  set_files(std::nullopt);
}

void SqliteKeeper::set_files(std::optional<DatabaseFiles> files) {
  files_ = std::move(files);
  note_files_of(this, files_);
}

void SqliteKeeper::note_loss() {
  log_.error(store_subject, "a file of the trace was removed or replaced; going on with what has its name now",
             {{"file", options_.path}});
}

// What is in a log that has lost its name is there for us alone. It is brought into the database; if that has lost its
// name too, what is missing in the one that has it now comes from the spool.
bool SqliteKeeper::recover() {
  if (!is_lost_) note_loss();
  is_lost_ = true;
  const bool is_same = files_->database_is_in_place();
  const bool is_brought_in = bring_in_log(is_same);
  open();
  trouble_.count_loss();
  return is_same && is_brought_in;
}

bool SqliteKeeper::bring_in_log(bool is_same) {
  try {
    if (!is_same || !files_->another_log_is_there()) {
      writer_->bring_in_log();
      return true;
    }
    log_.error(store_subject, "another program has begun a log of its own; rows of the last moments may be missing",
               {{"file", options_.path}});
  } catch (const sqlite::Error&) {
    // Somebody reads at this moment, or the disk is full: once more later, but for a file that was taken away.
    if (is_same) throw;
  }
  // Pages of ours would spoil what is in that log.
  writer_->leave_log();
  return false;
}

// What is in a log that was removed is there for as long as it is open.
void SqliteKeeper::close_unless_lost() {
  if (is_lost_ || !writer_) return;
  try {
    if (files_ && !files_->are_in_place()) {
      note_loss();
      is_lost_ = true;
      return;
    }
  } catch (const sqlite::Error&) {  // NOLINT(bugprone-empty-catch): as long as nobody may look, nothing is lost
  }
  writer_.reset();
}

bool SqliteKeeper::ready() {
  if (trouble_.is_there()) close_unless_lost();
  if ((!writer_ || is_lost_) && Clock::now() >= next_try_) try_to_open();
  return writer_.has_value() && !is_lost_;
}

tl::expected<void, std::string> SqliteKeeper::write(const Work& work) {
  if (!ready()) return tl::unexpected(trouble_.reason());
  try {
    try {
      write_to_file(work);
      return {};
    } catch (const sqlite::Error& error) {
      if (error.is_damage() && set_aside(error.what())) {
        transact(work);
        return {};
      }
      if (error.is_of_the_place()) throw;
      // It cannot be written as it is. Opened anew, in case another process has written too.
      const std::string reason = error.what();
      open();
      return tl::unexpected(reason);
    }
  } catch (const std::exception& error) {  // no memory, where it is not SQLite's
    note_trouble(error.what());
    return tl::unexpected(std::string(error.what()));
  }
}

// Nothing is done before it is in the file that others find.
void SqliteKeeper::write_to_file(const Work& work) {
  transact(work);
  if (files_->are_in_place() || recover()) return;
  transact(work);
  if (files_->are_in_place()) return;
  throw sqlite::Error(SQLITE_IOERR, options_.path + " was removed or replaced while it was written");
}

void SqliteKeeper::transact(const Work& work) {
  try {
    sqlite::Transaction transaction(writer_->database());
    work(*writer_);
    transaction.commit();
  } catch (const std::exception&) {
    writer_->rolled_back();
    throw;
  }
}

void SqliteKeeper::maintain(const Work& work) {
  if (!ready()) return;
  try {
    work(*writer_);
    look_after_file();
  } catch (const sqlite::Error& error) {
    try {
      if (error.is_damage() && set_aside(error.what())) return;
      if (writer_) writer_->rolled_back();
    } catch (const sqlite::Error&) {  // NOLINT(bugprone-empty-catch): the first error tells more
    }
    note_trouble(error.what());
  }
}

void SqliteKeeper::close(const Work& last_work) {
  try {
    if (writer_ && !is_lost_) last_work(*writer_);
    if (writer_ && files_ && !files_->are_in_place()) recover();
  } catch (const sqlite::Error& error) {
    log_.error(store_subject, "cannot tidy up at the end", {{"error", error.what()}});
  }
  writer_.reset();
}

void SqliteKeeper::look_after_file() {
  if (Clock::now() < next_look_) return;
  next_look_ = Clock::now() + between_attempts;
  if (!files_->are_in_place()) recover();
}

bool SqliteKeeper::set_aside(const std::string& why) {
  writer_.reset();
  set_files(std::nullopt);
  is_lost_ = false;
  try {
    const std::string aside = free_name(options_.path + ".damaged-" + time_stamp(options_.clock()));
    if (!rename_files(aside)) {
      note_trouble(why + "; it cannot be set aside: " + std::strerror(errno));
      return false;
    }
    log_.error(store_subject, "the file is damaged: it was set aside, and a new one begun",
               {{"file", options_.path}, {"set_aside", aside}, {"error", why}});
    open();
  } catch (const sqlite::Error& error) {
    note_trouble(error.what());
    return false;
  }
  return true;
}

bool SqliteKeeper::rename_files(const std::string& aside) const {
  const ReadersClosed closed;
  if (::rename(options_.path.c_str(), aside.c_str()) != 0) return false;
  ::rename((options_.path + "-wal").c_str(), (aside + "-wal").c_str());
  ::unlink((options_.path + "-shm").c_str());
  return true;
}

void SqliteKeeper::note_trouble(const std::string& reason) {
  close_unless_lost();
  next_try_ = Clock::now() + options_.retry;
  trouble_.begin(reason);
}

}  // namespace connectord::trace
