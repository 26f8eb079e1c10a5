#include "recovering_writer.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace connectord::trace {
namespace {

// A lock that is held for longer has been waited for already.
constexpr int lock_wait_in_outage_ms = 200;
constexpr std::chrono::seconds between_looks_at_files{1};

std::string time_stamp(std::int64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm broken_down{};
  ::gmtime_r(&seconds, &broken_down);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &broken_down)};
}

}  // namespace

void RecoveringWriter::try_to_open() {
  const StoreResult<> opened = is_lost_ ? recover().map([](bool) {}) : open();
  if (opened) return;
  const StoreError& error = opened.error();
  if (!error.is_damage() || !set_aside(error.reason)) begin_outage(error.reason);
}

StoreResult<> RecoveringWriter::open() {
  writer_.reset();
  return release_lost_files()
      .and_then([this] {
        is_lost_ = false;
        return make_trace_file(options_.path);
      })
      .and_then([this] { return open_writer(); })
      // Only what was really written shows that there is space, and the right to.
      .and_then([this] { return writer_->probe(); })
      .and_then([this] { return note_opened_files(); })
      .and_then([this] { return opened_(*writer_); })
      .and_then([this] { return check_files_in_place(); })
      .map([this] {
        kept_(*writer_);
        sqlite3_busy_timeout(writer_->database().get(), static_cast<int>(options_.lock_wait.count()));
        health_.end_outage();
      });
}

StoreResult<> RecoveringWriter::check_files_in_place() const {
  return files_->are_in_place().and_then([this](bool in_place) {
    return in_place ? StoreResult<>() : unavailable(options_.path + " was removed or replaced while it was written");
  });
}

StoreResult<> RecoveringWriter::open_writer() {
  const auto wait = health_.has_outage() ? lock_wait_in_outage_ms : static_cast<int>(options_.lock_wait.count());
  const FeedChoice feed = options_.feed_bytes ? FeedChoice::on : FeedChoice::off;
  return SqliteWriter::open(options_.path, wait, feed).map([this](auto opened) { writer_ = std::move(opened); });
}

StoreResult<> RecoveringWriter::note_opened_files() {
  return DatabaseFiles::of(writer_->database(), options_.path).map([this](DatabaseFiles files) {
    set_files(std::move(files));
  });
}

// Nothing of the files that were open before may be used for those that have their names now.
StoreResult<> RecoveringWriter::release_lost_files() {
  if (!files_) return {};
  const auto in_place = files_->are_in_place();
  if (!in_place) return tl::unexpected(in_place.error());
  if (*in_place) return {};
  const auto database_in_place = files_->database_is_in_place();
  if (!database_in_place) return tl::unexpected(database_in_place.error());
  const bool is_another = !*database_in_place;
  if (is_another && !is_lost_) {
    log_loss();
    health_.count_loss();
  }
  const ReadersClosed closed;
  auto removed = is_another || is_lost_ ? files_->remove_leftovers() : StoreResult<>();
  if (removed) set_files(std::nullopt);
  return removed;
}

void RecoveringWriter::set_files(std::optional<DatabaseFiles> files) {
  files_ = std::move(files);
  register_files_of(this, files_);
}

void RecoveringWriter::log_loss() {
  log_.error(store_subject, "a file of the trace was removed or replaced; going on with what has its name now",
             {{"file", options_.path}});
}

// What is in a log that has lost its name is there for us alone. It is brought into the database; if that has lost its
// name too, what is missing in the one that has it now comes from the spool.
StoreResult<bool> RecoveringWriter::recover() {
  if (!is_lost_) log_loss();
  is_lost_ = true;
  auto database_in_place = files_->database_is_in_place();
  if (!database_in_place) return database_in_place;
  auto is_brought_in = checkpoint_lost_log(*database_in_place);
  if (!is_brought_in) return is_brought_in;
  return open().map([&] {
    health_.count_loss();
    return *database_in_place && *is_brought_in;
  });
}

StoreResult<bool> RecoveringWriter::checkpoint_lost_log(bool database_in_place) {
  auto another_log = database_in_place ? files_->another_log_is_there() : false;
  if (!another_log) return another_log;
  if (!*another_log) {
    const auto done = writer_->checkpoint_all();
    if (done) return true;
    // A reader is in the way, or the disk is full: it is tried again later, but for a database that was taken away.
    if (database_in_place) return tl::unexpected(done.error());
  } else {
    log_.error(store_subject, "another program has begun a log of its own; rows of the last moments may be missing",
               {{"file", options_.path}});
  }
  // Pages of ours would spoil what is in that log.
  writer_->keep_log_on_close();
  return false;
}

