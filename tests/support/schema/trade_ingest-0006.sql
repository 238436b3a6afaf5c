-- Schema and data of trade-ingest at revision 0006, the last of jiangbu 0.1.0. Made by pg_dump --inserts; never edit.
--
-- PostgreSQL database dump
--



SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.log_checkpoint_follows() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    BEGIN
        IF NEW.size < (SELECT size FROM log_checkpoint ORDER BY id DESC LIMIT 1) THEN
            RAISE EXCEPTION 'a log only grows' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
CREATE FUNCTION public.log_hash_follows() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    BEGIN
        IF NEW.first <> coalesce((SELECT first + octet_length(hashes) / 32 FROM log_hash
                                  WHERE level = NEW.level ORDER BY first DESC LIMIT 1), 0) THEN
            RAISE EXCEPTION 'hashes of a level follow each other' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
CREATE FUNCTION public.log_is_whole() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    DECLARE
        numbered bigint := (SELECT next_seq FROM register_head);
        logged bigint := coalesce((SELECT size FROM log_checkpoint ORDER BY id DESC LIMIT 1), 0);
    BEGIN
        IF numbered <> logged THEN
            RAISE EXCEPTION '% entries are numbered, and % are in the log', numbered, logged
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'log_is_whole';
        END IF;
        RETURN NULL;
    END $$;
CREATE FUNCTION public.log_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        RAISE EXCEPTION 'a log only grows' USING ERRCODE = 'integrity_constraint_violation';
    END $$;


SET default_tablespace = '';

SET default_table_access_method = heap;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.exchange_total (
    exchange text NOT NULL COLLATE pg_catalog."C",
    bucket_at timestamp with time zone NOT NULL,
    amount_fen bigint NOT NULL,
    trades bigint NOT NULL,
    last_completed_at timestamp with time zone NOT NULL,
    CONSTRAINT exchange_total_trades_check CHECK ((trades >= 0))
);
CREATE TABLE public.first_purchase (
    party integer NOT NULL,
    exchange text NOT NULL COLLATE pg_catalog."C",
    number text NOT NULL COLLATE pg_catalog."C",
    completed_at timestamp with time zone NOT NULL,
    seq bigint NOT NULL
);
CREATE TABLE public.intake_day (
    exchange text NOT NULL COLLATE pg_catalog."C",
    day date NOT NULL,
    outcome text NOT NULL COLLATE pg_catalog."C",
    records bigint NOT NULL,
    amount_fen numeric(30,0) NOT NULL
);
CREATE TABLE public.listing_fact (
    exchange text NOT NULL COLLATE pg_catalog."C",
    listing_no text NOT NULL COLLATE pg_catalog."C",
    register text NOT NULL COLLATE pg_catalog."C",
    generation integer NOT NULL,
    fact_seq bigint NOT NULL,
    seq bigint NOT NULL,
    topic text NOT NULL COLLATE pg_catalog."C",
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    provider integer NOT NULL,
    listed_at timestamp with time zone NOT NULL,
    proves boolean NOT NULL,
    value bytea NOT NULL
);
CREATE TABLE public.listing_fact_past (
    exchange text NOT NULL COLLATE pg_catalog."C",
    listing_no text NOT NULL COLLATE pg_catalog."C",
    register text NOT NULL COLLATE pg_catalog."C",
    generation integer NOT NULL,
    fact_seq bigint NOT NULL,
    seq bigint NOT NULL,
    topic text NOT NULL COLLATE pg_catalog."C",
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    provider integer NOT NULL,
    listed_at timestamp with time zone NOT NULL,
    proves boolean NOT NULL,
    value bytea NOT NULL,
    replaced_by bigint NOT NULL
);
CREATE TABLE public.log_checkpoint (
    id bigint NOT NULL,
    size bigint NOT NULL,
    peaks bytea NOT NULL,
    key_id integer NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    note text NOT NULL,
    CONSTRAINT log_checkpoint_check CHECK ((octet_length(peaks) = (32 * bit_count(int8send(size))))),
    CONSTRAINT log_checkpoint_size_check CHECK ((size >= 0))
);
ALTER TABLE public.log_checkpoint ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.log_checkpoint_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.log_cosignature (
    checkpoint_id bigint NOT NULL,
    vkey text NOT NULL COLLATE pg_catalog."C",
    line text NOT NULL
);
CREATE TABLE public.log_hash (
    level smallint NOT NULL,
    first bigint NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT log_hash_first_check CHECK ((first >= 0)),
    CONSTRAINT log_hash_hashes_check CHECK (((octet_length(hashes) > 0) AND ((octet_length(hashes) % 32) = 0))),
    CONSTRAINT log_hash_level_check CHECK (((level >= 0) AND (level <= 7)))
);
ALTER TABLE ONLY public.log_hash ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TABLE public.log_key (
    id integer NOT NULL,
    vkey text NOT NULL COLLATE pg_catalog."C"
);
ALTER TABLE public.log_key ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.log_key_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.outbox (
    id bigint NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    dirty_at timestamp with time zone NOT NULL
);
ALTER TABLE public.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.party (
    id integer NOT NULL,
    scheme text NOT NULL COLLATE pg_catalog."C",
    code text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL
);
ALTER TABLE public.party ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.party_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public."position" (
    topic text NOT NULL COLLATE pg_catalog."C",
    partition integer NOT NULL,
    topic_id text NOT NULL,
    next_offset bigint NOT NULL,
    moved_at timestamp with time zone NOT NULL,
    CONSTRAINT position_next_offset_check CHECK ((next_offset >= 0)),
    CONSTRAINT position_partition_check CHECK ((partition >= 0))
);
CREATE TABLE public.provider_total (
    provider integer NOT NULL,
    exchange text NOT NULL COLLATE pg_catalog."C",
    category text NOT NULL COLLATE pg_catalog."C",
    bucket_at timestamp with time zone NOT NULL,
    amount_fen bigint NOT NULL,
    trades bigint NOT NULL,
    last_completed_at timestamp with time zone NOT NULL,
    CONSTRAINT provider_total_trades_check CHECK ((trades >= 0))
);
CREATE TABLE public.quarantine (
    id bigint NOT NULL,
    exchange text NOT NULL COLLATE pg_catalog."C",
    topic text NOT NULL COLLATE pg_catalog."C",
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    record_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    reason text NOT NULL COLLATE pg_catalog."C",
    errors jsonb NOT NULL,
    headers jsonb NOT NULL,
    value bytea,
    value_size integer
);
ALTER TABLE public.quarantine ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.register_head (
    one boolean DEFAULT true NOT NULL,
    register text NOT NULL,
    generation integer DEFAULT 1 NOT NULL,
    next_seq bigint DEFAULT 0 NOT NULL,
    settings_digest text,
    CONSTRAINT register_head_generation_check CHECK ((generation >= 1)),
    CONSTRAINT register_head_next_seq_check CHECK ((next_seq >= 0)),
    CONSTRAINT register_head_one_check CHECK (one)
);
CREATE TABLE public.settings_entry (
    seq bigint NOT NULL,
    digest text NOT NULL,
    content jsonb NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);
CREATE TABLE public.trade (
    seq bigint NOT NULL,
    "offset" bigint NOT NULL,
    amount_fen bigint NOT NULL,
    refunded_fen bigint NOT NULL,
    completed_at timestamp with time zone NOT NULL,
    record_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    revision integer NOT NULL,
    partition integer NOT NULL,
    provider integer NOT NULL,
    buyer integer NOT NULL,
    completed boolean NOT NULL,
    listed boolean NOT NULL,
    mirrored boolean NOT NULL,
    counted boolean NOT NULL,
    binary_mode boolean NOT NULL,
    exchange text NOT NULL COLLATE pg_catalog."C",
    number text NOT NULL COLLATE pg_catalog."C",
    value bytea NOT NULL,
    listing_no text COLLATE pg_catalog."C",
    headers bytea,
    CONSTRAINT trade_amount_fen_check CHECK ((amount_fen > 0)),
    CONSTRAINT trade_check CHECK (((refunded_fen >= 0) AND (refunded_fen <= amount_fen)))
);
CREATE VIEW public.trade_category AS
 SELECT t.seq,
    t.exchange,
    t.provider,
    t.completed_at,
    (t.amount_fen - t.refunded_fen) AS net_fen,
        CASE
            WHEN (NOT t.counted) THEN 'not_on_whitelist'::text
            WHEN (NOT t.completed) THEN 'cancelled'::text
            WHEN t.mirrored THEN 'mirrored'::text
            WHEN (NOT t.listed) THEN 'mode'::text
            WHEN (l.proves AND (l.provider = t.provider) AND (l.listed_at <= t.completed_at)) THEN 'counted'::text
            ELSE 'unmatched'::text
        END AS category
   FROM (public.trade t
     LEFT JOIN public.listing_fact l ON ((t.listed AND (l.exchange = t.exchange) AND (l.listing_no = t.listing_no))));
