"""
The device's tables. SCHEMA[n] leads from version n to n + 1; a released line is never edited, the next one is added.

What a table is for stands above it. Ids, hashes and times are text as on the wire; bodies are canonical bytes.
"""

from __future__ import annotations

CORE = """
-- small things remembered, as JSON: who this device is, stage, cursor, quota, nonce, pace, last contact
CREATE TABLE memory (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- one chain after another; the last is the one being written (E1, E6). A wipe leaves no places: base_seq and base_hash
-- are where the chain stood then
CREATE TABLE chain (
  n INTEGER PRIMARY KEY, chain_id TEXT NOT NULL UNIQUE, previous TEXT, next_seq INTEGER NOT NULL, head TEXT NOT NULL,
  base_seq INTEGER NOT NULL DEFAULT 0, base_hash TEXT
) STRICT;

-- every event in recorded order; state: kept, lost (no longer what was recorded), erased (E12), pruned (archive's end)
CREATE TABLE event (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, size INTEGER NOT NULL, content BLOB,
  state TEXT NOT NULL DEFAULT 'kept', kind TEXT NOT NULL, case_id TEXT, visit_id TEXT, wall TEXT NOT NULL,
  replayed TEXT, replayed_at TEXT
) STRICT;
CREATE INDEX event_visit ON event (case_id, visit_id);

-- a place in a chain; state: waiting, moved (to a newer chain), lost. A receipt fills status to problem
CREATE TABLE link (
  chain_id TEXT NOT NULL REFERENCES chain (chain_id), seq INTEGER NOT NULL,
  event_n INTEGER NOT NULL REFERENCES event (n),
  hash TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', sent INTEGER NOT NULL DEFAULT 0,
  withheld INTEGER NOT NULL DEFAULT 0, status TEXT, first TEXT, flags TEXT, problem TEXT, received_ms INTEGER,
  receipt_no INTEGER, PRIMARY KEY (chain_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_event ON link (event_n);
CREATE INDEX link_waiting ON link (chain_id, seq) WHERE status IS NULL AND state = 'waiting';

-- the server's signatures over what it took, verified
CREATE TABLE countersignature (
  chain_id TEXT NOT NULL, through INTEGER NOT NULL, jws TEXT NOT NULL, PRIMARY KEY (chain_id, through)
) STRICT, WITHOUT ROWID;

-- live feed items of both scopes; a shredded packet keeps its place in count and sum (F3, F4)
CREATE TABLE object (
  type TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL, sha256 TEXT NOT NULL, weight INTEGER NOT NULL,
  bucket INTEGER NOT NULL, body BLOB, lease_ms INTEGER, stale INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (type, id)
) STRICT;
CREATE INDEX object_bucket ON object (bucket, weight);
CREATE INDEX object_readable ON object (lease_ms) WHERE body IS NOT NULL;
CREATE INDEX object_shredded ON object (lease_ms) WHERE body IS NULL;

-- holds the feed has not brought yet (E9): the server's list, and this device's own until the feed names them
CREATE TABLE provisional_hold (
  hold_id TEXT PRIMARY KEY, rev INTEGER NOT NULL, case_ids TEXT NOT NULL, reason TEXT NOT NULL, until TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE own_hold (
  hold_id TEXT PRIMARY KEY, case_id TEXT NOT NULL, reason TEXT NOT NULL, until TEXT
) STRICT, WITHOUT ROWID;

-- keys the server signs with, each trusted because a trusted one named it (A6)
CREATE TABLE server_key (kid TEXT PRIMARY KEY, jwk TEXT NOT NULL, active_from TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- visits of this device; limits and texts outlive a withdrawn packet until the visit ends (F3)
CREATE TABLE visit (
  case_id TEXT NOT NULL, visit_id TEXT NOT NULL, packet_rev INTEGER NOT NULL, started_ms INTEGER NOT NULL,
  is_open INTEGER NOT NULL, withdrawn TEXT, remains TEXT, PRIMARY KEY (case_id, visit_id)
) STRICT, WITHOUT ROWID;

-- copies of files named by events; state: kept, verified, erased
CREATE TABLE file (
  sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, media_type TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'kept'
) STRICT, WITHOUT ROWID;
CREATE TABLE event_file (
  event_n INTEGER NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (event_n, sha256)
) STRICT, WITHOUT ROWID;
-- uploads under way: where the server wants the rest of a file
CREATE TABLE upload (sha256 TEXT PRIMARY KEY, location TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- the office's directives; state: pending, done (D1)
CREATE TABLE directive (
  id TEXT NOT NULL, chain_id TEXT NOT NULL, kind TEXT NOT NULL, named_chain TEXT NOT NULL, state TEXT NOT NULL,
  result TEXT, PRIMARY KEY (id, chain_id)
) STRICT, WITHOUT ROWID
"""


def _plain(script: str) -> str:
    """Leave the comments out: a semicolon in one would end a statement."""
    return "\n".join(line for line in script.splitlines() if not line.startswith("--"))


SCHEMA = (_plain(CORE),)
SCHEMA_VERSION = len(SCHEMA)
