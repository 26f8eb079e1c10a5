#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "connectord/model/configuration.h"
#include "postgres.h"
#include "trace_target.h"

namespace connectord::fleet {

// The joint trace in PostgreSQL. Connects when it is asked for something, and anew after a connection was lost.
class PostgresTarget : public TraceTarget {
 public:
  // `configuration` has a fleet and a trace.
  PostgresTarget(model::Configuration configuration, std::stop_token stop);

  TargetResult<TargetState> begin() override;
  TargetResult<> begin_epoch(const std::string& file, const trace::FeedCursor& cursor) override;
  TargetResult<> put(TraceBatch& batch, const TargetNote& note) override;
  TargetResult<> reject(const RejectedRow& row, const BatchPlace& place, const TargetNote& note) override;
  void roll_back() override;

  // Makes the tables of the next days, and removes some of what is older than any host wants to keep.
  TargetResult<> look_after_tables();

 private:
  TargetResult<> connect();
  TargetResult<> make_days(const std::set<std::int64_t>& days);
  TargetResult<> make_missing_days(const TraceBatch& batch);
  TargetResult<> copy(std::string_view table, std::string_view columns, CopyRows& rows);
  TargetResult<> copy_all(TraceBatch& batch);
  TargetResult<> set_statuses(const TraceBatch& batch);
  TargetResult<> set_sizes(const TraceBatch& batch);
  TargetResult<> add_volumes(const TraceBatch& batch);
  TargetResult<> note_progress(const TargetNote& note, std::int64_t rejected);
  TargetResult<> commit();
  TargetResult<postgres::Rows> execute(const std::string& sql, const postgres::Parameters& parameters = {});
  TargetResult<postgres::Rows> execute_for_all(const std::string& sql, const postgres::Parameters& parameters);
  TargetError in_words(const postgres::Error& error);
  TargetError leave();

  const model::Configuration configuration_;
  const std::stop_token stop_;
  std::optional<postgres::Connection> connection_;
  bool has_begun_ = false;
  TargetState begun_;  // what the transaction found that is under way
  std::int16_t host_ = 0;
  std::set<std::int64_t> known_days_;
  int times_without_table_ = 0;  // since rows were taken last
};

}  // namespace connectord::fleet
