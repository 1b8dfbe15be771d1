"""How many reports are taken in from whom: by account, or by device first and by address generously.

Behind a carrier's one address live thousands, so an address has many times what a device has. Who is over either is not
turned away but asked for a solved challenge, with which `challenge_factor` times as many are taken in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from starlette.datastructures import MutableHeaders

from geo.actor import Actor
from geo.admitting import Bound
from geo.errors import InvalidInput, Problem, Refusal, TooManyRequests
from geo.language import Text
from server import metrics
from server.challenges import SECONDS, Challenges
from server.devices import Devices
from server.rate_settings import ReportLimits
from server.tallies import Tallies

MINUTE, HOUR, DAY = 60, 3600, 86_400

OF_DEVICE = Text(
    "Thiết bị này vừa gửi nhiều phản ánh. Hãy gửi lại sau {minutes} phút.",
    "This device has just sent many reports. Please send it again in {minutes} minutes.",
)
OF_ADDRESS = Text(
    "Vừa có rất nhiều phản ánh từ cùng một đường mạng. Hãy gửi lại sau {minutes} phút.",
    "Very many reports have just come from this network. Please send it again in {minutes} minutes.",
)
OF_ACCOUNT = Text(
    "Tài khoản này vừa gửi nhiều phản ánh. Hãy gửi lại sau {minutes} phút.",
    "This account has just sent many reports. Please send it again in {minutes} minutes.",
)
EMAILS = Text(
    "Hôm nay thiết bị này đã ghi địa chỉ thư điện tử nhiều lần. Hãy để trống ô này rồi gửi lại.",
    "This device has given an e-mail address many times today. Please leave it empty and send again.",
)


class Admissions:
    """What bounds the reports that this process takes in."""

    def __init__(
        self, settings: ReportLimits, tallies: Tallies, devices: Devices, challenges: Challenges, *, writes_mail: bool
    ) -> None:
        self.settings = settings
        self.tallies = tallies
        self.devices = devices
        self.challenges = challenges
        self.writes_mail = writes_mail

    def of(self, actor: Actor, address: str, device: str | None) -> Admission:
        """What bounds the reports of this caller."""
        return Admission(self, actor, address, device)


@dataclass(slots=True)
class Admission:
    """What bounds the reports of one caller. It is what the schema's context calls an `Admission`."""

    kept: Admissions
    actor: Actor
    address: str
    device: str | None
    new_device: str | None = None
    """The name for a device that had none, once a report of its was stored."""

    def bounds(self, request_key: UUID, *, email: bool, proof: str | None) -> tuple[Bound, ...]:
        """What bounds a report with this key; `proof` is a challenge's solution, `email` says it names an address."""
        limits = self.kept.settings
        if self.actor.account_id is not None:
            who = str(self.actor.account_id)
            told = _too_many(OF_ACCOUNT, challenge=False)
            return (
                *self._bound("account's reports", who, limits.reports_per_account_minute, MINUTE, told),
                *self._bound("account's reports", who, limits.reports_per_account_hour, HOUR, told),
            )
        solved = self.kept.challenges.solved(proof)
        helps = self.kept.challenges.given and solved is None
        factor = 1 if solved is None else limits.challenge_factor
        device = self.device or self.kept.devices.new(request_key)
        own, shared = _too_many(OF_DEVICE, challenge=helps), _too_many(OF_ADDRESS, challenge=helps)
        found = [
            *self._bound("device's reports", device, limits.reports_per_device_minute * factor, MINUTE, own),
            *self._bound("device's reports", device, limits.reports_per_device_hour * factor, HOUR, own),
            *self._bound("reports", self.address, limits.reports_per_address_minute * factor, MINUTE, shared),
            *self._bound("reports", self.address, limits.reports_per_address_hour * factor, HOUR, shared),
        ]
        if self.device is None:
            found += self._bound(
                "devices", self.address, limits.new_devices_per_address_minute * factor, MINUTE, shared
            )
            found += self._bound("devices", self.address, limits.new_devices_per_address_hour * factor, HOUR, shared)
        if solved is not None:
            # Twice as long as it may be solved: it is remembered for as long as that at the least.
            found += self._bound("solution", solved, 1, 2 * SECONDS, lambda _: TooManyRequests(1, challenge=True))
        if email and self.kept.writes_mail:
            most = limits.emails_per_device_day
            found += self._bound("e-mail addresses", device, most, DAY, lambda _: _without_email())
        return tuple(found)

    def stored(self, request_key: UUID) -> None:
        """A report with this key is stored, now or since it was first sent."""
        if self.actor.account_id is None and self.device is None:
            self.new_device = self.kept.devices.new(request_key)

    def _bound(self, what: str, who: str, most: int, seconds: int, over: Callable[[int], Refusal]) -> list[Bound]:
        if not most:
            return []

        def counted(wait: int) -> Refusal:
            metrics.refused.labels(what).inc()
            return over(wait)

        return [Bound(self.kept.tallies.allowance(what, who, most, seconds), counted)]


def _too_many(text: Text, *, challenge: bool) -> Callable[[int], Refusal]:
    return lambda seconds: TooManyRequests(seconds, text, challenge=challenge)


def _without_email() -> Refusal:
    return InvalidInput(Problem(("reporter", "email"), EMAILS))


def give_device(admission: Admission | None, devices: Devices, headers: MutableHeaders) -> None:
    """Let a caller whose device was new keep its name."""
    if admission is not None and admission.new_device is not None:
        devices.give(admission.new_device, headers)
