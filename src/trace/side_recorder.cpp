// What another program than the daemon adds to what became of messages.
#include "connectord/trace/sqlite_store.h"
#include "sqlite_writer.h"

namespace connectord::trace {
namespace {

// SQLite's own locks keep the two writers apart. Rows are added for messages that are there, which the daemon keeps
// nothing of in memory that would be wrong then.
class SideRecorder : public Store {
 public:
  explicit SideRecorder(std::string path) : path_(std::move(path)) {}

  tl::expected<void, std::string> append(const Entry& /*entry*/) override { return tl::unexpected(only_records()); }
  tl::expected<std::string, std::string> position() override { return tl::unexpected(only_records()); }
  std::size_t waiting() const override { return 0; }
  Condition condition() const override { return {}; }

  tl::expected<Recorded, std::string> record(const LogBatch& batch) override {
    constexpr int lock_wait_ms = 4'000;
    const StoredBatch stored{.queued = batch.queued,
                             .children = batch.children,
                             .deliveries = batch.deliveries,
                             .refusals = {},
                             .position = {}};
    Recorded recorded;
    return SqliteWriter::open(path_, lock_wait_ms)
        .and_then([&](const std::unique_ptr<SqliteWriter>& writer) {
          writer->keep_log_on_close();
          return writer->transact([&](SqliteWriter& file) { recorded = file.record(stored); });
        })
        .map([&recorded] { return recorded; })
        .map_error(to_reason);
  }

 private:
  static std::string only_records() { return "this process keeps no messages"; }

  std::string path_;
};

}  // namespace

std::unique_ptr<Store> open_to_record(const std::string& path) {
  return std::make_unique<SideRecorder>(path);
}

}  // namespace connectord::trace
