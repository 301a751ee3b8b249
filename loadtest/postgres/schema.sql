-- The same town in PostgreSQL: places, rules, people, and what happened.
--
-- Times are UTC ms, temperatures tenths of a degree, as on the wire of the gate.
-- The 64-bit IDs of people, scans and passes are stored as bigint, bit for bit.
-- Of an event only what is asked for has an index: the repeat, a person's trail, a
-- gate's window. Nothing of events refers to other tables by a foreign key: each
-- would lock a row of a gate or a device that all scans there share.

CREATE TYPE decision AS ENUM ('pass', 'deny', 'remeasure', 'incomplete');
CREATE TYPE action AS ENUM ('admit', 'measure_again', 'register', 'hold_here', 'escort', 'send_back', 'disinfect');

CREATE TABLE site (
  num            integer PRIMARY KEY,
  code           text NOT NULL UNIQUE,
  kind           text NOT NULL,
  closed         boolean NOT NULL,
  residents_only boolean NOT NULL,
  opens_at       time,              -- with closes_at; null: always open
  closes_at      time,              -- may lie past midnight
  measure_in     boolean NOT NULL,  -- a temperature is asked for on the way in
  measure_out    boolean NOT NULL,
  fever_line     smallint NOT NULL, -- at or above: fever
  low_line       smallint NOT NULL, -- below: measure again
  remeasure_ms   integer NOT NULL,  -- how long a first reading waits for the second
  low_again      smallint NOT NULL, -- 0 off, 1 warn, 2 deny; so are the next two
  anti_passback  smallint NOT NULL,
  replayed_pass  smallint NOT NULL,
  outings        smallint NOT NULL, -- of a household in outing_days local days, 0: no limit
  outing_days    smallint NOT NULL,
  disinfection   boolean NOT NULL
);

-- The decision table: status × site kind × direction × own home, once for sites
-- as they are and once for those that only residents may enter.
CREATE TABLE rule (
  kind           text NOT NULL,
  entering       boolean NOT NULL,
  residents_only boolean NOT NULL,
  status         text NOT NULL,
  own            boolean NOT NULL,
  decision       decision NOT NULL,
  reason         text NOT NULL,
  action         action NOT NULL,
  flags          integer NOT NULL,
  PRIMARY KEY (kind, entering, residents_only, status, own)
);

-- What the reasons mean, for the guard's screen.
CREATE TABLE reason (
  name text PRIMARY KEY,
  zh   text NOT NULL,
  en   text NOT NULL
);

-- A device is bound to one gate for good, so the site stands beside it.
CREATE TABLE device (
  num        integer PRIMARY KEY,
  token_hash bytea NOT NULL UNIQUE, -- SHA-256
  gate       integer NOT NULL,
  site       integer NOT NULL REFERENCES site,
  revoked    boolean NOT NULL DEFAULT false
);

-- A person and where they stand: what every scan reads and most scans change. No
-- column that a scan changes has an index, and a page keeps room for new versions:
-- updates stay on their page and touch no index (HOT).
CREATE TABLE person (
  id            bigint PRIMARY KEY,
  status        text NOT NULL,
  generation    integer NOT NULL,   -- of passes; one of another generation is revoked
  home          integer,
  household     bigint,
  name_masked   text NOT NULL,
  kind          text NOT NULL,
  fever_case    bigint,             -- scan that opened it, null: no open one
  last_way      "char",             -- of the last passage: i in, o out, x out though refused
  last_at       bigint,
  last_site     integer,
  last_gate     integer,
  last_jti      bigint,             -- of the app pass that entered, null if none
  reading       "char",             -- h or l: a first reading that waits for the second
  reading_at    bigint,
  reading_site  integer,
  reading_scan  bigint
) WITH (fillfactor = 70);

CREATE TABLE event (
  person      bigint NOT NULL,
  occurred_at bigint NOT NULL,
  recorded_at bigint NOT NULL,
  scan        bigint NOT NULL,      -- first 64 bits of SHA-256 of the device's ID for the scan
  device      integer NOT NULL,
  gate        integer NOT NULL,
  digest      integer NOT NULL,     -- of what a client may not change under one ID
  flags       integer NOT NULL,
  temperature smallint,
  method      smallint NOT NULL,
  who         smallint NOT NULL,
  entering    boolean NOT NULL,
  decision    decision NOT NULL,
  action      action NOT NULL,
  reason      text NOT NULL
);
-- By device and time first: a device's scans come in order, so that inserting
-- goes to the same few leaves.
CREATE UNIQUE INDEX event_once ON event (device, occurred_at, scan);
CREATE INDEX event_trail ON event (person, occurred_at);
CREATE INDEX event_gate ON event (gate, occurred_at);

-- Refusals of whom nobody knows.
CREATE TABLE refusal (LIKE event INCLUDING DEFAULTS);
ALTER TABLE refusal DROP COLUMN person;
CREATE UNIQUE INDEX refusal_once ON refusal (device, occurred_at, scan);
CREATE INDEX refusal_gate ON refusal (gate, occurred_at);

-- Exits that count against a household's limit.
CREATE TABLE outing (
  household   bigint NOT NULL,
  occurred_at bigint NOT NULL,
  scan        bigint NOT NULL,
  PRIMARY KEY (household, occurred_at, scan)
);
