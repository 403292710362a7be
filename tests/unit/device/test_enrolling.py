"""Enrolment: A1, A4, A5 from the device's side."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas import signing
from schemas.errors import FieldError
from tests.unit.device.builders import a_device, a_visit, joined
from tests.unit.device.fake_server import FakeServer, an_id


class TestEnrolment:
    """A1."""

    def test_a1_the_private_key_never_leaves_the_device(self, tmp_path: Path) -> None:
        """A1: what is sent is the code, the public key, a description, and a proof over code and thumbprint."""
        server = FakeServer()
        device = a_device(tmp_path, server)
        _, _, value = server.requests[0]
        claim = signing.verify(value["proof"], signing.load_public(value["jwk"]), "enrol")

        assert {"code", "jwk", "device", "proof"} == set(value)
        assert {"crv", "kty", "x", "y"} == set(value["jwk"])
        assert ("CODE-1", signing.thumbprint(value["jwk"])) == (claim["code"], claim["jkt"])
        assert "enrolled" == device.status().stage

    def test_a1_after_a_lost_answer_the_same_code_and_key_are_sent_again(self, tmp_path: Path) -> None:
        """A1: the key is kept before it is sent, so the second try is the same device."""
        server = FakeServer()
        device = a_device(tmp_path, server, enrolled=False)
        server.faults.append("cut-after")
        with pytest.raises(FieldError):
            device.enrol("CODE-1")
        assert "new" == device.status().stage
        device.enrol("CODE-1")

        assert 1 == len({value["jwk"]["x"] for _, _, value in server.requests})
        assert device.exchange().is_ok

    def test_a1_a_wrong_code_changes_nothing(self, tmp_path: Path) -> None:
        """A1: the refusal is the server's, and the device is as new."""
        device = a_device(tmp_path, FakeServer(), enrolled=False)
        with pytest.raises(FieldError) as refused:
            device.enrol("WRONG")

        assert "enrolment-code-invalid" == refused.value.code
        assert "new" == device.status().stage

    def test_a1_a_device_may_have_to_wait_for_approval(self, tmp_path: Path) -> None:
        """A1: awaiting approval is a stage of its own; the same code ends it."""
        server = FakeServer(needs_approval=True)
        device = a_device(tmp_path, server, enrolled=False)
        waiting = device.enrol("CODE-1")
        assert (False, 5, "awaiting_approval") == (waiting.is_enrolled, waiting.poll_s, device.status().stage)

        server.needs_approval = False
        assert device.enrol("CODE-1").is_enrolled
        assert device.exchange().is_ok

    def test_a1_a_known_key_with_a_new_code_keeps_its_chains(self, tmp_path: Path) -> None:
        """A1: after the server was restored without this device, its chains go on."""
        server, device, _ = joined(tmp_path)
        chain_id = device.status().chain_id
        a_visit(device, 1)
        server.codes, server.device_id = {"CODE-2"}, an_id(3)
        device.enrol("CODE-2")
        assert device.exchange().is_ok

        assert (an_id(3), chain_id) == (device.status().device_id, device.status().chain_id)
        assert [chain_id] == list(server.chains)

    def test_a5_a_store_belongs_to_one_agent(self, tmp_path: Path) -> None:
        """A5: another agent's code is refused on this store, and nothing of the first is sent or changed."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        server.agent = {"agent_id": an_id(50), "code": "99", "name": "Another Agent"}
        with pytest.raises(FieldError, match="--store"):
            device.enrol("CODE-1")

        assert ("12", 3) == (device.status().agent["code"], device.status().unsent)

    def test_a5_another_agents_store_on_the_same_device_shares_nothing(self, tmp_path: Path) -> None:
        """A5: the second agent neither sends nor reads the first one's outbox."""
        server, device, _ = joined(tmp_path)
        a_visit(device, 1)
        second = FakeServer(agent={"agent_id": an_id(50), "code": "99", "name": "Another Agent"})
        other = a_device(tmp_path, second, name="other.db")
        other.exchange()

        assert (3, 0) == (device.status().unsent, other.status().unsent)
        assert server.jwk != second.jwk
        assert ["chain_opened"] == second.kinds()

    def test_an_answer_that_cannot_be_read_enrols_nothing(self, tmp_path: Path) -> None:
        """A server of another kind is noticed before anything is stored."""
        server = FakeServer(agent={"code": "12"})
        device = a_device(tmp_path, server, enrolled=False)
        with pytest.raises(FieldError) as refused:
            device.enrol("CODE-1")

        assert "internal" == refused.value.code
        assert "new" == device.status().stage
