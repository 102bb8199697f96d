"""What the environment tells the door in words: allowed hosts, who may frame the pages, which proxies are believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from app.live.limits import LimitError

HOSTS, ANCESTORS, PROXIES = "SPNLAB_HOSTS", "SPNLAB_FRAME_ANCESTORS", "SPNLAB_PROXIES"


@dataclass(frozen=True)
class DoorSettings:
    """Hosts are lower-case names without ports, none where any is allowed; ancestors are sources as CSP writes them."""

    hosts: tuple[str, ...] = ()
    frame_ancestors: str = "'self'"
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "DoorSettings":
        """The settings that the environment names; LimitError, in one sentence, where one cannot be read."""
        ancestors = " ".join(environment.get(ANCESTORS, "").split()) or cls.frame_ancestors
        if any(sign in ancestors for sign in ",;\\") or not ancestors.isascii():
            raise LimitError(f"{ANCESTORS}={ancestors[:40]!r}: give sources with spaces between them, as in 'self'")
        hosts = tuple(name.lower().rstrip(".") for name in _listed(environment.get(HOSTS, "")))
        return cls(hosts, ancestors, tuple(map(_network, _listed(environment.get(PROXIES, "")))))


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        said = f"{PROXIES}: {text[:40]!r} is no address; give addresses or networks with commas, as in 10.0.0.0/8"
        raise LimitError(said) from None