CREATE TABLE public.trade_past (
    seq bigint NOT NULL,
    "offset" bigint NOT NULL,
    amount_fen bigint NOT NULL,
    refunded_fen bigint NOT NULL,
    completed_at timestamp with time zone NOT NULL,
    record_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    revision integer NOT NULL,
    partition integer NOT NULL,
    provider integer NOT NULL,
    buyer integer NOT NULL,
    completed boolean NOT NULL,
    listed boolean NOT NULL,
    mirrored boolean NOT NULL,
    counted boolean NOT NULL,
    binary_mode boolean NOT NULL,
    exchange text NOT NULL COLLATE pg_catalog."C",
    number text NOT NULL COLLATE pg_catalog."C",
    value bytea NOT NULL,
    listing_no text COLLATE pg_catalog."C",
    headers bytea,
    replaced_by bigint,
    CONSTRAINT trade_past_amount_fen_check CHECK ((amount_fen > 0)),
    CONSTRAINT trade_past_check CHECK (((refunded_fen >= 0) AND (refunded_fen <= amount_fen)))
);
CREATE TABLE public.worker_run (
    id bigint NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ending text COLLATE pg_catalog."C",
    reason text,
    CONSTRAINT worker_run_check CHECK (((ended_at IS NULL) = (ending IS NULL))),
    CONSTRAINT worker_run_ending_check CHECK ((ending = ANY (ARRAY['stopped'::text, 'halted'::text, 'failed'::text])))
);
ALTER TABLE public.worker_run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.worker_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO public.alembic_version VALUES
	('0006');
INSERT INTO public.exchange_total VALUES
	('dcdex', '2025-09-30 16:00:00+00', 0, 1, '2025-10-14 00:00:00+00'),
	('kmdex', '2026-12-31 16:00:00+00', 0, 1, '2026-12-31 16:00:00+00'),
	('kmdex', '2025-10-14 16:00:00+00', 6172499950, 2, '2025-10-16 00:00:00+00'),
	('kmdex', '2025-09-30 16:00:00+00', 6172500000, 3, '2025-10-14 00:00:00+00'),
	('dcdex', '2025-10-14 16:00:00+00', 500100000000, 3, '2025-10-16 00:00:00+00'),
	('dcdex', '2026-02-28 16:00:00+00', 77777777, 1, '2026-03-01 02:00:00+00');
INSERT INTO public.first_purchase VALUES
	(6, 'kmdex', 'T3', '2025-10-16 00:00:00+00', 9),
	(3, 'kmdex', 'T4', '2025-10-14 00:00:00+00', 21),
	(1, 'kmdex', 'T6', '2025-10-14 00:00:00+00', 27),
	(9, 'dcdex', 'T-secret', '2026-03-01 02:00:00+00', 31);
INSERT INTO public.intake_day VALUES
	('kmdex', '2026-03-01', 'accepted', 12, 518620500000),
	('dcdex', '2026-03-01', 'accepted', 11, 1512623277777),
	('kmdex', '2026-03-01', 'not_json', 1, 0);
INSERT INTO public.listing_fact VALUES
	('kmdex', 'L1', 'r1', 1, 6, 11, 'facts.listing.v1', 0, 2, '2026-03-02 01:00:00+00', 3, '2025-10-15 08:00:00+00', true, '\x7b2267656e65726174696f6e223a312c22736571223a362c2265786368616e6765223a226b6d646578222c226c697374696e675f6e6f223a224c31222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303458222c226e616d65223a22e8999ae69e84e4b8bbe4bd9334227d2c22737461747573223a2277697468647261776e222c226c69737465645f6174223a22323032352d31302d31355431363a30303a30302e3030303030302b30383a3030222c226d6972726f726564223a747275652c22636f756e746564223a747275657d'),
	('kmdex', 'L4', 'r1', 1, 6, 12, 'facts.listing.v1', 0, 3, '2026-03-02 01:00:00+00', 7, '2026-12-31 15:59:59+00', true, '\x7b2267656e65726174696f6e223a312c22736571223a362c2265786368616e6765223a226b6d646578222c226c697374696e675f6e6f223a224c34222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d2c22737461747573223a226c6973746564222c226c69737465645f6174223a22323032362d31322d33315432333a35393a35392e3030303030302b30383a3030222c226d6972726f726564223a66616c73652c22636f756e746564223a747275657d'),
	('dcdex', 'L3', 'r1', 1, 9, 15, 'facts.listing.v1', 0, 5, '2026-03-02 01:00:00+00', 2, '2025-10-16 00:00:00+00', true, '\x7b2267656e65726174696f6e223a312c22736571223a392c2265786368616e6765223a226463646578222c226c697374696e675f6e6f223a224c33222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a2239313533303030303030303030303030314c222c226e616d65223a22e8999ae69e84e4b8bbe4bd9331227d2c22737461747573223a226c6973746564222c226c69737465645f6174223a22323032352d31302d31365430383a30303a30302e3030303030302b30383a3030222c226d6972726f726564223a66616c73652c22636f756e746564223a747275657d'),
	('kmdex', 'L2', 'r1', 1, 11, 17, 'facts.listing.v1', 0, 6, '2026-03-02 01:00:00+00', 1, '2025-10-15 00:00:00+00', true, '\x7b2267656e65726174696f6e223a312c22736571223a31312c2265786368616e6765223a226b6d646578222c226c697374696e675f6e6f223a224c32222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303048222c226e616d65223a22e8999ae69e84e4b8bbe4bd9330227d2c22737461747573223a226c6973746564222c226c69737465645f6174223a22323032352d31302d31355430383a30303a30302e3030303030302b30383a3030222c226d6972726f726564223a66616c73652c22636f756e746564223a747275657d'),
	('dcdex', 'L2', 'r1', 1, 12, 24, 'facts.listing.v1', 0, 7, '2026-03-02 01:00:00+00', 7, '2025-10-15 00:00:00+00', true, '\x7b2267656e65726174696f6e223a312c22736571223a31322c2265786368616e6765223a226463646578222c226c697374696e675f6e6f223a224c32222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d2c22737461747573223a2277697468647261776e222c226c69737465645f6174223a22323032352d31302d31355430383a30303a30302e3030303030302b30383a3030222c226d6972726f726564223a66616c73652c22636f756e746564223a747275657d');
