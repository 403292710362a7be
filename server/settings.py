"""
Every setting, with its unit in its name, read once from the environment (`FAIRVISIT_…`) and frozen.

To change a threshold of a finding: `domain/thresholds.py` holds the defaults, `FAIRVISIT_THRESHOLDS` names a YAML
file that overrides them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml

from schemas.errors import FieldError
from schemas.messages import Quota
from server.domain.thresholds import Thresholds

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LOOPBACK = {"localhost", "127.0.0.1", "::1"}  # what the machine itself is called


@dataclass(frozen=True)
class Settings:
    """What a deployment may set. Each field reads from FAIRVISIT_<FIELD>."""

    database_url: str = "sqlite:///var/fairvisit.db"
    folder: str = "var"  # uploads, rejects, erasure log, exports
    files_s3: str = ""  # an S3-compatible store of whole files, https://host/bucket; keys as AWS's own tools take them
    photo_mb: int = 20  # the largest photo a device may send; likewise:
    signature_mb: int = 1
    audio_mb: int = 500
    video_mb: int = 4_000
    other_mb: int = 20
    files_device_mb: int = 10_000  # what one device may send in a day
    files_total_mb: int = 0  # all files together, as last counted; 0: what there is room for
    files_spare_mb: int = 1_000  # what is left free on the disk that uploads come to
    key_file: str = ""  # a file of master keys: files and sealed columns are encrypted; without one they lie in plain
    key_command: str = ""  # or a command that has a key service wrap and unwrap (`server/storage/master_keys.py`)
    quota: Quota = field(default_factory=Quota)
    next_exchange_s: int = 900  # how soon a device should come back by itself
    enrol_code_minutes: int = 15
    needs_approval: bool = False  # a person approves each new device
    silence_days: int = 14  # without contact, after which a device must enter a new code (A4)
    lease_days: int = 7  # how long a packet may be held without renewal
    requests_per_minute: int = 600  # per device
    phone_region: str = "US"  # how phone numbers without a country are read
    identity_kinds: str = "cn.ric"  # python-stdnum modules that identity numbers are checked by, comma-separated
    geocoder: str = ""  # whom `fairvisit geocode` asks: nominatim, photon, pelias or baidu
    geocoder_url: str = ""  # its address, if it is your own
    geocoder_key: str = field(default="", repr=False)
    thresholds: str = ""  # a YAML file of `domain/thresholds.py` fields
    clock_file: str = ""  # a file of ms since the epoch: rehearsals only
    reconcile_every_ms: int = 500  # how often visits with news are folded; 0: only by `fairvisit reconcile`
    zone: str = "UTC"  # the office's own time zone, for days of statements
    rulebooks: str = ""  # the jurisdictions whose rulebooks hold here, comma-separated: CN, US-MA …
    house_rulebook: str = ""  # a file of the house's own rules; without one, the floor that is shipped holds
    region: str = ""  # the country of the places, or a part of it (US, US-MA), where an area does not say it
    public_url: str = ""  # where the public pages are reached, https://…; codes and letters name it
    support: str = ""  # the number that is answered day and night, as it is printed on cards and letters
    regulator: str = ""  # who watches over visits, and their number
    public_per_minute: int = 60  # pages an address may ask for in a minute; a sixth of it may be sent forms
    oidc_issuer: str = ""  # who vouches for people of the office (OpenID Connect), https://…; without it, nobody does
    oidc_client_id: str = ""  # under which that provider knows this office
    oidc_secret_file: str = ""  # a file that holds the secret agreed with it; without one, none is shown
    oidc_label: str = ""  # what its button is called; without it, the issuer's host
    oidc_has_second: bool = False  # it always asks for a second factor, whether or not it says so
    agent_app: str = ""  # the folder of the built phone app; without one, the one beside this package
    map_tiles: str = ""  # the phone's street map, https://…/{z}/{x}/{y}.png in WGS-84; without one, it draws a sketch
    map_credit: str = ""  # whom that map is to be credited to, as it stands under it
    proxies: int = 0  # how many proxies of our own stand in front, each adding to X-Forwarded-For

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; raise `FieldError("invalid")` naming each one that cannot be read."""
        environ = os.environ if environ is None else environ
        values: dict[str, object] = {}
        wrong: dict[str, list[str]] = {}
        for each in fields(cls):
            name = f"FAIRVISIT_{each.name.upper()}"
            if name not in environ or each.name == "quota":
                continue
            try:
                values[each.name] = _read(environ[name], str(each.type))
            except ValueError:
                wrong[name] = [f"should be {'a whole number' if each.type == 'int' else 'yes or no'}"]
        if wrong:
            raise FieldError("invalid", wrong)
        return cls(**values)  # type: ignore[arg-type]

    @property
    def folder_path(self) -> Path:
        """The folder for files, made if it is not there."""
        path = Path(self.folder)
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def files_path(self) -> Path:
        """The folder of whole files, where no S3 store holds them."""
        return self.folder_path / "files"


def load_thresholds(path: str) -> Thresholds:
    """Read the thresholds a YAML file overrides; raise `FieldError("invalid")` naming file and field."""
    if not path:
        return Thresholds()
    try:
        read = yaml.safe_load(Path(path).read_text()) or {}
        return Thresholds(**read)
    except OSError:
        raise FieldError("invalid", {"FAIRVISIT_THRESHOLDS": [f"names {path}, which cannot be read"]}) from None
    except (TypeError, ValueError, yaml.YAMLError) as error:
        raise FieldError("invalid", {path: [f"is not a list of thresholds: {error}"]}) from None


def _read(text: str, kind: str) -> object:
    if kind == "int":
        return int(text)
    if kind == "bool":
        if text.lower() not in {"yes", "no", "true", "false", "1", "0"}:
            raise ValueError
        return text.lower() in {"yes", "true", "1"}
    return text
