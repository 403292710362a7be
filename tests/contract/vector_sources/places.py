"""Places: where each event of a batch belongs in a chain that stands somewhere already."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources.chains import CHAIN, VISIT, entry, linked
from tests.contract.vector_sources.plain import ZEROS, Vector, canon, sha

ABOUT = (
    "E4, the table of places. A chain stands at `next_seq` and `head` with `stored` links; a batch comes with `prev`."
    " `repeats` and `taken` are seqs; `forked_from` stands where the batch stops fitting."
)
ENTRIES = [entry(event) for event in VISIT]
LINKS = linked(CHAIN, 1, ZEROS, ENTRIES)
EDITED = [*ENTRIES[:2], entry(VISIT[2] | {"salt": "0" * 32}), *ENTRIES[3:]]


def vector(
    name: str,
    stands_at: int,
    first_seq: int,
    entries: list[dict[str, str]],
    prev: str | None = None,
    seqs: list[int] | None = None,
    **expected: Any,
) -> Vector:
    """Write one vector: the chain holds the first *stands_at* links of `LINKS`; *entries* come from *first_seq* on."""
    head = LINKS[stands_at - 1]["hash"] if stands_at else ZEROS
    before = LINKS[first_seq - 2]["hash"] if first_seq > 1 else ZEROS
    batch = [
        {"id": each["id"], "seq": seq, "digest": sha(each["content"].encode())}
        for seq, each in zip(seqs or range(first_seq, first_seq + len(entries)), entries, strict=True)
    ]
    given = {
        "chain_id": CHAIN,
        "next_seq": stands_at + 1,
        "head": head,
        "stored": LINKS[:stands_at],
        "prev": before if prev is None else prev,
        "events": batch,
    }
    usual: dict[str, Any] = {"repeats": [], "taken": [], "next_seq": stands_at + 1, "head": head}
    return {"name": name, "given": given, "expected": usual | expected}


def after(seq: int) -> dict[str, Any]:
    """Say that the chain now stands after *seq*."""
    return {"next_seq": seq + 1, "head": LINKS[seq - 1]["hash"]}


def vectors() -> list[Vector]:
    """Give the vectors of `places.json`."""
    other = sha(canon({"another": "history"}))
    return [
        vector("a new chain's first batch", 0, 1, ENTRIES, taken=[1, 2, 3, 4, 5], **after(5)),
        vector("a batch that goes on", 2, 3, ENTRIES[2:], taken=[3, 4, 5], **after(5)),
        vector("nothing sent", 2, 3, []),
        vector("the whole batch again", 5, 1, ENTRIES, repeats=[1, 2, 3, 4, 5]),
        vector("half of it again, then new", 3, 2, ENTRIES[1:], repeats=[2, 3], taken=[4, 5], **after(5)),
        vector("a hole before the batch: nothing is taken", 2, 4, ENTRIES[3:]),
        vector(
            "a hole inside the batch: what follows waits",
            1,
            2,
            [ENTRIES[1], ENTRIES[3]],
            seqs=[2, 4],
            taken=[2],
            **after(2),
        ),
        vector("another event at a stored place", 5, 3, EDITED[2:], forked_from=3),
        vector("repeats, then another event at a stored place", 5, 2, EDITED[1:], repeats=[2], forked_from=3),
        vector("the next place after another past", 2, 3, ENTRIES[2:], prev=other, forked_from=3),
        vector("a first place after a past", 0, 1, ENTRIES, prev=other, forked_from=1),
    ]
