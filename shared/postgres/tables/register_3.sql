-- What is being read: a note that a start finds was left by a process that ended there (`shared/kafka/reading_notes.py`).
CREATE TABLE reading_note (
    topic        text COLLATE "C" NOT NULL,
    partition    integer NOT NULL,
    first_offset bigint NOT NULL,
    last_offset  bigint NOT NULL CHECK (last_offset >= first_offset),
    level        text NOT NULL CHECK (level IN ('group', 'batch', 'record')),
    attempts     integer NOT NULL,
    noted_at     timestamptz NOT NULL,
    PRIMARY KEY (topic, partition)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON reading_note TO {role};

-- Offsets that an operator had set aside as unreadable.
CREATE TABLE set_aside_order (
    topic        text COLLATE "C" NOT NULL,
    partition    integer NOT NULL,
    first_offset bigint NOT NULL,
    last_offset  bigint NOT NULL CHECK (last_offset >= first_offset),
    ordered_at   timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, first_offset)
);
GRANT SELECT, INSERT ON set_aside_order TO {role};
