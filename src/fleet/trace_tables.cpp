#include "trace_tables.h"

namespace connectord::fleet {

// source: the file of each host that the rows come from, and how far they are here, in that file's own numbers. What
// is added to those makes `seq`; a host whose file was replaced begins an epoch, and goes on behind what was there.
//
// t: what the tables are divided by, milliseconds since 1970: the message's own time, or the present where that cannot
// be. recipient.seq is the number of a row, message.seq that of its first; all that belongs to a message has its t.
//
// …_term, term: hashes of what is searched for (src/trace/terms.h), of which two texts may have the same; `term` has
// those of which a message may have several. dictionary: texts that messages of one file refer to by number.
//
// originals: what texts were that PostgreSQL refuses (src/fleet/mended_text.h).
//
// recipient.status alone is changed later, and message.size where it was not known; neither is in an index.
//
// volume, rule_volume, delivery_volume: how much mail there was, by hour; a host adds to its own rows alone. "" for
// none.
//
// rejected: what PostgreSQL does not take all the same.
const std::string_view trace_tables_of_version_1 = R"(
CREATE TABLE source(
  host smallint PRIMARY KEY REFERENCES host(id) ON DELETE CASCADE,
  file text NOT NULL, epoch smallint NOT NULL, base bigint NOT NULL,
  last_row bigint NOT NULL, last_time bigint, last_report bigint NOT NULL DEFAULT 0,
  last_word bigint NOT NULL DEFAULT 0, last_finding bigint NOT NULL DEFAULT 0,
  last_certificate bigint NOT NULL DEFAULT 0,
  keep bigint NOT NULL, lost bigint NOT NULL DEFAULT 0, rejected bigint NOT NULL DEFAULT 0)
  WITH (fillfactor = 30);
CREATE TABLE message(
  t bigint NOT NULL, seq bigint NOT NULL, time bigint NOT NULL, connected bigint, began bigint, size bigint,
  certificate bigint, recipients integer NOT NULL,
  sender_term integer, sender_domain_term integer, message_id_term integer, queue_id_term integer, client_term integer,
  host smallint NOT NULL, epoch smallint NOT NULL, stage smallint NOT NULL, direction smallint NOT NULL,
  action smallint NOT NULL,
  queue_id text, message_id text, client bytea, original_client bytea, helo text, tls text, cipher text, mail_from text,
  header_from text, subject text, connector text, outbound_connector text, reply text, certificate_text text,
  details text, findings text, rules text, originals bytea) PARTITION BY RANGE (t);
CREATE INDEX ON message(host, seq);
CREATE INDEX ON message(t DESC, host DESC, seq DESC);
CREATE INDEX ON message(sender_term, t DESC) WHERE sender_term IS NOT NULL;
CREATE INDEX ON message(sender_domain_term, t DESC) WHERE sender_domain_term IS NOT NULL;
CREATE INDEX ON message(message_id_term, t DESC) WHERE message_id_term IS NOT NULL;
CREATE INDEX ON message(queue_id_term, t DESC) WHERE queue_id_term IS NOT NULL;
CREATE INDEX ON message(client_term, t DESC) WHERE client_term IS NOT NULL;
CREATE TABLE recipient(
  t bigint NOT NULL, seq bigint NOT NULL, message bigint NOT NULL, status_time bigint, address_term integer,
  domain_term integer, host smallint NOT NULL, status smallint NOT NULL, address text, outbound_connector text,
  originals bytea) PARTITION BY RANGE (t);
CREATE INDEX ON recipient(host, seq);
CREATE INDEX ON recipient(address_term, t DESC) WHERE address_term IS NOT NULL;
CREATE INDEX ON recipient(domain_term, t DESC) WHERE domain_term IS NOT NULL;
CREATE TABLE delivery(
  t bigint NOT NULL, message bigint NOT NULL, seq bigint, time bigint NOT NULL, delay bigint NOT NULL,
  host smallint NOT NULL, status smallint NOT NULL, protection smallint, queue_id text, address text, relay text,
  enhanced text, tls text, text text, times text, originals bytea) PARTITION BY RANGE (t);
CREATE INDEX ON delivery(host, message);
CREATE TABLE child(
  t bigint NOT NULL, message bigint NOT NULL, time bigint NOT NULL, host smallint NOT NULL, queue_id text,
  originals bytea) PARTITION BY RANGE (t);
CREATE INDEX ON child(host, message);
CREATE TABLE term(
  t bigint NOT NULL, seq bigint NOT NULL, term integer NOT NULL, host smallint NOT NULL) PARTITION BY RANGE (t);
CREATE INDEX ON term(term, t DESC);
CREATE TABLE dictionary(
  host smallint NOT NULL, epoch smallint NOT NULL, kind smallint NOT NULL, number bigint NOT NULL, text text NOT NULL,
  originals bytea, PRIMARY KEY (host, epoch, kind, number));
CREATE TABLE volume(
  hour bigint NOT NULL, host smallint NOT NULL, direction smallint NOT NULL, connector text NOT NULL,
  outbound_connector text NOT NULL, tls text NOT NULL, action smallint NOT NULL, messages bigint NOT NULL,
  recipients bigint NOT NULL, bytes bigint NOT NULL,
  PRIMARY KEY (hour, host, direction, connector, outbound_connector, tls, action)) WITH (fillfactor = 50);
CREATE TABLE rule_volume(
  hour bigint NOT NULL, host smallint NOT NULL, pattern text NOT NULL, messages bigint NOT NULL,
  recipients bigint NOT NULL, bytes bigint NOT NULL, PRIMARY KEY (hour, host, pattern)) WITH (fillfactor = 50);
CREATE TABLE delivery_volume(
  hour bigint NOT NULL, host smallint NOT NULL, protection smallint NOT NULL, deliveries bigint NOT NULL,
  PRIMARY KEY (hour, host, protection)) WITH (fillfactor = 50);
CREATE TABLE rejected(
  host smallint NOT NULL, epoch smallint NOT NULL, seq bigint NOT NULL, is_report boolean NOT NULL,
  reason text NOT NULL, content bytea NOT NULL, at timestamptz NOT NULL DEFAULT now());

-- A table is made by itself and then attached, which waits for nobody who reads or inserts.
CREATE FUNCTION make_trace_day(day bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = connectord, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  parent text;
  made text;
  day_ms constant bigint := 86400000;
BEGIN
  PERFORM pg_advisory_xact_lock(1668247156, day::integer);
  FOREACH parent IN ARRAY ARRAY['message', 'recipient', 'delivery', 'child', 'term'] LOOP
    made := parent || '_' || to_char(to_timestamp(day * 86400) AT TIME ZONE 'UTC', 'YYYYMMDD');
    IF to_regclass('connectord.' || made) IS NOT NULL THEN CONTINUE; END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (fillfactor = %s)', made, parent,
                   CASE parent WHEN 'recipient' THEN 85 ELSE 100 END);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, made, day * day_ms,
                   (day + 1) * day_ms);
  END LOOP;