// What is in a log that was removed is there for as long as it is open.
void RecoveringWriter::close_unless_lost() {
  if (is_lost_ || !writer_) return;
  // As long as the files cannot be looked at, nothing is lost.
  if (files_ && !files_->are_in_place().value_or(true)) {
    log_loss();
    is_lost_ = true;
    return;
  }
  writer_.reset();
}

bool RecoveringWriter::is_ready() {
  if (health_.has_outage()) close_unless_lost();
  if ((!writer_ || is_lost_) && Clock::now() >= next_try_) try_to_open();
  return writer_ != nullptr && !is_lost_;
}

StoreResult<> RecoveringWriter::write(const Work& work) {
  if (!is_ready()) return health_.check().and_then([] { return StoreResult<>(unavailable("the trace is not open")); });
  const auto written = write_to_file(work);
  return written ? written : after_failed_write(written.error(), work);
}

StoreResult<> RecoveringWriter::after_failed_write(const StoreError& error, const Work& work) {
  StoreResult<> again = tl::unexpected(error);
  if (error.is_damage() && set_aside(error.reason)) again = writer_->transact(work);
  if (again) return again;
  // Opened anew after work that was rejected, in case another process has written too.
  if (again.error().kind != StoreError::Kind::rejected) {
    begin_outage(again.error().reason);
  } else if (const auto opened = open(); !opened) {
    begin_outage(opened.error().reason);
  }
  return again;
}

// Nothing is done before it is in the file that others find.
StoreResult<> RecoveringWriter::write_to_file(const Work& work) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (auto done = writer_->transact(work); !done) return done;
    const auto kept = files_->are_in_place().and_then(
        [this](bool in_place) { return in_place ? StoreResult<bool>(true) : recover(); });
    if (!kept) return tl::unexpected(kept.error());
    if (*kept) return {};
  }
  return unavailable(options_.path + " was removed or replaced while it was written");
}

void RecoveringWriter::maintain(const Maintenance& work) {
  if (!is_ready()) return;
  const auto done = work(*writer_).and_then([this] { return look_after_file(); });
  if (done || (done.error().is_damage() && set_aside(done.error().reason))) return;
  begin_outage(done.error().reason);
}

StoreResult<> RecoveringWriter::recover_if_lost() {
  return files_->are_in_place().and_then(
      [this](bool in_place) { return in_place ? StoreResult<>() : recover().map([](bool) {}); });
}

void RecoveringWriter::close(const Maintenance& last_work) {
  const auto done = writer_ && !is_lost_ ? last_work(*writer_) : StoreResult<>();
  const auto closed = done && writer_ && files_ ? recover_if_lost() : done;
  if (!closed) log_.error(store_subject, "cannot tidy up at the end", {{"error", closed.error().reason}});
  writer_.reset();
}

StoreResult<> RecoveringWriter::look_after_file() {
  if (Clock::now() < next_look_) return {};
  next_look_ = Clock::now() + between_looks_at_files;
  return recover_if_lost();
}

bool RecoveringWriter::set_aside(const std::string& why) {
  writer_.reset();
  set_files(std::nullopt);
  is_lost_ = false;
  const auto aside = name_to_set_aside();
  if (!aside) {
    begin_outage(aside.error().reason);
    return false;
  }
  if (!rename_files(*aside)) {
    begin_outage(why + "; it cannot be set aside: " + std::strerror(errno));
    return false;
  }
  log_.error(store_subject, "the file is damaged: it was set aside, and a new one begun",
             {{"file", options_.path}, {"set_aside", *aside}, {"error", why}});
  const auto opened = open();
  if (!opened) begin_outage(opened.error().reason);
  return opened.has_value();
}

// One that no file has yet.
StoreResult<std::string> RecoveringWriter::name_to_set_aside() const {
  const std::string wanted = options_.path + ".damaged-" + time_stamp(options_.clock());
  std::string name = wanted;
  for (int i = 2;; ++i) {
    const auto other = identity_of(name);
    if (!other) return tl::unexpected(other.error());
    if (!other->is_there()) return name;
    name = wanted + "-" + std::to_string(i);
  }
}

bool RecoveringWriter::rename_files(const std::string& aside) const {
  const ReadersClosed closed;
  if (::rename(options_.path.c_str(), aside.c_str()) != 0) return false;
  ::rename((options_.path + "-wal").c_str(), (aside + "-wal").c_str());
  ::unlink((options_.path + "-shm").c_str());
  return true;
}

void RecoveringWriter::begin_outage(const std::string& reason) {
  close_unless_lost();
  next_try_ = Clock::now() + options_.retry;
  health_.begin_outage(reason);
}

}  // namespace connectord::trace
