#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "connectord/trace/feed.h"
#include "copy_rows.h"
#include "mended_text.h"

namespace connectord::fleet {

// Where the rows of a batch go, as the database has said.
struct BatchPlace {
  std::int16_t host = 0;
  std::int16_t epoch = 0;   // which of the files that this host has had
  std::int64_t base = 0;    // what is added to the file's row numbers
  std::int64_t now = 0;     // by the database's clock, milliseconds since 1970
  std::int64_t oldest = 0;  // of what is kept there
};

// What the tables `volume` and `rule_volume` sum up.
struct VolumeSums {
  std::int64_t messages = 0;
  std::int64_t recipients = 0;
  std::int64_t bytes = 0;
};

// Some rows of the trace in the form in which they are sent.
class TraceBatch : public trace::FeedTaker {
 public:
  // hour, direction, connector, outbound connector, TLS version, action
  using VolumeKey = std::tuple<std::int64_t, std::int16_t, std::string, std::string, std::string, std::int16_t>;
  // hour, pattern
  using RuleKey = std::pair<std::int64_t, std::string>;
  struct Status {
    std::int64_t row = 0;
    std::int64_t time = 0;  // of its message, as the tables are partitioned
    trace::Status status = trace::Status::getting_status;
    std::int64_t status_time = 0;
  };
  struct Size {
    std::int64_t message = 0;
    std::int64_t time = 0;
    std::int64_t size = 0;
  };

  explicit TraceBatch(const BatchPlace& place) : place_(place) {}

  void take(const trace::KeptText& text) override;
  void take(const trace::KeptMessage& message, const trace::MessageTerms& terms,
            std::span<const std::string> rules) override;
  void take(const trace::KeptRecipient& recipient) override;
  void take(const trace::KeptDelivery& delivery) override;
  void take(const trace::KeptStatus& status) override;
  void take(const trace::KeptRequeueing& child) override;
  void take(const trace::KeptSize& size) override;
  bool is_full() const override { return size() >= max_size; }

  std::size_t size() const;
  // All rows in the form in which they would have been sent.
  std::string content() const;
  // The time by which the tables are partitioned: that of the message, but for what the database's clock says cannot
  // be: such a row stands at the present.
  std::int64_t place_in_time(std::int64_t message_time) const;
  const BatchPlace& place() const { return place_; }
  // Since 1970, of all rows.
  const std::set<std::int64_t>& days() const { return days_; }

  CopyRows texts{6};
  CopyRows messages{36};
  CopyRows recipients{11};
  CopyRows terms{4};
  CopyRows deliveries{16};
  CopyRows children{6};
  std::vector<Status> statuses;
  std::vector<Size> sizes;
  std::map<VolumeKey, VolumeSums> volumes;
  std::map<RuleKey, VolumeSums> rule_volumes;
  std::map<std::pair<std::int64_t, std::int16_t>, std::int64_t> delivery_volumes;  // by hour and protection
  std::int64_t last_time = 0;                                                      // of the newest message

 private:
  static constexpr std::size_t max_size = 8 << 20;

  std::int64_t noted_day(std::int64_t time);
  void add_text(CopyRows& rows, std::uint8_t column, std::string_view text);
  void add_terms(std::int64_t time, std::int64_t message, std::span<const std::int32_t> terms);

  BatchPlace place_;
  std::set<std::int64_t> days_;
  MendedTexts mended_;
  std::int64_t message_ = 0;        // that was taken last
  std::int64_t message_place_ = 0;  // in time
};

// The columns, in the order of the fields.
namespace columns {
extern const std::string_view texts;
extern const std::string_view messages;
extern const std::string_view recipients;
extern const std::string_view terms;
extern const std::string_view deliveries;
extern const std::string_view children;
}  // namespace columns

// Which text of a row was mended. Stored: do not change.
enum class MendedColumn : std::uint8_t {
  queue_id = 0,
  message_id = 1,
  helo = 2,
  tls = 3,
  cipher = 4,
  mail_from = 5,
  header_from = 6,
  subject = 7,
  connector = 8,
  outbound_connector = 9,
  reply = 10,
  certificate_text = 11,
  details = 12,
  findings = 13,
  rules = 14,
  address = 15,
  relay = 16,
  enhanced = 17,
  text = 18,
  times = 19,
};

}  // namespace connectord::fleet
