CREATE INDEX entry_in_order ON entry (owner, deleted_at, id)

CREATE INDEX entry_of_room ON entry (room)

CREATE INDEX ix_entry_study ON entry (study)

CREATE INDEX ix_study_fold ON study (fold)

CREATE INDEX study_in_lists ON study (key, fold, dataset, title, end_llh, seconds, num_bytes)

CREATE TABLE cell (
    key VARCHAR(64) NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (key)
)

CREATE TABLE entry (
    id BIGSERIAL NOT NULL,
    owner VARCHAR(64) NOT NULL,
    room VARCHAR(16),
    study VARCHAR(64) NOT NULL,
    name TEXT,
    note TEXT NOT NULL,
    tags JSON NOT NULL,
    made_at DOUBLE PRECISION NOT NULL,
    deleted_at DOUBLE PRECISION,
    PRIMARY KEY (id),
    FOREIGN KEY(room) REFERENCES room (code) ON DELETE SET NULL,
    FOREIGN KEY(study) REFERENCES study (key)
)

CREATE TABLE result (
    study VARCHAR(64) NOT NULL,
    curve INTEGER NOT NULL,
    seed BIGINT NOT NULL,
    depth INTEGER NOT NULL,
    learner TEXT NOT NULL,
    updates INTEGER NOT NULL,
    first_llh DOUBLE PRECISION,
    final_llh DOUBLE PRECISION,
    level DOUBLE PRECISION,
    reached BIGINT,
    stopped TEXT,
    blas_kernel TEXT NOT NULL,
    simd TEXT NOT NULL,
    blas_threads TEXT NOT NULL,
    versions JSON NOT NULL,
    PRIMARY KEY (study, curve, seed),
    FOREIGN KEY(study) REFERENCES study (key) ON DELETE CASCADE
)

CREATE TABLE room (
    code VARCHAR(16) NOT NULL,
    made_at DOUBLE PRECISION NOT NULL,
    ends_at DOUBLE PRECISION,
    owner VARCHAR(64),
    settings JSON,
    num_bytes BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (code)
)

CREATE TABLE room_event (
    room VARCHAR(16) NOT NULL,
    seq INTEGER NOT NULL,
    kind VARCHAR(20) NOT NULL,
    member VARCHAR(64) NOT NULL,
    key VARCHAR(64) NOT NULL,
    payload JSON NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (room, seq),
    FOREIGN KEY(room) REFERENCES room (code) ON DELETE CASCADE
)

CREATE TABLE schema_version (
    version INTEGER NOT NULL
)

CREATE TABLE study (
    key VARCHAR(64) NOT NULL,
    fold VARCHAR(64) NOT NULL,
    settings JSON NOT NULL,
    summary JSON NOT NULL,
    dataset TEXT NOT NULL,
    title TEXT NOT NULL,
    data_sha256 VARCHAR(64) NOT NULL,
    num_rows BIGINT NOT NULL,
    num_variables INTEGER NOT NULL,
    engine INTEGER NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    num_bytes BIGINT NOT NULL,
    end_llh DOUBLE PRECISION,
    PRIMARY KEY (key)
)

CREATE TABLE trace (
    study VARCHAR(64) NOT NULL,
    curve INTEGER NOT NULL,
    seed BIGINT NOT NULL,
    quantity VARCHAR(20) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    numbers BYTEA NOT NULL,
    PRIMARY KEY (study, curve, seed, quantity),
    FOREIGN KEY(study, curve, seed) REFERENCES result (study, curve, seed) ON DELETE CASCADE
)

CREATE UNIQUE INDEX entry_of_owner ON entry (owner, study)

CREATE UNIQUE INDEX room_event_once ON room_event (room, member, key)
