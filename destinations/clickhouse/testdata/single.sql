CREATE TABLE IF NOT EXISTS "_prickle_migrations"
(
	version UInt32,
	applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY version
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS "_prickle_cursors"
(
	source String,
	cursor String CODEC(ZSTD(3)),
	updated_at DateTime64(3, 'UTC'),
	version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY source
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS "_prickle_tables"
(
	source String,
	stream String,
	table_name String,
	version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source, stream)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS "_prickle_columns"
(
	table_name String,
	field String,
	column_name String,
	type String,
	position UInt32,
	changing Bool,
	version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (table_name, field)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS "events__rows"
(
	project_id UInt32 CODEC(ZSTD(1)),
	uuid UUID CODEC(ZSTD(1)),
	event LowCardinality(String) CODEC(ZSTD(1)),
	distinct_id String CODEC(ZSTD(1)),
	person_id UUID CODEC(ZSTD(1)),
	timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
	properties String CODEC(ZSTD(3)),
	session_id String CODEC(ZSTD(1)),
	groups String CODEC(ZSTD(1)),
	source LowCardinality(String) CODEC(ZSTD(1)),
	lib LowCardinality(String) CODEC(ZSTD(1)),
	lib_version LowCardinality(String) CODEC(ZSTD(1)),
	country LowCardinality(String) CODEC(ZSTD(1)),
	browser LowCardinality(String) CODEC(ZSTD(1)),
	os LowCardinality(String) CODEC(ZSTD(1)),
	device LowCardinality(String) CODEC(ZSTD(1)),
	host LowCardinality(String) CODEC(ZSTD(1)),
	path String CODEC(ZSTD(1)),
	utm_source LowCardinality(String) CODEC(ZSTD(1)),
	utm_medium LowCardinality(String) CODEC(ZSTD(1)),
	utm_campaign String CODEC(ZSTD(1)),
	utm_content String CODEC(ZSTD(1)),
	utm_term String CODEC(ZSTD(1)),
	received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
	inserted_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
	version UInt64 CODEC(Delta, ZSTD(1)),
	INDEX by_distinct_id distinct_id TYPE bloom_filter(0.01) GRANULARITY 4,
	INDEX by_session_id session_id TYPE bloom_filter(0.01) GRANULARITY 4,
	INDEX by_uuid uuid TYPE bloom_filter(0.01) GRANULARITY 4,
	INDEX by_received_at received_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(timestamp)
PRIMARY KEY (project_id, toDate(timestamp), event, cityHash64(distinct_id))
ORDER BY (project_id, toDate(timestamp), event, cityHash64(distinct_id), uuid)
SAMPLE BY cityHash64(distinct_id)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;

CREATE OR REPLACE VIEW "events" AS
SELECT project_id, uuid, event, distinct_id, person_id, timestamp, properties, session_id, groups, source, lib, lib_version, country, browser, os, device, host, path, utm_source, utm_medium, utm_campaign, utm_content, utm_term, received_at, inserted_at
FROM "events__rows" FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

CREATE TABLE IF NOT EXISTS "shop_items__rows"
(
	_sync_key String CODEC(ZSTD(1)),
	"id" Nullable(String),
	"it_s" Nullable(String) CODEC(ZSTD(3)),
	_sync_version UInt64 CODEC(Delta, ZSTD(1)),
	_sync_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
	_sync_deleted Bool CODEC(ZSTD(1)),
	_sync_deleted_at Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
	_sync_hash UInt64 CODEC(ZSTD(1)),
	_sync_extra Nullable(String) CODEC(ZSTD(3)),
	_sync_raw Nullable(String) CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(_sync_version)
ORDER BY _sync_key
SETTINGS non_replicated_deduplication_window = 1000;

ALTER TABLE "shop_items__rows" ADD COLUMN IF NOT EXISTS "it_s" Nullable(String) CODEC(ZSTD(3));

ALTER TABLE "events__rows" MODIFY TTL toDateTime(least(greatest(timestamp, toDateTime64('1970-01-02', 3, 'UTC')), toDateTime64('2099-01-01', 3, 'UTC'))) + toIntervalDay(0);

CREATE OR REPLACE VIEW "shop_items__all" AS
SELECT "id", "it_s", _sync_key, _sync_version, _sync_at, _sync_deleted, _sync_deleted_at, _sync_hash, _sync_extra, _sync_raw
FROM "shop_items__rows" FINAL;

CREATE OR REPLACE VIEW "shop_items" AS
SELECT "id", "it_s", _sync_key, _sync_at, _sync_extra
FROM "shop_items__rows" FINAL
WHERE NOT _sync_deleted;

CREATE OR REPLACE VIEW "person_distinct_ids__all" AS
SELECT "distinct_id", "person_id", _sync_key, _sync_version, _sync_at, _sync_deleted, _sync_deleted_at, _sync_hash, _sync_extra, _sync_raw
FROM "person_distinct_ids__rows" FINAL;

CREATE OR REPLACE VIEW "person_distinct_ids" AS
SELECT "distinct_id", "person_id", _sync_key, _sync_at, _sync_extra
FROM "person_distinct_ids__rows" FINAL
WHERE NOT _sync_deleted;

CREATE OR REPLACE VIEW "events_by_person" AS
SELECT e.project_id AS project_id, e.uuid AS uuid, e.event AS event, e.distinct_id AS distinct_id, ifNull(toUUIDOrNull(m.person_id), e.person_id) AS person_id, e.timestamp AS timestamp, e.properties AS properties, e.session_id AS session_id, e.groups AS groups, e.source AS source, e.lib AS lib, e.lib_version AS lib_version, e.country AS country, e.browser AS browser, e.os AS os, e.device AS device, e.host AS host, e.path AS path, e.utm_source AS utm_source, e.utm_medium AS utm_medium, e.utm_campaign AS utm_campaign, e.utm_content AS utm_content, e.utm_term AS utm_term, e.received_at AS received_at, e.inserted_at AS inserted_at
FROM "events" AS e
LEFT JOIN "person_distinct_ids" AS m ON m.distinct_id = e.distinct_id
SETTINGS join_use_nulls = 0;

SELECT DISTINCT hash, _sync_version < _sync_last
FROM "shop_items__rows"
INNER JOIN (SELECT _sync_key AS _sync_past, _sync_version AS _sync_last FROM "shop_items__rows" FINAL WHERE (past) LIMIT 100000) AS p ON _sync_key = _sync_past
WHERE _sync_version <= _sync_last;

DELETE FROM "shop_items__rows" WHERE hash IN ('A1', 'B2');