END $$;

-- One day that is older than what any host wants kept, if there is one: its number. NULL: none, or another host is
-- at it.
CREATE FUNCTION remove_trace_day() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = connectord, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
  parent text;
  made text;
  oldest text;
  before bigint;
  day_ms constant bigint := 86400000;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7166182913) THEN RETURN NULL; END IF;
  FOR parent, made IN SELECT p.relname, c.relname FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
      JOIN pg_class c ON c.oid = i.inhrelid
      WHERE p.relnamespace = 'connectord'::regnamespace AND i.inhdetachpending LOOP
    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I FINALIZE', parent, made);
    EXECUTE format('DROP TABLE %I', made);
  END LOOP;
  SELECT (extract(epoch FROM now()) * 1000)::bigint - max(keep) INTO before FROM source;
  IF before IS NULL THEN RETURN NULL; END IF;
  DELETE FROM volume WHERE hour < before / 3600000;
  DELETE FROM rule_volume WHERE hour < before / 3600000;
  DELETE FROM delivery_volume WHERE hour < before / 3600000;
  SELECT min(right(c.relname, 8)) INTO oldest FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('message'::regclass, 'recipient'::regclass, 'delivery'::regclass, 'child'::regclass,
                          'term'::regclass);
  IF oldest IS NULL OR oldest >= to_char(to_timestamp(before / 1000) AT TIME ZONE 'UTC', 'YYYYMMDD') THEN
    RETURN NULL;
  END IF;
  FOREACH parent IN ARRAY ARRAY['message', 'recipient', 'delivery', 'child', 'term'] LOOP
    made := parent || '_' || oldest;
    IF to_regclass('connectord.' || made) IS NULL THEN CONTINUE; END IF;
    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, made);
    EXECUTE format('DROP TABLE %I', made);
  END LOOP;
  RETURN (to_date(oldest, 'YYYYMMDD') - DATE '1970-01-01')::bigint;
END $$;

REVOKE ALL ON FUNCTION make_trace_day(bigint), remove_trace_day() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_trace_day(bigint), remove_trace_day() TO connectord_ingest;
GRANT SELECT ON source, message, recipient, delivery, child, term, dictionary, volume, rule_volume, delivery_volume, rejected
  TO connectord_admin, connectord_ingest, connectord_read;
GRANT INSERT, UPDATE ON source, message, recipient, volume, rule_volume, delivery_volume TO connectord_ingest;
GRANT INSERT ON delivery, child, term, dictionary, rejected TO connectord_ingest;
)";

}  // namespace connectord::fleet
