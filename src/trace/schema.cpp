#include "schema.h"

#include <array>

namespace connectord::trace {
namespace {

// Marks a file as ours (PRAGMA application_id): "cotr".
constexpr std::int64_t application = 0x636f7472;

// id: rows are numbered in the order in which they were written. A message has the number of its first recipient, and
// recipients of one message follow each other, so that no index is needed between the two.
//
// recipient: a message of one recipient has the address in its own row. Its row here is written together with the
// postings, or before where there is a status to keep; until then it has the status that follows from the answer.
//
// posting: the search index: which messages have a term (terms.h). Postings lie in segments of 65,536 row numbers,
// where a message has an offset, so that new ones are close to each other, a search goes from the newest segment to the
// oldest, and old ones are removed whole. They are written some time after the messages (state "indexed_to"); a search
// scans the rest.
//
// hour: which numbers an hour's messages have; volume: how much mail there was. Both end at "indexed_to" too.
//
// word, finding, certificate: texts that occur again and again are kept once, and have a number elsewhere. Of the
// latter two only so many; beyond that number the text itself stands where the number would.
constexpr const char* tables_of_version_1 = R"(
CREATE TABLE message(
  id INTEGER PRIMARY KEY, time INTEGER NOT NULL, stage INTEGER NOT NULL, direction INTEGER NOT NULL,
  action INTEGER NOT NULL, queue_id TEXT, message_id TEXT, client BLOB, original_client BLOB, helo TEXT, tls INTEGER,
  cipher INTEGER, mail_from TEXT, rcpt_to TEXT, header_from TEXT, subject TEXT, size INTEGER, connector INTEGER,
  outbound_connector INTEGER, reply TEXT, recipients INTEGER NOT NULL, certificate, details TEXT,
  findings TEXT);
CREATE TABLE recipient(
  id INTEGER PRIMARY KEY, address TEXT, status INTEGER NOT NULL, status_time INTEGER, outbound_connector INTEGER);
CREATE TABLE delivery(
  message INTEGER NOT NULL, time INTEGER NOT NULL, digest INTEGER NOT NULL, row INTEGER, queue_id TEXT, address TEXT,
  status INTEGER NOT NULL, relay TEXT, enhanced TEXT, tls TEXT, delay INTEGER NOT NULL, text TEXT,
  PRIMARY KEY(message, time, digest)) WITHOUT ROWID;
CREATE TABLE child(
  message INTEGER NOT NULL, queue_id TEXT NOT NULL, time INTEGER NOT NULL,
  PRIMARY KEY(message, queue_id)) WITHOUT ROWID;
CREATE TABLE term(
  bucket INTEGER NOT NULL, hash INTEGER NOT NULL, low INTEGER NOT NULL,
  PRIMARY KEY(bucket, hash, low)) WITHOUT ROWID;
CREATE TABLE hour(hour INTEGER PRIMARY KEY, first_id INTEGER NOT NULL, last_id INTEGER NOT NULL);
CREATE TABLE volume(
  hour INTEGER NOT NULL, direction INTEGER NOT NULL, connector INTEGER NOT NULL, outbound_connector INTEGER NOT NULL,
  tls INTEGER NOT NULL, action INTEGER NOT NULL, messages INTEGER NOT NULL, recipients INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY(hour, direction, connector, outbound_connector, tls, action)) WITHOUT ROWID;
CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE finding(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE certificate(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE state(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
)";

// Nothing here goes through the rows, of which there may be tens of millions while mail waits. Rows of version 1 keep
// their times in `details` (see decode_details()), until they are removed.
constexpr const char* changes_of_version_2 = R"(
ALTER TABLE message ADD COLUMN connected INTEGER;
ALTER TABLE message ADD COLUMN began INTEGER;
ALTER TABLE term RENAME TO posting;
ALTER TABLE posting RENAME COLUMN bucket TO segment;
ALTER TABLE posting RENAME COLUMN hash TO term;
ALTER TABLE posting RENAME COLUMN low TO offset;
UPDATE state SET name = 'last_ingested' WHERE name = 'spooled_to';
)";

// A column that is added is in no row yet, so this costs nothing.
constexpr const char* changes_of_version_3 = "ALTER TABLE delivery ADD COLUMN times TEXT";

// message.rules: [[number of a pattern in `word`, microseconds, why it was passed over, [recipients]], …].
// rule_volume: how much mail a rule matched, by the number of its pattern; it ends at "indexed_to", as volume does.
constexpr const char* changes_of_version_4 = R"(
ALTER TABLE message ADD COLUMN rules TEXT;
CREATE TABLE rule_volume(
  hour INTEGER NOT NULL, rule INTEGER NOT NULL, messages INTEGER NOT NULL, recipients INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY(hour, rule)) WITHOUT ROWID;
)";

// delivery.protection: of one that another host took (Protection). delivery_volume: how many there were, by that and
// the hour of the delivery.
constexpr const char* changes_of_version_5 = R"(
ALTER TABLE delivery ADD COLUMN protection INTEGER;
CREATE TABLE delivery_volume(
  hour INTEGER NOT NULL, protection INTEGER NOT NULL, deliveries INTEGER NOT NULL,
  PRIMARY KEY(hour, protection)) WITHOUT ROWID;
)";

// feed: what a second place of the trace has to be told of messages that it may have already (feed_journal.h). A number
// is never used again, so that those that were told can be removed.
constexpr const char* changes_of_version_6 = R"(
CREATE TABLE feed(
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, message INTEGER NOT NULL, time INTEGER, digest INTEGER,
  queue_id TEXT);
)";