INSERT INTO public.listing_fact_past VALUES
	('kmdex', 'L4', 'r1', 1, 3, 8, 'facts.listing.v1', 0, 1, '2026-03-02 01:00:00+00', 7, '2025-10-14 16:00:00+00', true, '\x7b2267656e65726174696f6e223a312c22736571223a332c2265786368616e6765223a226b6d646578222c226c697374696e675f6e6f223a224c34222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d2c22737461747573223a226c6973746564222c226c69737465645f6174223a22323032352d31302d31355430303a30303a30302e3030303030302b30383a3030222c226d6972726f726564223a66616c73652c22636f756e746564223a747275657d', 12),
	('dcdex', 'L2', 'r1', 1, 2, 4, 'facts.listing.v1', 0, 0, '2026-03-02 01:00:00+00', 1, '2026-12-31 15:59:59+00', true, '\x7b2267656e65726174696f6e223a312c22736571223a322c2265786368616e6765223a226463646578222c226c697374696e675f6e6f223a224c32222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303048222c226e616d65223a22e8999ae69e84e4b8bbe4bd9330227d2c22737461747573223a226c6973746564222c226c69737465645f6174223a22323032362d31322d33315432333a35393a35392e3030303030302b30383a3030222c226d6972726f726564223a66616c73652c22636f756e746564223a747275657d', 14),
	('dcdex', 'L2', 'r1', 1, 9, 14, 'facts.listing.v1', 0, 4, '2026-03-02 01:00:00+00', 7, '2025-10-15 16:00:00+00', true, '\x7b2267656e65726174696f6e223a312c22736571223a392c2265786368616e6765223a226463646578222c226c697374696e675f6e6f223a224c32222c2270726f7669646572223a7b2269645f736368656d65223a2275736363222c226964223a22393135333030303030303030303030303354222c226e616d65223a22e8999ae69e84e4b8bbe4bd9333227d2c22737461747573223a226c6973746564222c226c69737465645f6174223a22323032352d31302d31365430303a30303a30302e3030303030302b30383a3030222c226d6972726f726564223a747275652c22636f756e746564223a747275657d', 24);
