#include "schema.h"

#include <array>

#include "trace_tables.h"

namespace connectord::fleet {
namespace {

// Whoever logs in is a member of some of these. A host needs ingest, and admin where changes are made on it.
constexpr const char* roles = R"(
DO $$
DECLARE one text;
BEGIN
  FOREACH one IN ARRAY ARRAY['connectord_owner', 'connectord_admin', 'connectord_ingest', 'connectord_read'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = one) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', one);
    END IF;
  END LOOP;
  IF NOT pg_has_role(current_user, 'connectord_owner', 'MEMBER') THEN
    EXECUTE format('GRANT connectord_owner TO %I', current_user);
  END IF;
  IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'connectord') THEN
    CREATE SCHEMA connectord AUTHORIZATION connectord_owner;
  END IF;
END $$;
SET LOCAL ROLE connectord_owner;
)";

// host: each has its own row, which nobody else changes. boot_id: of the running system that is known by the uuid.
// epoch and last_seq: up to which record of which spool the
// trace has everything; newest_seq and newest_time: what the host's spool had then; complete_until: older mail of it
// is here; dropped: records that were given up. generation: what runs there.
//
// generation: never changed and never removed. Number 0 is the empty one that all begin with.
//
// current: n is for all, trial for the host trial_host alone.
//
// host_generation: what a host said of a generation that it was to take.
constexpr const char* tables_of_version_1 = R"(
CREATE TABLE schema(
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  version integer NOT NULL, least_reader integer NOT NULL, least_writer integer NOT NULL,
  migrated timestamptz NOT NULL DEFAULT now());
CREATE TABLE host(
  id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid uuid NOT NULL UNIQUE, machine_id text NOT NULL, boot_id text NOT NULL, name text NOT NULL,
  version text NOT NULL,
  joined timestamptz NOT NULL DEFAULT now(), last_seen timestamptz NOT NULL DEFAULT now(), gone timestamptz,
  clock_ahead_ms bigint NOT NULL DEFAULT 0,
  epoch bigint NOT NULL DEFAULT 0, last_seq bigint NOT NULL DEFAULT 0, newest_seq bigint NOT NULL DEFAULT 0,
  newest_time timestamptz, complete_until timestamptz, dropped bigint NOT NULL DEFAULT 0, trace_error text,
  generation bigint, generation_error text, generation_at timestamptz)
  WITH (fillfactor = 50);
CREATE TABLE generation(
  n bigint PRIMARY KEY, made timestamptz NOT NULL DEFAULT now(), who text NOT NULL, comment text NOT NULL,
  sha256 text NOT NULL, document text NOT NULL);
ALTER TABLE generation ALTER COLUMN document SET STORAGE EXTENDED;
CREATE TABLE current(
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  n bigint NOT NULL REFERENCES generation(n),
  trial bigint REFERENCES generation(n), trial_host smallint REFERENCES host(id),
  CHECK ((trial IS NULL) = (trial_host IS NULL)));
CREATE TABLE host_generation(
  host smallint NOT NULL REFERENCES host(id) ON DELETE CASCADE, n bigint NOT NULL REFERENCES generation(n),
  at timestamptz NOT NULL DEFAULT now(), error text, PRIMARY KEY (host, n));
INSERT INTO generation(n, who, comment, sha256, document)
  VALUES (0, 'connectorctl fleet migrate', 'the empty one', encode(sha256(''), 'hex'), '');
INSERT INTO current(n) VALUES (0);
INSERT INTO schema(version, least_reader, least_writer) VALUES (1, 1, 1);

GRANT USAGE ON SCHEMA connectord TO connectord_admin, connectord_ingest, connectord_read;
GRANT SELECT ON schema, host, generation, current, host_generation
  TO connectord_admin, connectord_ingest, connectord_read;
GRANT INSERT, UPDATE ON host, host_generation TO connectord_ingest;
GRANT INSERT ON generation TO connectord_admin;
GRANT UPDATE ON current TO connectord_admin;
GRANT UPDATE, DELETE ON host TO connectord_admin;
)";

struct Migration {
  std::string_view statements;
  std::string_view statements_of_trace;
  int least_reader;
  int least_writer;
};

// From version 0 on.
const std::array<Migration, schema_version>& migrations() {
  static const std::array<Migration, schema_version> all = {{{tables_of_version_1, trace_tables_of_version_1, 1, 1}}};
  return all;
}

// Of all migrations, in the database.
constexpr std::int64_t lock_number = 0x636f6e6e'6563746f;

postgres::Error not_ours(std::string message) {
  postgres::Error error{.kind = postgres::Error::Kind::refused, .message = message};
  error.whole = std::move(message);
  return error;
}

struct Versions {
  int version = 0;
  int least_reader = 0;
  int least_writer = 0;
};

postgres::Result<Versions> versions(postgres::Connection& connection) {
  const auto there = connection.execute("SELECT to_regclass('connectord.schema')");
  if (!there) return tl::unexpected(there.error());
  if (there->is_null(0, 0)) return Versions{};
  const auto rows = connection.execute("SELECT version, least_reader, least_writer FROM connectord.schema");
  if (!rows) return tl::unexpected(rows.error());
  if (rows->empty()) return Versions{};
  const auto number = [&rows](int column) { return static_cast<int>(rows->integer(0, column)); };
  return Versions{number(0), number(1), number(2)};
}

postgres::Error too_old() {
  return not_ours("the fleet's tables are of a later version than this connectord knows; upgrade it on this host");
}

}  // namespace

postgres::Result<int> migrate(postgres::Connection& connection) {
  auto transaction = postgres::Transaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto locked = connection.execute("SELECT pg_advisory_xact_lock($1)", {lock_number}); !locked) {
    return tl::unexpected(locked.error());
  }
  const auto before = versions(connection);
  if (!before) return tl::unexpected(before.error());
  if (before->version > schema_version) return tl::unexpected(too_old());
  if (auto made = connection.run(roles); !made) return tl::unexpected(made.error());
  for (int version = before->version; version < schema_version; ++version) {
    const Migration& step = migrations()[static_cast<std::size_t>(version)];
    for (const std::string_view statements : {step.statements, step.statements_of_trace}) {
      if (auto made = connection.run(std::string(statements)); !made) return tl::unexpected(made.error());
    }
    const auto noted = connection.execute(
        "UPDATE schema SET version = $1, least_reader = $2, least_writer = $3,"
        " migrated = now()",
        {version + 1, step.least_reader, step.least_writer});
    if (!noted) return tl::unexpected(noted.error());
  }
  return transaction->commit().map([&before] { return before->version; });
}

postgres::Result<> check_schema(postgres::Connection& connection, Need need) {
  const auto found = versions(connection);
  if (!found) return tl::unexpected(found.error());
  if (found->version < schema_version) {
    return tl::unexpected(not_ours(found->version == 0
                                       ? "the database has no tables of connectord; run: connectorctl fleet migrate"
                                       : "the fleet's tables are of an earlier version; run: "
                                         "connectorctl fleet migrate"));
  }
  const int least = need == Need::read ? found->least_reader : found->least_writer;
  if (least > schema_version) return tl::unexpected(too_old());
  return {};
}

}  // namespace connectord::fleet