using Migration = void (*)(sqlite::Database& database);

void create(sqlite::Database& database) {
  database.execute(tables_of_version_1);
  database.execute(("PRAGMA application_id = " + std::to_string(application)).c_str());
}

void make_version_2(sqlite::Database& database) {
  database.execute(changes_of_version_2);
}

void make_version_3(sqlite::Database& database) {
  database.execute(changes_of_version_3);
}

void make_version_4(sqlite::Database& database) {
  database.execute(changes_of_version_4);
}

void make_version_5(sqlite::Database& database) {
  database.execute(changes_of_version_5);
}

void make_version_6(sqlite::Database& database) {
  database.execute(changes_of_version_6);
}

void note_authors(sqlite::Database& database) {
  if (database.integer("SELECT 1 FROM state WHERE name = 'authors_not_indexed_to'")) return;
  database.execute(("INSERT OR IGNORE INTO state VALUES('authors_not_indexed_to', " +
                    std::to_string(authors_not_indexed_to(database)) + ")")
                       .c_str());
}

// migrations[n] makes version n + 1 of version n.
constexpr std::array<Migration, schema_version> migrations = {create,         make_version_2, make_version_3,
                                                              make_version_4, make_version_5, make_version_6};

tl::unexpected<StoreError> unusable(const std::string& path, const std::string& why) {
  return unavailable(path + " " + why);
}

StoreResult<std::int64_t> version_of(sqlite::Database& database, const std::string& path) {
  const std::int64_t version = database.integer("PRAGMA user_version").value_or(0);
  const std::int64_t owner = database.integer("PRAGMA application_id").value_or(0);
  const bool is_empty = database.integer("SELECT count(*) FROM sqlite_schema").value_or(0) == 0;
  if (!is_empty && owner != application) {
    return unusable(path, "is another program's database; name another file for the trace");
  }
  if (version < 0) return unusable(path, "has a version that no connectord writes; name another file for the trace");
  if (version > schema_version) {
    return unusable(path, "is of a later version of connectord (" + std::to_string(version) + "; this one knows " +
                              std::to_string(schema_version) + "): install that version again, or name another file");
  }
  return is_empty ? 0 : version;
}

// Asks for the version once more, now that nobody else can write.
StoreResult<> migrate(sqlite::Database& database, const std::string& path) {
  sqlite::Transaction transaction(database);
  const auto before = version_of(database, path);
  if (!before) return tl::unexpected(before.error());
  for (std::int64_t version = *before; version < schema_version; ++version) {
    migrations.at(static_cast<std::size_t>(version))(database);
  }
  database.execute(("PRAGMA user_version = " + std::to_string(schema_version)).c_str());
  transaction.commit();
  return {};
}

}  // namespace

std::int64_t authors_not_indexed_to(sqlite::Database& database) {
  return database
      .integer(
          "SELECT coalesce((SELECT value FROM state WHERE name = 'authors_not_indexed_to'), "
          "(SELECT value FROM state WHERE name = 'indexed_to'), 0)")
      .value_or(0);
}

StoreResult<> make_ready(sqlite::Database& database, const std::string& path) {
  return sqlite::guarded([&]() -> StoreResult<> {
    const auto version = version_of(database, path);
    if (!version) return tl::unexpected(version.error());
    if (*version != schema_version) {
      if (auto migrated = migrate(database, path); !migrated) return migrated;
    }
    note_authors(database);
    return {};
  });
}

StoreResult<> check_version(sqlite::Database& database, const std::string& path) {
  return sqlite::guarded([&] { return version_of(database, path); })
      .and_then([&path](std::int64_t version) -> StoreResult<> {
        if (version == schema_version) return {};
        if (version == 0) return unusable(path, "has no trace in it yet");
        return unusable(path,
                        "is of an earlier version of connectord; the daemon brings it to this one when it starts");
      });
}

}  // namespace connectord::trace