INSERT INTO public.log_checkpoint OVERRIDING SYSTEM VALUE VALUES
	(1, 0, '\x', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
0
47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=

— example.org/tests/trades/r1/1 gn/nAtpf/FwWPHh0PdIJ+wPKFinFAt27lMWL1Bfnc+fLhldDVCAPL5SHo85mLpDz4bu1ofS6TSiv3UsIQoyodPfKkAc=
'),
	(2, 1, '\x632a30c34e43dadf7d28bf7b559053af7060d8d4468dfd90510f75c60170bae2', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
1
Yyoww05D2t99KL97VZBTr3Bg2NRGjf2QUQ91xgFwuuI=

— example.org/tests/trades/r1/1 gn/nAhDJxs5/h6tONggV8FhDJuH7PKCfzUY1KkriLI/JkaV7u0Cr0o+bBPSTDp3snjKu71VapNafioLMgh1qTRC2dAo=
'),
	(3, 2, '\x6a8274422c12899b4c108bc54cdb85057a19a8a8079c15a3faaca748202d7a9f', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
2
aoJ0QiwSiZtMEIvFTNuFBXoZqKgHnBWj+qynSCAtep8=

— example.org/tests/trades/r1/1 gn/nAv5gJPHTimohhlfmjylySr/VTPmrJDHxcIusfjLNYl+Eb98fKPVf2wQ9UYNOX2RdROp7oFDYnO0svjJxF/wRQA0=
'),
	(4, 4, '\xec84b197578267216293ee188e7bd30ed8fdab292dfcf3855241f5d8729add65', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
4
7ISxl1eCZyFik+4YjnvTDtj9qykt/POFUkH12HKa3WU=

— example.org/tests/trades/r1/1 gn/nApOldoRB+13RdH8ACDWSFqcqbrdaxzdgJqpb8anLgQFvUFWr8O/sU2helNOw8QAcP1shbKAsCzNnsbl06AJopAo=
'),
	(5, 5, '\xec84b197578267216293ee188e7bd30ed8fdab292dfcf3855241f5d8729add65c5dd39b78f28bcf572f5756594ccba3abf9479f6a0befdb0e9f0dacf263a579d', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
5
zcbrYwklo4gMf3UaqlL6ixazjtROIncQ/+wgun7/HCc=

— example.org/tests/trades/r1/1 gn/nAmQD+qOtqKOQclPp14/FL9ck0YxMawxbmudq54ONFmqN//g6VrBDqxC+xQDrKt6uofEhKyluoJ8Q0IAvarWpdAU=
'),
	(6, 6, '\xec84b197578267216293ee188e7bd30ed8fdab292dfcf3855241f5d8729add65adb0e95afb5782b98834f6643a5f5553d17fe78ddebe3e4ae56378b1d9ab90d0', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
6
aInEpKIcd8lKZ5pg0lLlWoI4081lpZ3vukR7tLKXyS8=

— example.org/tests/trades/r1/1 gn/nAtR60ObfB77uh3fnCIaz35X/RWLjfyr6Fw2SNaYX0YIqIj1QxGG1yDTKqdS8b3isdnBnrPBh9nPfzKnb82R7wgs=
'),
	(7, 8, '\x5917b11871dd1af1ae19aa02a1d38611207065323c6008727288d29b0c40b30d', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
8
WRexGHHdGvGuGaoCodOGESBwZTI8YAhycojSmwxAsw0=

— example.org/tests/trades/r1/1 gn/nAmljYqhilhm+uKrFl0Kwd9XdcLeeTUvI8HvucKnqawycOhDUyBf2q9G/vukYRfHwa2Pd7sQ40EJHVEmMPtqenQY=
'),
	(8, 9, '\x5917b11871dd1af1ae19aa02a1d38611207065323c6008727288d29b0c40b30d0cffeccba5d074bc81367ce70b9290fe58c0d2efd602160ccb6034c37509e17b', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
9
x8Nz6X9eJxl7crGyqo00u60vLydCYTme3+MSJu/I+lE=

— example.org/tests/trades/r1/1 gn/nAt3N52iT5oeT1Y0OOcfdVGL1NRwvECmGokt81VjrqflcYItapxFNg7vLzHEAZ2ymOyu0wFOfNhCUvasFTT4xEAY=
'),
	(9, 10, '\x5917b11871dd1af1ae19aa02a1d38611207065323c6008727288d29b0c40b30d683df235ef4e82c6bc0d5df031a3e40884498114bc00349d8c1ae55f2128d01c', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
10
KN3eZQm/OpQFkqH6qYb9CYJ66+S04IERpky+AlK6Xbo=

— example.org/tests/trades/r1/1 gn/nAoNBCCcw4PHQFCfbTtZWPvXkAvVQ2xfnpZ1krF8BWVk0z5LxFYmH6YxX/QbM7OIk4TXJ9j5CvaJD5pr/GJwB/wY=
'),
	(10, 11, '\x5917b11871dd1af1ae19aa02a1d38611207065323c6008727288d29b0c40b30d683df235ef4e82c6bc0d5df031a3e40884498114bc00349d8c1ae55f2128d01c6fc944f2a0e68f6bf9637c5782f800dbcf3ad5f292c74452c3c816753baf751e', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
11
ue+hCSKf9qQj58O/14a1HBJcaDu+Gi52fE4J8Iw8mbs=

— example.org/tests/trades/r1/1 gn/nAndmz/EnJDQgYxLLEjwUYbIW3JgXFTeEYvUe80tw1oStxLp+mJ2+eNOKZl899qQ5/NiOKYCsHIMn8F0USIbr4Qg=
'),
	(11, 13, '\x5917b11871dd1af1ae19aa02a1d38611207065323c6008727288d29b0c40b30d064943caa53e90afb66820a65e6e883a312c6d1e3564df2dd85ee78a4c1b9dcb03716602069c1bf615acdff31379a0caef2a8643a9696fa710f4af321f0d075e', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
13
XqoPdzGN40P16/TsYHoBzY+QDVOeafEBH3XHcOAXOsk=

— example.org/tests/trades/r1/1 gn/nArZL9Lg+N5ZSqgFP/O3vJmiQHZCW8nnya0RXK38HnGkI8k6d9tkrNipYxXUSnEWyozj3UknZyC7+Hz6ofP6uBQY=
'),
	(12, 14, '\x5917b11871dd1af1ae19aa02a1d38611207065323c6008727288d29b0c40b30d064943caa53e90afb66820a65e6e883a312c6d1e3564df2dd85ee78a4c1b9dcbce47c41b03046537fcfbd792c2628ef65f90588c44fc1fefce99cffad075a492', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
14
//wEKAIp2arsi41EkGdNyr0qrEQqwoBtGZrIJpgrNvs=

— example.org/tests/trades/r1/1 gn/nAqI8wvNaEH7dVSc7vw+iYcEgPK+ATTKpBpPAc9B/FTf8YDyfgJBer9R1R4LipHoESXdCoWenQi/8pA27jGNBTQ4=
'),
	(13, 16, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
16
SOdWc5UqQQ/wzXQiY1V3Lrd2cfIozZwcwt4XKqvZNc0=

— example.org/tests/trades/r1/1 gn/nAmUttublU15txWGRtkYdRIKVCXvf+0Pnbi4A8OP4ftpE2VPdbGSUvXaM+d3GUavpgBQ98Hz4ggJNxc05nVX5TQc=
'),
	(14, 17, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd1b3bdaf965eb311e4c9611eb0b71eada56d3785063e4c18c7306577f1035da4c', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
17
NJ0ujbpodR+onjctoVlXR9dyPIKsCo0NLHdPy8BkjFI=

— example.org/tests/trades/r1/1 gn/nAoBi0mBfx3riCPuSZBDVxzTnF4jADfJmi3K0w5KoGv6y7vgtMIT8ehGV0DpvyZsovaVexSgXrp5phaok7ppTCQ8=
'),
	(15, 18, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd2b4ba54388cb6d998cf77fb05c17792a99d65ddcbe0235fef3c098eea98c49a2', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
18
3RyG2vKzjqqzsdMZ+6CgM2VsglR51RMVdVihGVMUa5s=

— example.org/tests/trades/r1/1 gn/nApoE/ecOT/qiT59ErJbojGRjlBeylUOnZsWVBUsJSpQkmFj3caKjgHvmfbCh/SBotAhZSOsPH5k/3X3YvmAL3wY=
'),
	(16, 20, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd67b480e5d15336e818019aa6d7fd53ac5236f60846e194e3614e3bd0372549de', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
20
5c0chqSLIJYFopRXLYmMvbzSaJeHBigRgMJuxAUNTrY=

— example.org/tests/trades/r1/1 gn/nAoTbWj3vm05tbkYfCeA6XIxI1vgNdrdaS2AlRCROVSspOONgyfB1yCZIE6QONZsYI9WKcGmQiEHD+7P8Y1RoBQc=
'),
	(17, 21, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd67b480e5d15336e818019aa6d7fd53ac5236f60846e194e3614e3bd0372549de608ece90a662278cad2229be4c33e981d8805d2f33cd9f88cbdab798e8d67926', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
21
fm1ZHQ5zErSK5WhyMCg1vUfSBHLIIFjGAf5CQEFd7y8=

— example.org/tests/trades/r1/1 gn/nAtEUzjWO+4LBZYpSjeT+CrHOrxYAHtZ5EfgwwBheCCozGKT1C+WnD7s7nYIYIemX/7eSzxvS/lA0j+TLzy7C8Qo=
'),
	(18, 22, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd67b480e5d15336e818019aa6d7fd53ac5236f60846e194e3614e3bd0372549de932a1ec6d17b9f467aaae2c8f6c9d21739d447a439d38ecb65c9ac00551a5e1d', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
22
ERCHmHsXuLwD4jjU903YuYqSa7zZDs0vPrLc4dLiGT0=

— example.org/tests/trades/r1/1 gn/nAgerT6hO4mg7tsPea4sImX5Eccy6281unFzhd7Ui9rk//Rh3zRiOL30aJ798nslPNnfEi4W2Vi74avh6KiuUDgs=
'),
	(19, 23, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd67b480e5d15336e818019aa6d7fd53ac5236f60846e194e3614e3bd0372549de932a1ec6d17b9f467aaae2c8f6c9d21739d447a439d38ecb65c9ac00551a5e1d6f9d25e1b78bc527a34220758d364dacb06b86f5e1f2dbf89486337c89d85662', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
23
hD8Q+mYsukundbulsQCqxfIVfLwQzG1DO+J63cTcT1w=

— example.org/tests/trades/r1/1 gn/nAlXCzjneMvnCFAS0j4gxyImuRdzEm7TGgx3Y7BwsS+RdpzTEMs1mqERHcUV1W5RFvxyrn72635QCySIZU2XRxgQ=
'),
	(20, 24, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd025f21ea44c3cb8bb5a3824b5d98c67fa9534aa25006108dd5197ebd7706623a', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
24
dt1vGCqeKdTILXIyw7eQ7Q5VG5IDTMm6V3+yAS/bDjU=

— example.org/tests/trades/r1/1 gn/nAhmZgFZaEt/AxXHZljizEsq/nfr71I66UNbiBXav2lyLvVSzjOPLVSKRvl3CYr6Jkc2++TavIYot2bzDInQJBgI=
'),
	(21, 25, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd025f21ea44c3cb8bb5a3824b5d98c67fa9534aa25006108dd5197ebd7706623a580f521ea0c7333e8bb095182a6a39f76db2d7b6fd5a4447a6b5b648e0545b21', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
25
vrbkaCdNgQjtZ1BfvkrGrZv2cgbSkG+ipQUQ0LBN2O0=

— example.org/tests/trades/r1/1 gn/nAiirJZ/w3cJh0imnbIHX5EfjgnOGqFHxjMMwVczjBLSxiPQlGehEymltwvuSbcENARIg74wUrdo1Z7zGfJbvVQ8=
'),
	(22, 27, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd025f21ea44c3cb8bb5a3824b5d98c67fa9534aa25006108dd5197ebd7706623a6b93b2c301c800f3e99edc7db934f61cf956c52feebaa0372d7d4d70de91cd233f510894f9bd863a5af8a0cb1e653c18db21376d7ec0fbdbf0c5e310789718fe', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
27
lh9Fb7KLJ4TX5wlKQ+/pEBONTQQ9bbdumf3pWY7fTaA=

— example.org/tests/trades/r1/1 gn/nAqstj+RxeVEdS1btZF9aAjCU2pgTZo5jn1GoIt/AnxH1KXicb2Mb4SStLlPwJ/vt5AFRMR9DEZtjCYhR/N4sGgI=
'),
	(23, 28, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd025f21ea44c3cb8bb5a3824b5d98c67fa9534aa25006108dd5197ebd7706623a98344dad4b9c5baa88bfdf64f343b18d46f5751c1cfacb0dc65f3be8db7889ea', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
28
KNUukkn3jIR3NoO6zmUeNTghIcCMW9e0Xusbr7GHa3A=

— example.org/tests/trades/r1/1 gn/nAnxNOUKRp0D8xZypSejTsG6w6a3Q+dgfrEFq1542NN4ZuquEMphs4ybC+Qifvn7Kk8IPrIIC3uprx8rhRQDa0wY=
'),
	(24, 30, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd025f21ea44c3cb8bb5a3824b5d98c67fa9534aa25006108dd5197ebd7706623a98344dad4b9c5baa88bfdf64f343b18d46f5751c1cfacb0dc65f3be8db7889ead4123700e522909225855acd80a316eaf1cf5a3d74fbfc28bcc6cb321680ec44', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
30
afUk9E7uUCUSnkjBzgvvSp+M0njUCNF4WadBhNCBHgc=

— example.org/tests/trades/r1/1 gn/nAkRM/3E8b1jSfPUAKps6Yh5jcZ6913RLsDQIgrFGiPBa/6HTDeXSntrb6fVujkaQF1uK+dX0dY2WUXBhZyZJKw8=
'),
	(25, 31, '\x48e75673952a410ff0cd74226355772eb77671f228cd9c1cc2de172aabd935cd025f21ea44c3cb8bb5a3824b5d98c67fa9534aa25006108dd5197ebd7706623a98344dad4b9c5baa88bfdf64f343b18d46f5751c1cfacb0dc65f3be8db7889ead4123700e522909225855acd80a316eaf1cf5a3d74fbfc28bcc6cb321680ec449c09c969bd93731de095c57de6287ab067df51f46788c5743d7772d58666ac32', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
31
Esshvb4z+ZJX8PcegHm+YgehnDZ3ny8RmX4eg25Hczs=

— example.org/tests/trades/r1/1 gn/nAkKZz4rNf1adXxg+OcnJJqynSacXho2N4AbbmJGkOs7JXBmPI5Mw7TLqyDQH7URo18+sRwTwGZZPSPCBri0P5wo=
'),
	(26, 32, '\xa549d9a5043d1d41ec3ec506a1bb5ac81e25ca22988c4cdd3089a7a42b1a56d3', 1, '2026-03-02 01:00:00+00', 'example.org/tests/trades/r1/1
32
pUnZpQQ9HUHsPsUGobtayB4lyiKYjEzdMImnpCsaVtM=

— example.org/tests/trades/r1/1 gn/nAtWsxHFukdaHEntMm0/URgVjtc9uN8nNjxgCkdqEBzdQJtouNMSdKiMMEXrVkItpZSOKO4ypvC2YjphU9PslCgM=
');
--
-- Data for Name: log_hash; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.log_hash VALUES
	(0, 0, '\x632a30c34e43dadf7d28bf7b559053af7060d8d4468dfd90510f75c60170bae2'),
	(0, 1, '\x79d4efa3d4fc31a4e524f7d7e62cacdb72fa5ab5f2cdd2757c3e48ce0fa8d922'),
	(0, 2, '\x6313114e0732648cc9e1e35a371d15e3ab3d8a5d45e2ae726ba7b25bdeed38fc31bb0a694709807175bb337e2ac52049b967e89b9ca28d7b4df01b8819c237b3'),
	(0, 4, '\xc5dd39b78f28bcf572f5756594ccba3abf9479f6a0befdb0e9f0dacf263a579d'),
	(0, 5, '\x41ee154cf146d19924fe9daf6c8cd703c15639624b239ecae90774ca62ea6857'),
	(0, 6, '\xd50e244530aee338742f4614968b1114c5094c1199314345890943df7531ba22447bd3a564d72c3b2c4b5c358799eb575a842beb979c37aab8219bf17f49a4c2'),
	(0, 8, '\x0cffeccba5d074bc81367ce70b9290fe58c0d2efd602160ccb6034c37509e17b'),
	(0, 9, '\x0d64057ec9857cadebcb689589c4b3c79d112a9265010143586aa3daadf1c1c6'),
	(0, 10, '\x6fc944f2a0e68f6bf9637c5782f800dbcf3ad5f292c74452c3c816753baf751e'),
	(0, 11, '\x28466b70970d20a551295146d13535ac79fed77d7d4b2b90f1156376c4e588c703716602069c1bf615acdff31379a0caef2a8643a9696fa710f4af321f0d075e'),
	(0, 13, '\xb8aeba4fb5322b9eabd7a334c32e42dbd8ba46ce8b106f6bb0def284aba30d5e'),
	(0, 14, '\x76fba4f6a0f3fce1f7d44497125708c38151114c22d8cb8bda15033115554676683123ef183f412b71008bb7e9857e142add129438f8cc22b74ef447d07e903b'),
	(0, 16, '\x1b3bdaf965eb311e4c9611eb0b71eada56d3785063e4c18c7306577f1035da4c'),
	(0, 17, '\x219674b3a26ef24fbb6885cc21df62748d08fc638f472f431a590271ef85608e'),
	(0, 18, '\x161e1e83c7a7bff5514e4622f96d031526890c668c219279a4d35a52ef15031f09fd0f085aeef9488cd62e046da020bb6300082c499a73d8d18b5e80d1c3b2d6'),
	(0, 20, '\x608ece90a662278cad2229be4c33e981d8805d2f33cd9f88cbdab798e8d67926'),
	(0, 21, '\x22380058617f86651601f692da2d897066c58e5a9ff0611b3cbf20525677b2ed'),
	(0, 22, '\x6f9d25e1b78bc527a34220758d364dacb06b86f5e1f2dbf89486337c89d85662'),
	(0, 23, '\xec1bf4367ce904990180734b6c4cf825968a0aa7aa66056c1c86044cb98ef6ec'),
	(0, 24, '\x580f521ea0c7333e8bb095182a6a39f76db2d7b6fd5a4447a6b5b648e0545b21'),
	(0, 25, '\x52c6cd5a348f82216ceffc7950574dbc58cb84e0b6d31db19d0c56c2f36dfeb33f510894f9bd863a5af8a0cb1e653c18db21376d7ec0fbdbf0c5e310789718fe'),
	(0, 27, '\x225d7e28dbb39a2d89c4700e81844ac3a12f64947cf88415a1a4481249560e80'),
	(0, 28, '\x6a5a02d29813ca93a44eb8430ffefb5c539f3eb09cbe3e8afd8441eeffcc6a5df7f02bec932d653e085f78bf694efdcefc2ebabefc0aeb798bb5c3f4b1a47fba'),
	(0, 30, '\x9c09c969bd93731de095c57de6287ab067df51f46788c5743d7772d58666ac32'),
	(0, 31, '\x68d0a083f25154baea8bb01da7a087e04e5881df8d8b2fe833558a7673dc1de2');
INSERT INTO public.log_key OVERRIDING SYSTEM VALUE VALUES
	(1, 'example.org/tests/trades/r1/1+827fe702+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4');
--
-- Data for Name: party; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.party OVERRIDING SYSTEM VALUE VALUES
	(1, 'uscc', '91530000000000000H', '虚构主体0'),
	(2, 'uscc', '91530000000000001L', '虚构主体1'),
	(3, 'uscc', '91530000000000004X', '虚构主体4'),
	(4, 'overseas', 'X-1', '虚构境外主体'),
	(5, 'uscc', '915300000000000051', '虚构主体5'),
	(6, 'uscc', '91530000000000002P', '虚构主体2'),
	(7, 'uscc', '91530000000000003T', '虚构主体3'),
	(8, 'uscc', '91530000000000071U', '虚构秘密甲'),
	(9, 'uscc', '91530000000000072Y', '虚构秘密乙');
INSERT INTO public."position" VALUES
	('facts.listing.v1', 0, 'id', 8, '2026-03-02 01:00:00+00'),
	('exchange.dcdex.trades.v1', 0, 'id', 11, '2026-03-02 01:00:00+00'),
	('exchange.kmdex.trades.v1', 0, 'id', 13, '2026-03-02 01:00:00+00');
INSERT INTO public.provider_total VALUES
	(3, 'kmdex', 'unmatched', '2025-10-14 16:00:00+00', 6172499950, 1, '2025-10-15 08:00:00+00'),
	(5, 'dcdex', 'mode', '2025-09-30 16:00:00+00', 0, 1, '2025-10-14 00:00:00+00'),
	(6, 'kmdex', 'cancelled', '2026-11-30 16:00:00+00', 0, 1, '2026-12-31 15:59:59+00'),
	(2, 'kmdex', 'unmatched', '2025-10-14 16:00:00+00', 0, 1, '2025-10-16 00:00:00+00'),
	(1, 'dcdex', 'mirrored', '2025-09-30 16:00:00+00', 50000000, 1, '2025-10-14 00:00:00+00'),
	(2, 'dcdex', 'cancelled', '2025-10-14 16:00:00+00', 500000, 1, '2025-10-16 00:00:00+00'),
	(6, 'kmdex', 'mode', '2025-09-30 16:00:00+00', 0, 1, '2025-10-13 16:00:00+00'),
	(2, 'kmdex', 'mirrored', '2025-10-14 16:00:00+00', 50000000, 1, '2025-10-15 08:00:00+00'),
	(3, 'dcdex', 'unmatched', '2025-10-14 16:00:00+00', 50000000, 1, '2025-10-15 00:00:00+00'),
	(7, 'kmdex', 'unmatched', '2025-09-30 16:00:00+00', 0, 1, '2025-10-14 00:00:00+00'),
	(7, 'dcdex', 'counted', '2025-10-14 16:00:00+00', 50000000, 1, '2025-10-15 16:00:00+00'),
	(5, 'dcdex', 'mirrored', '2025-10-14 16:00:00+00', 500000000000, 1, '2025-10-15 16:00:00+00'),
	(1, 'dcdex', 'mirrored', '2025-10-14 16:00:00+00', 50000000, 1, '2025-10-15 16:00:00+00'),
	(2, 'dcdex', 'unmatched', '2025-10-14 16:00:00+00', 500000000000, 1, '2025-10-16 00:00:00+00'),
	(8, 'dcdex', 'mode', '2026-02-28 16:00:00+00', 77777777, 1, '2026-03-01 02:00:00+00');
INSERT INTO public.quarantine OVERRIDING SYSTEM VALUE VALUES
	(1, 'kmdex', 'exchange.kmdex.trades.v1', 0, 12, '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 'not_json', '[{"field": "value", "message": "第 1 行第 1 列不是 JSON / not JSON at line 1 column 1"}]', '[]', '\x72756262697368', 7);
INSERT INTO public.register_head VALUES
	(true, 'r1', 1, 32, 'd6a606df9d4bc3156cbf1c3f383876ffdbfdc62fad71d513788058c8f9ed9d57');
INSERT INTO public.settings_entry VALUES
	(0, 'd6a606df9d4bc3156cbf1c3f383876ffdbfdc62fad71d513788058c8f9ed9d57', '{"cut_at": ["2025-10-15", "2028-10-15", "2028-10-16"], "exchanges": [{"id": "dcdex", "from": "2019-01-01", "name": "虚构乙数据交易中心 / Fictional Exchange B", "until": null, "operators": [{"from": "2019-01-01", "name": "虚构乙数据交易中心运营有限公司 / Fictional Operator B", "uscc": "91530100MAXDCDEX07", "until": null}], "approved_by": "虚构批文第2号 / fictional approval no. 2"}, {"id": "kmdex", "from": "2019-01-01", "name": "虚构甲数据交易所 / Fictional Exchange A", "until": null, "operators": [{"from": "2019-01-01", "name": "虚构甲数据交易所运营有限公司 / Fictional Operator A", "uscc": "91530100MAXKMDEX0C", "until": null}], "approved_by": "虚构批文第1号 / fictional approval no. 1"}]}', '2026-03-02 01:00:00+00');
INSERT INTO public.trade VALUES
	(2, 0, 6172500000, 50, '2025-10-15 08:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 4, 0, 3, 4, true, true, false, true, false, 'kmdex', 'T8', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31355430383a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20342c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303458222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9334227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225438222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c34222c20226275796572223a207b2269645f736368656d65223a20226f76657273656173222c20226964223a2022582d31222c20226e616d65223a2022e8999ae69e84e5a283e5a496e4b8bbe4bd93227d2c2022616d6f756e74223a202236313732353030302e3030222c2022726566756e646564223a2022302e3530222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31355430383a30303a30302b30303a3030227d7d', 'L4', NULL),
	(3, 1, 500000, 0, '2025-10-14 00:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 4, 0, 4, 3, false, false, false, true, false, 'kmdex', 'T10', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31345430303a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20342c202270726f7669646572223a207b2269645f736368656d65223a20226f76657273656173222c20226964223a2022582d31222c20226e616d65223a2022e8999ae69e84e5a283e5a496e4b8bbe4bd93227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a2022543130222c2022737461747573223a202263616e63656c6c6564222c20226d6f6465223a202261756374696f6e222c20226c697374696e675f6e6f223a206e756c6c2c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303458222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9334227d2c2022616d6f756e74223a2022353030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31345430303a30303a30302b30303a3030227d7d', NULL, NULL),
	(5, 1, 500000000000, 500000000000, '2025-10-14 00:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 1, 0, 5, 4, true, false, false, true, false, 'dcdex', 'T12', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6463646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31345430303a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20312c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303531222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9335227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a2022543132222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a202261756374696f6e222c20226c697374696e675f6e6f223a206e756c6c2c20226275796572223a207b2269645f736368656d65223a20226f76657273656173222c20226964223a2022582d31222c20226e616d65223a2022e8999ae69e84e5a283e5a496e4b8bbe4bd93227d2c2022616d6f756e74223a2022353030303030303030302e3030222c2022726566756e646564223a2022353030303030303030302e3030222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31345430303a30303a30302b30303a3030227d7d', NULL, NULL),
	(6, 2, 500000, 500000, '2026-12-31 15:59:59+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 3, 0, 6, 5, false, false, false, true, false, 'kmdex', 'T1', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032362d31322d33315431353a35393a35392b30303a3030222c202264617461223a207b227265766973696f6e223a20332c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303250222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9332227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225431222c2022737461747573223a202263616e63656c6c6564222c20226d6f6465223a20226e65676f746961746564222c20226c697374696e675f6e6f223a206e756c6c2c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303531222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9335227d2c2022616d6f756e74223a2022353030302e3030222c2022726566756e646564223a2022353030302e3030222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032362d31322d33315431353a35393a35392b30303a3030227d7d', NULL, NULL),
	(7, 3, 6172500000, 6172500000, '2026-12-31 16:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 1, 0, 4, 6, true, false, false, true, false, 'kmdex', 'T12', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032362d31322d33315431363a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20312c202270726f7669646572223a207b2269645f736368656d65223a20226f76657273656173222c20226964223a2022582d31222c20226e616d65223a2022e8999ae69e84e5a283e5a496e4b8bbe4bd93227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a2022543132222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226e65676f746961746564222c20226c697374696e675f6e6f223a206e756c6c2c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303250222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9332227d2c2022616d6f756e74223a202236313732353030302e3030222c2022726566756e646564223a202236313732353030302e3030222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032362d31322d33315431363a30303a30302b30303a3030227d7d', NULL, NULL),
	(9, 4, 500000, 500000, '2025-10-16 00:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 1, 0, 2, 6, true, true, false, true, false, 'kmdex', 'T3', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31365430303a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20312c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a202239313533303030303030303030303030314c222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9331227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225433222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c34222c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303250222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9332227d2c2022616d6f756e74223a2022353030302e3030222c2022726566756e646564223a2022353030302e3030222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31365430303a30303a30302b30303a3030227d7d', 'L4', NULL),
	(10, 2, 50000000, 0, '2025-10-14 00:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 1, 0, 1, 5, true, false, true, true, false, 'dcdex', 'T11', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6463646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31345430303a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20312c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303048222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9330227d2c20226f726967696e5f65786368616e6765223a2022e5a496e59cb0e4baa4e69893e68980222c202274726164655f6e6f223a2022543131222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a202261756374696f6e222c20226c697374696e675f6e6f223a206e756c6c2c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303531222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9335227d2c2022616d6f756e74223a20223530303030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31345430303a30303a30302b30303a3030227d7d', NULL, NULL),
	(13, 3, 500000, 0, '2025-10-16 00:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 3, 0, 2, 4, false, false, false, true, false, 'dcdex', 'T10', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6463646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31365430303a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20332c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a202239313533303030303030303030303030314c222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9331227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a2022543130222c2022737461747573223a202263616e63656c6c6564222c20226d6f6465223a202261756374696f6e222c20226c697374696e675f6e6f223a206e756c6c2c20226275796572223a207b2269645f736368656d65223a20226f76657273656173222c20226964223a2022582d31222c20226e616d65223a2022e8999ae69e84e5a283e5a496e4b8bbe4bd93227d2c2022616d6f756e74223a2022353030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31365430303a30303a30302b30303a3030227d7d', NULL, NULL),
	(18, 6, 50000000, 50000000, '2025-10-13 16:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 3, 0, 6, 4, true, false, false, true, false, 'kmdex', 'T9', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31335431363a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20332c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303250222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9332227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225439222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226e65676f746961746564222c20226c697374696e675f6e6f223a206e756c6c2c20226275796572223a207b2269645f736368656d65223a20226f76657273656173222c20226964223a2022582d31222c20226e616d65223a2022e8999ae69e84e5a283e5a496e4b8bbe4bd93227d2c2022616d6f756e74223a20223530303030302e3030222c2022726566756e646564223a20223530303030302e3030222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31335431363a30303a30302b30303a3030227d7d', NULL, NULL),
	(19, 7, 50000000, 0, '2025-10-15 08:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 4, 0, 2, 6, true, true, true, true, false, 'kmdex', 'T7', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31355430383a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20342c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a202239313533303030303030303030303030314c222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9331227d2c20226f726967696e5f65786368616e6765223a2022e5a496e59cb0e4baa4e69893e68980222c202274726164655f6e6f223a20225437222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c33222c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303250222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9332227d2c2022616d6f756e74223a20223530303030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31355430383a30303a30302b30303a3030227d7d', 'L3', NULL),
	(20, 4, 50000000, 0, '2025-10-15 00:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 2, 0, 3, 1, true, true, false, true, false, 'dcdex', 'T7', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6463646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31355430303a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20322c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303458222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9334227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225437222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c34222c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303048222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9330227d2c2022616d6f756e74223a20223530303030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31355430303a30303a30302b30303a3030227d7d', 'L4', NULL),
	(21, 8, 500000, 500000, '2025-10-14 00:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 3, 0, 7, 3, true, true, false, true, false, 'kmdex', 'T4', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31345430303a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20332c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303354222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9333227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225434222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c34222c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303458222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9334227d2c2022616d6f756e74223a2022353030302e3030222c2022726566756e646564223a2022353030302e3030222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31345430303a30303a30302b30303a3030227d7d', 'L4', NULL),
	(22, 5, 50000000, 0, '2025-10-15 16:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 3, 0, 7, 3, true, true, false, true, false, 'dcdex', 'T2', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6463646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31355431363a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20332c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303354222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9333227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225432222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c32222c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303458222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9334227d2c2022616d6f756e74223a20223530303030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31355431363a30303a30302b30303a3030227d7d', 'L2', NULL),
	(25, 6, 50000000, 0, '2025-10-15 16:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 4, 0, 1, 2, true, false, true, true, false, 'dcdex', 'T1', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6463646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31355431363a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20342c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303048222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9330227d2c20226f726967696e5f65786368616e6765223a2022e5a496e59cb0e4baa4e69893e68980222c202274726164655f6e6f223a20225431222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226e65676f746961746564222c20226c697374696e675f6e6f223a206e756c6c2c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a202239313533303030303030303030303030314c222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9331227d2c2022616d6f756e74223a20223530303030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31355431363a30303a30302b30303a3030227d7d', NULL, NULL),
	(26, 7, 500000000000, 0, '2025-10-15 16:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 4, 0, 5, 3, true, true, true, true, false, 'dcdex', 'T6', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6463646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31355431363a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20342c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303531222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9335227d2c20226f726967696e5f65786368616e6765223a2022e5a496e59cb0e4baa4e69893e68980222c202274726164655f6e6f223a20225436222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c33222c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303458222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9334227d2c2022616d6f756e74223a2022353030303030303030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31355431363a30303a30302b30303a3030227d7d', 'L3', NULL),
	(27, 10, 6172500000, 0, '2025-10-14 00:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 2, 0, 4, 1, true, false, false, true, false, 'kmdex', 'T6', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31345430303a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20322c202270726f7669646572223a207b2269645f736368656d65223a20226f76657273656173222c20226964223a2022582d31222c20226e616d65223a2022e8999ae69e84e5a283e5a496e4b8bbe4bd93227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225436222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a202261756374696f6e222c20226c697374696e675f6e6f223a206e756c6c2c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303048222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9330227d2c2022616d6f756e74223a202236313732353030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31345430303a30303a30302b30303a3030227d7d', NULL, NULL),
	(28, 8, 500000000000, 0, '2025-10-16 00:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 4, 0, 2, 3, true, true, false, true, false, 'dcdex', 'T9', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6463646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31365430303a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20342c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a202239313533303030303030303030303030314c222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9331227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225439222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c32222c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303458222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9334227d2c2022616d6f756e74223a2022353030303030303030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31365430303a30303a30302b30303a3030227d7d', 'L2', NULL),
	(31, 10, 77777777, 0, '2026-03-01 02:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 1, 0, 8, 9, true, false, false, true, false, 'dcdex', 'T-secret', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6463646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032362d30332d30315431303a30303a30302b30383a3030222c202264617461223a207b2274726164655f6e6f223a2022542d736563726574222c20227265766973696f6e223a20312c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226e65676f746961746564222c2022616d6f756e74223a20223737373737372e3737222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032362d30332d30315431303a30303a30302b30383a3030222c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030373155222c20226e616d65223a2022e8999ae69e84e7a798e5af86e794b2227d2c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030373259222c20226e616d65223a2022e8999ae69e84e7a798e5af86e4b999227d7d7d', NULL, NULL);
INSERT INTO public.trade_past VALUES
	(16, 5, 500000, 50, '2026-12-31 15:59:59+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 1, 0, 7, 3, false, false, false, true, false, 'kmdex', 'T9', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032362d31322d33315431353a35393a35392b30303a3030222c202264617461223a207b227265766973696f6e223a20312c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303354222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9333227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225439222c2022737461747573223a202263616e63656c6c6564222c20226d6f6465223a202261756374696f6e222c20226c697374696e675f6e6f223a206e756c6c2c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303458222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9334227d2c2022616d6f756e74223a2022353030302e3030222c2022726566756e646564223a2022302e3530222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032362d31322d33315431353a35393a35392b30303a3030227d7d', NULL, NULL, 18),
	(23, 9, 500000, 500000, '2025-10-16 00:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 1, 0, 3, 7, true, true, false, true, false, 'kmdex', 'T8', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032352d31302d31365430303a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20312c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303458222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9334227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225438222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c31222c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303354222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9333227d2c2022616d6f756e74223a2022353030302e3030222c2022726566756e646564223a2022353030302e3030222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032352d31302d31365430303a30303a30302b30303a3030227d7d', 'L1', NULL, NULL),
	(1, 0, 6172500000, 50, '2026-12-31 16:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 1, 0, 1, 2, true, true, true, true, false, 'dcdex', 'T1', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6463646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032362d31322d33315431363a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20312c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303048222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9330227d2c20226f726967696e5f65786368616e6765223a2022e5a496e59cb0e4baa4e69893e68980222c202274726164655f6e6f223a20225431222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c34222c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a202239313533303030303030303030303030314c222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9331227d2c2022616d6f756e74223a202236313732353030302e3030222c2022726566756e646564223a2022302e3530222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032362d31322d33315431363a30303a30302b30303a3030227d7d', 'L4', NULL, 25),
	(29, 9, 6172500000, 0, '2018-06-01 00:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 1, 0, 7, 6, true, true, false, false, false, 'dcdex', 'T2', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6463646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323031382d30362d30315430303a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20312c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303354222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9333227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225432222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c34222c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303250222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9332227d2c2022616d6f756e74223a202236313732353030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323031382d30362d30315430303a30303a30302b30303a3030227d7d', 'L4', NULL, NULL),
	(30, 11, 500000000000, 0, '2026-12-31 16:00:00+00', '2026-03-01 15:59:59.999+00', '2026-03-02 01:00:00+00', 3, 0, 6, 2, true, true, false, true, false, 'kmdex', 'T8', '\x7b227370656376657273696f6e223a2022312e30222c20226964223a202230222c2022736f75726365223a20222f65786368616e6765732f6b6d646578222c202274797065223a2022636e2e6b756e6d696e672e646174612d65786368616e67652e74726164652e7631222c202274696d65223a2022323032362d31322d33315431363a30303a30302b30303a3030222c202264617461223a207b227265766973696f6e223a20332c202270726f7669646572223a207b2269645f736368656d65223a202275736363222c20226964223a2022393135333030303030303030303030303250222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9332227d2c20226f726967696e5f65786368616e6765223a206e756c6c2c202274726164655f6e6f223a20225438222c2022737461747573223a2022636f6d706c65746564222c20226d6f6465223a20226c6973746564222c20226c697374696e675f6e6f223a20224c33222c20226275796572223a207b2269645f736368656d65223a202275736363222c20226964223a202239313533303030303030303030303030314c222c20226e616d65223a2022e8999ae69e84e4b8bbe4bd9331227d2c2022616d6f756e74223a2022353030303030303030302e3030222c2022726566756e646564223a202230222c202263757272656e6379223a2022434e59222c2022636f6d706c657465645f6174223a2022323032362d31322d33315431363a30303a30302b30303a3030227d7d', 'L3', NULL, NULL);
--
-- Name: log_checkpoint_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.log_checkpoint_id_seq', 26, true);
SELECT pg_catalog.setval('public.log_key_id_seq', 1, true);
SELECT pg_catalog.setval('public.outbox_id_seq', 63, true);
SELECT pg_catalog.setval('public.party_id_seq', 9, true);
SELECT pg_catalog.setval('public.quarantine_id_seq', 1, true);
SELECT pg_catalog.setval('public.worker_run_id_seq', 1, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.exchange_total
    ADD CONSTRAINT exchange_total_pkey PRIMARY KEY (exchange, bucket_at);
ALTER TABLE ONLY public.first_purchase
    ADD CONSTRAINT first_purchase_pkey PRIMARY KEY (party);
ALTER TABLE ONLY public.intake_day
    ADD CONSTRAINT intake_day_pkey PRIMARY KEY (exchange, day, outcome);
ALTER TABLE ONLY public.listing_fact_past
    ADD CONSTRAINT listing_fact_past_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.listing_fact
    ADD CONSTRAINT listing_fact_pkey PRIMARY KEY (exchange, listing_no);
ALTER TABLE ONLY public.log_checkpoint
    ADD CONSTRAINT log_checkpoint_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.log_cosignature
    ADD CONSTRAINT log_cosignature_pkey PRIMARY KEY (checkpoint_id, vkey);
ALTER TABLE ONLY public.log_hash
    ADD CONSTRAINT log_hash_pkey PRIMARY KEY (level, first);
ALTER TABLE ONLY public.log_key
    ADD CONSTRAINT log_key_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.log_key
    ADD CONSTRAINT log_key_vkey_key UNIQUE (vkey);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.party
    ADD CONSTRAINT party_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.party
    ADD CONSTRAINT party_scheme_code_key UNIQUE (scheme, code);
ALTER TABLE ONLY public."position"
    ADD CONSTRAINT position_pkey PRIMARY KEY (topic, partition);
ALTER TABLE ONLY public.provider_total
    ADD CONSTRAINT provider_total_pkey PRIMARY KEY (provider, bucket_at, exchange, category);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.register_head
    ADD CONSTRAINT register_head_pkey PRIMARY KEY (one);
ALTER TABLE ONLY public.settings_entry
    ADD CONSTRAINT settings_entry_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.trade_past
    ADD CONSTRAINT trade_past_pkey PRIMARY KEY (exchange, number, revision);
ALTER TABLE ONLY public.trade
    ADD CONSTRAINT trade_pkey PRIMARY KEY (exchange, number);
ALTER TABLE ONLY public.worker_run
    ADD CONSTRAINT worker_run_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX listing_fact_by_seq ON public.listing_fact USING btree (seq);
CREATE INDEX quarantine_by_exchange ON public.quarantine USING btree (exchange, id);
CREATE INDEX trade_by_listing ON public.trade USING btree (exchange, listing_no) WHERE listed;
CREATE INDEX trade_by_provider ON public.trade USING btree (provider, exchange, completed_at);
CREATE UNIQUE INDEX trade_by_seq ON public.trade USING btree (seq);
CREATE INDEX trade_by_time ON public.trade USING btree (exchange, completed_at);
CREATE INDEX trade_first ON public.trade USING btree (buyer, completed_at, exchange, number) WHERE (completed AND (NOT mirrored) AND counted);
CREATE UNIQUE INDEX trade_past_by_seq ON public.trade_past USING btree (seq);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.log_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION public.log_stays();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.log_hash FOR EACH STATEMENT EXECUTE FUNCTION public.log_stays();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.log_key FOR EACH STATEMENT EXECUTE FUNCTION public.log_stays();
CREATE TRIGGER log_checkpoint_follows BEFORE INSERT ON public.log_checkpoint FOR EACH ROW EXECUTE FUNCTION public.log_checkpoint_follows();
CREATE TRIGGER log_hash_follows BEFORE INSERT ON public.log_hash FOR EACH ROW EXECUTE FUNCTION public.log_hash_follows();
CREATE CONSTRAINT TRIGGER log_is_whole AFTER UPDATE OF next_seq ON public.register_head DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.log_is_whole();
ALTER TABLE ONLY public.log_checkpoint
    ADD CONSTRAINT log_checkpoint_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.log_key(id);
ALTER TABLE ONLY public.log_cosignature
    ADD CONSTRAINT log_cosignature_checkpoint_id_fkey FOREIGN KEY (checkpoint_id) REFERENCES public.log_checkpoint(id);
ALTER TABLE public.intake_day ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.log_checkpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.log_cosignature ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.log_hash ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.log_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.party ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.quarantine ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.trade ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.trade_past ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON public.intake_day FOR SELECT TO {viewer} USING ((exchange = current_setting('jiangbu.viewer'::text, true)));
CREATE POLICY viewer ON public.log_checkpoint FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON public.log_cosignature FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON public.log_hash FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON public.log_key FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON public.party FOR SELECT TO {viewer} USING (true);
CREATE POLICY viewer ON public.quarantine FOR SELECT TO {viewer} USING ((exchange = current_setting('jiangbu.viewer'::text, true)));
CREATE POLICY viewer ON public.trade FOR SELECT TO {viewer} USING ((exchange = current_setting('jiangbu.viewer'::text, true)));
CREATE POLICY viewer ON public.trade_past FOR SELECT TO {viewer} USING ((exchange = current_setting('jiangbu.viewer'::text, true)));
GRANT SELECT ON TABLE public.alembic_version TO {role};
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.exchange_total TO {role};
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.first_purchase TO {role};
GRANT SELECT,INSERT,UPDATE ON TABLE public.intake_day TO {role};
GRANT SELECT ON TABLE public.intake_day TO {viewer};
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.listing_fact TO {role};
GRANT SELECT,INSERT ON TABLE public.listing_fact_past TO {role};
GRANT SELECT,INSERT ON TABLE public.log_checkpoint TO {role};
GRANT SELECT ON TABLE public.log_checkpoint TO {viewer};
GRANT SELECT,INSERT ON TABLE public.log_cosignature TO {role};
GRANT SELECT ON TABLE public.log_cosignature TO {viewer};
GRANT SELECT,INSERT ON TABLE public.log_hash TO {role};
GRANT SELECT ON TABLE public.log_hash TO {viewer};
GRANT SELECT,INSERT ON TABLE public.log_key TO {role};
GRANT SELECT ON TABLE public.log_key TO {viewer};
GRANT SELECT,INSERT,DELETE ON TABLE public.outbox TO {role};
GRANT SELECT,INSERT,UPDATE ON TABLE public.party TO {role};
GRANT SELECT(id) ON TABLE public.party TO {viewer};
GRANT SELECT(scheme) ON TABLE public.party TO {viewer};
GRANT SELECT(code) ON TABLE public.party TO {viewer};
GRANT SELECT,INSERT,UPDATE ON TABLE public."position" TO {role};
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.provider_total TO {role};
GRANT SELECT,INSERT ON TABLE public.quarantine TO {role};
GRANT SELECT ON TABLE public.quarantine TO {viewer};
GRANT SELECT,INSERT,UPDATE ON TABLE public.register_head TO {role};
GRANT SELECT,INSERT ON TABLE public.settings_entry TO {role};
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.trade TO {role};
GRANT SELECT ON TABLE public.trade TO {viewer};
GRANT SELECT ON TABLE public.trade_category TO {role};
GRANT SELECT,INSERT,UPDATE ON TABLE public.trade_past TO {role};
GRANT SELECT ON TABLE public.trade_past TO {viewer};
GRANT SELECT,INSERT,UPDATE ON TABLE public.worker_run TO {role};
