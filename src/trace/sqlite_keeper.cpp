#include "sqlite_keeper.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace connectord::trace {
namespace {

constexpr std::string_view subject = "trace";
// A lock that is held for longer has been waited for already.
constexpr int lock_wait_in_trouble_ms = 200;
constexpr std::chrono::seconds between_attempts{1};

ino_t inode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

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
  for (int i = 2; inode_of(name) != 0; ++i) name = wanted + "-" + std::to_string(i);
  return name;
}

}  // namespace

void SqliteKeeper::try_to_open() {
  try {
    open();
  } catch (const sqlite::Error& error) {
    if (!error.is_damage() || !set_aside(error.what())) note_trouble(error.what());
  }
}

void SqliteKeeper::open() {
  const auto wait = trouble_.is_there() ? lock_wait_in_trouble_ms : static_cast<int>(options_.lock_wait.count());
  writer_.reset();
  writer_.emplace(options_.path, wait);
  inode_ = inode_of(options_.path);
  // Only what was really written shows that there is space, and the right to.
  writer_->probe();
  opened_(*writer_);
  sqlite3_busy_timeout(writer_->database().get(), static_cast<int>(options_.lock_wait.count()));
  trouble_.end();
}

bool SqliteKeeper::ready() {
  if (trouble_.is_there()) writer_.reset();
  if (!writer_ && Clock::now() >= next_try_) try_to_open();
  return writer_.has_value();
}

tl::expected<void, std::string> SqliteKeeper::write(const Work& work) {
  if (!ready()) return tl::unexpected(trouble_.reason());
  try {
    try {
      transact(work);
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
      writer_->rolled_back();
    } catch (const sqlite::Error&) {  // NOLINT(bugprone-empty-catch): the first error tells more
    }
    note_trouble(error.what());
  }
}

void SqliteKeeper::close(const Work& last_work) {
  try {
    if (writer_) last_work(*writer_);
  } catch (const sqlite::Error& error) {
    log_.error(subject, "cannot tidy up at the end", {{"error", error.what()}});
  }
  writer_.reset();
}

// Somebody may have moved the file away or removed it; what is written to it then, nobody finds.
void SqliteKeeper::look_after_file() {
  if (Clock::now() < next_look_) return;
  next_look_ = Clock::now() + between_attempts;
  if (inode_of(options_.path) == inode_) return;
  log_.warning(subject, "the file was removed or replaced; going on with the one that has its name now",
               {{"file", options_.path}});
  open();
}

bool SqliteKeeper::set_aside(const std::string& why) {
  writer_.reset();
  const std::string aside = free_name(options_.path + ".damaged-" + time_stamp(options_.clock()));
  if (::rename(options_.path.c_str(), aside.c_str()) != 0) {
    note_trouble(why + "; it cannot be set aside: " + std::strerror(errno));
    return false;
  }
  ::rename((options_.path + "-wal").c_str(), (aside + "-wal").c_str());
  ::unlink((options_.path + "-shm").c_str());
  log_.error(subject, "the file is damaged: it was set aside, and a new one begun",
             {{"file", options_.path}, {"set_aside", aside}, {"error", why}});
  try {
    open();
  } catch (const sqlite::Error& error) {
    note_trouble(error.what());
    return false;
  }
  return true;
}

void SqliteKeeper::note_trouble(const std::string& reason) {
  writer_.reset();
  next_try_ = Clock::now() + options_.retry;
  trouble_.begin(reason);
}

}  // namespace connectord::trace
