-- scan decides one scan and records it: the rules of a gate in the order in which
-- GET /v1/rules/table publishes them, in one transaction and one round trip.
--
-- A function and not one statement with CTEs: that would have to be read inside
-- out, and costs as much (350 µs against 330 for three statements in a function, on
-- a busy machine). Not several statements from the client either: 410 µs, and a
-- round trip while the person's row is locked. In PL/pgSQL every expression is set
-- up anew in every transaction, so facts are gathered in the query, where an
-- expression costs a tenth, and the common case runs through few of them.
--
-- First it locks the person, so that two gates agree who came first. That the same
-- scan is on record already shows when it is inserted: one descent of the index,
-- where asking before would take two. Its stored answer is given then, and nothing
-- has been written.
CREATE FUNCTION scan(
  _device integer, _scan bigint, _at bigint, _now bigint, _digest integer,
  _person bigint, _entering boolean, _who smallint,
  _void text,             -- why the pass is out of date (expired, not_yet_valid), null: it is not
  _generation integer,    -- of the pass, null: none was shown
  _jti bigint,            -- of an app pass, null: none
  _temperature smallint,  -- null: not taken
  _method smallint,
  _first bigint,          -- scan of the first reading, null: any
  _undisinfected boolean, -- there is a vehicle, and it is not disinfected
  _exempt boolean,        -- the errand does not count as an outing
  _fresh boolean,         -- occurred_at may still be recorded
  OUT outcome text,       -- new, again; other, time, revoked, unknown: with nulls
  OUT decision decision, OUT reason text, OUT action action, OUT flags integer, OUT recorded_at bigint,
  OUT name_masked text, OUT kind text, OUT home integer
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  -- Facts.
  void text;
  revoked boolean;
  gate integer;
  site integer;
  household bigint;
  own boolean;
  inside boolean;                -- of this site, by the last passage
  current boolean;               -- not older than the last passage
  last_way "char";
  last_gate integer;
  last_at bigint;
  last_jti bigint;
  fever_case bigint;
  special boolean;               -- a rule that most sites do not have may apply
  measured boolean;
  heat "char";                   -- h, l, n of the reading, - without one
  waiting "char";                -- the first reading that this may be the second of
  newest boolean;                -- the reading does not come late
  remeasure_ms integer;
  low_again smallint;
  anti_passback smallint;
  replayed_pass smallint;
  outings smallint;
  -- What is to be written besides the event.
  counts boolean := false;       -- as an outing
  keep "char";                   -- the reading, as the first one
  forget boolean := false;       -- the first reading
  new_case bigint;
BEGIN
  SELECT p.name_masked, p.kind, p.home, p.household, p.fever_case, p.last_way, p.last_gate, p.last_at, p.last_jti,
      d.gate, d.site, d.revoked, s.remeasure_ms, s.low_again, s.anti_passback, s.replayed_pass, s.outings,
      r.decision, r.reason, r.action, r.flags, r.own,
      CASE WHEN _void IS NULL AND _generation <> p.generation THEN 'revoked' ELSE _void END,
      p.last_way IS NOT DISTINCT FROM 'i' AND p.last_site = d.site,
      _at >= p.last_at,
      s.closed OR s.opens_at IS NOT NULL OR s.outings > 0 OR s.disinfection,
      CASE WHEN _entering THEN s.measure_in ELSE s.measure_out END,
      CASE WHEN _temperature IS NULL THEN '-' WHEN _temperature >= s.fever_line THEN 'h' WHEN _temperature < s.low_line THEN 'l' ELSE 'n' END,
      CASE WHEN _at BETWEEN p.reading_at AND p.reading_at + s.remeasure_ms AND p.reading_site = d.site
        AND p.reading_scan = coalesce(_first, p.reading_scan) THEN p.reading END,
      p.reading IS NULL OR _at >= p.reading_at
    INTO name_masked, kind, home, household, fever_case, last_way, last_gate, last_at, last_jti,
      gate, site, revoked, remeasure_ms, low_again, anti_passback, replayed_pass, outings,
      decision, reason, action, flags, own, void, inside, current, special, measured, heat, waiting, newest
    FROM person p
      JOIN device d ON d.num = _device
      JOIN site s ON s.num = d.site
      JOIN rule r ON r.kind = s.kind AND r.entering = _entering AND r.residents_only = s.residents_only
        AND r.status = p.status AND r.own = (p.home IS NOT DISTINCT FROM s.num)
    WHERE p.id = _person
    FOR UPDATE OF p;
  IF NOT FOUND THEN
    outcome := 'unknown';
    RETURN;
  END IF;

  IF revoked OR NOT _fresh THEN -- only what is on record already is answered
    SELECT CASE WHEN e.digest = _digest THEN 'again' ELSE 'other' END, e.decision, e.reason, e.action, e.flags, e.recorded_at
      INTO outcome, decision, reason, action, flags, recorded_at
      FROM event e WHERE e.device = _device AND e.occurred_at = _at AND e.scan = _scan;
    IF NOT FOUND THEN
      outcome := CASE WHEN revoked THEN 'revoked' ELSE 'time' END;
    END IF;
    RETURN;
  END IF;

  -- The table has spoken; now the pass. One out of date or revoked is the answer,
  -- save where the table refuses somebody who has to stay at home.
  IF void IS NOT NULL THEN
    IF reason NOT IN ('status_red', 'quarantine') THEN
      flags := 0;
    END IF;
    IF decision <> 'deny' OR reason NOT IN ('status_red', 'quarantine') THEN
      decision := 'deny'; reason := void; action := 'register';
    END IF;
  END IF;

  -- Whoever has an open fever case is seen home, and stays there until fetched.
  IF fever_case IS NOT NULL THEN
    flags := flags | 32768; -- fever_case
    IF decision = 'pass' AND own = _entering THEN
      action := 'escort';
    ELSIF decision = 'pass' THEN
      decision := 'deny'; reason := 'fever'; action := 'hold_here';
    END IF;
  END IF;

  IF special AND decision = 'pass' THEN
    SELECT v.* INTO decision, reason, action, flags, counts
      FROM place_rules(site, _at, _entering, own, household, _undisinfected, _exempt, reason, action, flags) v;
  END IF;

  -- The temperature. A first high or low reading asks for a second one within the
  -- window, at the same site. High readings count for people refused, too.
  IF heat <> 'n' OR waiting IS NOT NULL THEN
    IF heat = '-' THEN
      IF measured AND decision = 'pass' THEN
        decision := 'incomplete'; reason := 'temperature_required'; action := 'measure_again';
      END IF;
    ELSIF heat = 'h' THEN
      flags := flags | 128; -- temperature_high
      IF waiting = 'h' THEN
        action := 'hold_here'; forget := true;
        IF fever_case IS NULL THEN
          new_case := _scan;
        END IF;
        IF decision = 'pass' THEN
          decision := 'deny'; reason := 'fever';
        END IF;
      ELSE
        IF newest THEN
          keep := 'h';
        END IF;
        action := 'measure_again';
        IF decision = 'pass' THEN
          decision := 'remeasure'; reason := 'remeasure';
        END IF;
      END IF;
    ELSIF heat = 'l' THEN
      IF waiting = 'l' THEN
        forget := true;
        IF low_again > 0 THEN
          flags := flags | 64; -- temperature_low
        END IF;
        IF low_again = 2 AND decision = 'pass' AND NOT own THEN
          decision := 'deny'; reason := 'temperature_low'; action := 'register';
        END IF;
      ELSIF decision = 'pass' THEN
        IF waiting IS NULL AND newest THEN
          keep := 'l';
        END IF;
        decision := 'remeasure'; reason := 'temperature_low'; action := 'measure_again';
      END IF;
    ELSE
      forget := true;
      IF waiting = 'h' THEN
        flags := flags | 32; -- remeasured
      END IF;
    END IF;
  END IF;

  -- Where the person was last, as far as this scan is not older than that. Whoever
  -- left although refused and shows a good pass a moment later has not left twice.
  IF current AND decision = 'pass' AND (_entering = inside OR _entering AND last_way = 'i') THEN
    IF anti_passback > 0 AND _entering AND inside THEN
      IF anti_passback = 2 AND NOT own THEN
        decision := 'deny'; reason := 'already_inside'; action := 'send_back';
      ELSE
        flags := flags | 4; -- already_inside
      END IF;
    ELSIF anti_passback > 0 AND NOT _entering AND NOT inside
        AND NOT (last_way = 'x' AND last_gate = gate AND _at <= last_at + remeasure_ms) THEN
      IF anti_passback = 2 THEN
        decision := 'deny'; reason := 'not_inside'; action := 'register';
      ELSE
        flags := flags | 8; -- not_inside
      END IF;
    END IF;
    IF replayed_pass > 0 AND decision = 'pass' AND _entering AND _jti = last_jti AND last_way = 'i' AND last_gate <> gate THEN
      IF replayed_pass = 2 AND NOT own THEN
        decision := 'deny'; reason := 'replayed_pass'; action := 'register';
      ELSE
        flags := flags | 16; -- replayed_pass
      END IF;
    END IF;
  END IF;

  INSERT INTO event (person, occurred_at, recorded_at, scan, device, gate, digest, flags, temperature, method, who, entering, decision, action, reason)
    VALUES (_person, _at, _now, _scan, _device, gate, _digest, flags, _temperature, _method, _who, _entering, decision, action, reason)
    ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT CASE WHEN e.digest = _digest THEN 'again' ELSE 'other' END, e.decision, e.reason, e.action, e.flags, e.recorded_at
      INTO outcome, decision, reason, action, flags, recorded_at
      FROM event e WHERE e.device = _device AND e.occurred_at = _at AND e.scan = _scan;
    RETURN;
  END IF;
  outcome := 'new'; recorded_at := _now;

  IF (decision = 'pass' OR NOT _entering AND action = 'register') AND current IS NOT FALSE THEN
    UPDATE person SET last_way = CASE WHEN _entering THEN 'i' WHEN decision = 'pass' THEN 'o' ELSE 'x' END,
        last_at = _at, last_site = site, last_gate = gate, last_jti = CASE WHEN _entering THEN _jti END,
        reading = CASE WHEN NOT forget THEN reading END
      WHERE id = _person;
  ELSIF forget THEN
    UPDATE person SET reading = NULL, fever_case = coalesce(new_case, person.fever_case) WHERE id = _person;
  END IF;
  IF keep IS NOT NULL THEN
    UPDATE person SET reading = keep, reading_at = _at, reading_site = site, reading_scan = _scan WHERE id = _person;
  END IF;
  IF counts AND decision = 'pass' THEN
    INSERT INTO outing VALUES (household, _at, _scan);
  END IF;
END $$;

-- refuse records a scan of whom nobody knows. It answers as scan does.
CREATE FUNCTION refuse(
  _device integer, _scan bigint, _at bigint, _now bigint, _digest integer, _entering boolean, _who smallint,
  _reason text, _temperature smallint, _method smallint,
  OUT outcome text, OUT decision decision, OUT reason text, OUT action action, OUT flags integer, OUT recorded_at bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  outcome := 'new'; decision := 'deny'; reason := _reason; flags := 0; recorded_at := _now;
  action := CASE WHEN _reason IN ('unknown_person', 'not_our_pass', 'malformed') THEN 'register' ELSE 'send_back' END;
  INSERT INTO refusal (occurred_at, recorded_at, scan, device, gate, digest, flags, temperature, method, who, entering, decision, action, reason)
    SELECT _at, _now, _scan, _device, d.gate, _digest, 0, _temperature, _method, _who, _entering, decision, action, _reason
      FROM device d WHERE d.num = _device
    ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT CASE WHEN e.digest = _digest THEN 'again' ELSE 'other' END, e.decision, e.reason, e.action, e.flags, e.recorded_at
      INTO outcome, decision, reason, action, flags, recorded_at
      FROM refusal e WHERE e.device = _device AND e.occurred_at = _at AND e.scan = _scan;
  END IF;
END $$;

-- place_rules are the rules of a site that most sites do not have, for somebody whom
-- all rules before them let pass: closed, hours, outings, disinfection.
CREATE FUNCTION place_rules(
  _site integer, _at bigint, _entering boolean, _own boolean, _household bigint, _undisinfected boolean, _exempt boolean,
  _reason text, _action action, _flags integer,
  OUT decision decision, OUT reason text, OUT action action, OUT flags integer, OUT counts boolean
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  s site;
BEGIN
  SELECT * INTO s FROM site WHERE num = _site;
  decision := 'pass'; reason := _reason; action := _action; flags := _flags; counts := false;
  -- Nobody is locked out of their home.
  IF _entering AND (s.closed OR NOT open_at(_at, s.opens_at, s.closes_at)) THEN
    IF _own THEN
      flags := flags | 8192; -- outside_hours
    ELSE
      decision := 'deny'; action := 'send_back';
      reason := CASE WHEN s.closed THEN 'site_closed' ELSE 'outside_hours' END;
    END IF;
  END IF;
  -- The household's outings, counted by one of its people at a time: two who leave
  -- at the same moment cannot both be the last one.
  IF s.outings > 0 AND _own AND NOT _entering AND NOT _exempt THEN
    PERFORM pg_advisory_xact_lock(_household);
    counts := true;
    IF (SELECT count(*) FROM outing o WHERE o.household = _household
        AND o.occurred_at BETWEEN outings_since(_at, s.outing_days) AND _at) >= s.outings THEN
      decision := 'deny'; reason := 'quota'; action := 'send_back';
    END IF;
  END IF;
  IF s.disinfection AND _entering AND _undisinfected AND decision = 'pass' THEN
    decision := 'incomplete'; reason := 'disinfection_required'; action := 'disinfect';
  END IF;
END $$;

-- open_at tells whether a moment lies in a site's hours, by the clock of the place.
CREATE FUNCTION open_at(_at bigint, opens_at time, closes_at time) RETURNS boolean STABLE LANGUAGE plpgsql AS $$
DECLARE
  now time := (to_timestamp(_at / 1000.0) AT TIME ZONE 'Asia/Shanghai')::time;
BEGIN
  IF opens_at IS NULL THEN
    RETURN true;
  ELSIF opens_at <= closes_at THEN
    RETURN opens_at <= now AND now < closes_at;
  END IF;
  RETURN now >= opens_at OR now < closes_at;
END $$;

-- outings_since is the start of the days, today included, whose outings count.
CREATE FUNCTION outings_since(_at bigint, days integer) RETURNS bigint STABLE LANGUAGE sql AS $$
  SELECT (extract(epoch FROM (date_trunc('day', to_timestamp(_at / 1000.0) AT TIME ZONE 'Asia/Shanghai')
    - make_interval(days => days - 1)) AT TIME ZONE 'Asia/Shanghai') * 1000)::bigint
$$;
