"""Bodies: what is sent to change something, and how its texts are cleaned before anything sees them."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from tracker.domain.hook import TOLD
from tracker.web.forms import LONGEST, plain
from tracker.web.tokens import N_


def _something(said: str) -> str:
    if not said:
        raise ValueError(N_("say something"))
    return said


Words = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST), AfterValidator(plain), AfterValidator(_something)
]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=300), AfterValidator(plain), AfterValidator(_something)
]
Office = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,39}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _like(**example: JsonValue) -> ConfigDict:
    """Return the manner of a body, with an example of it."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


class Body(BaseModel):
    """What is sent: a key that is not known is refused, for it may be a misspelt one."""

    model_config = ConfigDict(extra="forbid")


class ProofBody(Body):
    """A proof: a file kept as evidence, a document's number and date, or both."""

    sha256: Hash | None = None
    number: Annotated[str, StringConstraints(max_length=80), AfterValidator(plain)] | None = None
    dated: date | None = None


class SubmissionBody(Body):
    """A report that a task is done: what was done, on which day, and what shows it."""

    model_config = _like(
        words="The decree was signed and sent out.",
        done_on="2025-08-29",
        proofs=[{"number": "12/BC-BNV", "dated": "2025-08-29"}],
    )

    words: Words = Field(examples=["The decree was signed and sent out."])
    document: Name | None = None
    done_on: date | None = None
    proofs: list[ProofBody] = Field(default=[], max_length=50)


class ReturnBody(Body):
    """Why a report comes back: the exact missing thing."""

    model_config = _like(missing="The signed report.")

    missing: Words = Field(examples=["The signed report."])


class ExtensionBody(Body):
    """A request for more time: the last day asked for, and why."""

    model_config = _like(day="2025-09-30", why="The books of two provinces came late.")

    day: date
    why: Words


class GrantBody(Body):
    """More time granted: on which instrument; until another day than was asked for, where one is named.

    `along` gives tasks that depend on it their new last day, by their reference.
    """

    model_config = _like(instrument="512/QĐ-TTg", day="2025-09-30")

    instrument: Name = Field(examples=["512/QĐ-TTg"])
    day: date | None = None
    along: dict[Annotated[str, StringConstraints(max_length=300), AfterValidator(plain)], date] = Field(
        default={}, max_length=200
    )


class WhyBody(Body):
    """Why something is refused, or stays as it is."""

    model_config = _like(why="The date follows from the decree itself.")

    why: Words


class ContestBody(Body):
    """That a task is somebody else's: why, and perhaps whose."""

    model_config = _like(why="The decree gives this to another ministry.", proposed="BTC")

    why: Words
    proposed: Office | None = None


class TransferBody(Body):
    """Which agency gets a task, and why."""

    model_config = _like(to="BTC", why="The decree gives this to the ministry of finance.")

    to: Office
    why: Words


class ExcuseBody(Body):
    """Why a task does not apply to its agency, and who agreed."""

    model_config = _like(why="There are no such schools in the province.", agreed_by="VPCP")

    why: Words
    agreed_by: Name


class DeputyBody(Body):
    """Which office covers for which, from one day to another, both included, and why."""

    model_config = _like(
        agency="BNV", deputy="BTC", from_day="2025-09-01", until_day="2025-09-05", why="The office moves house."
    )

    agency: Office
    deputy: Office
    from_day: date
    until_day: date
    why: Words


class HookBody(Body):
    """Where entries are told as they are made: an HTTPS address, and which kinds of entry; none for all."""

    model_config = _like(url="https://hooks.moha.example/tracker", kinds=["submitted", "completed"])

    url: Annotated[str, StringConstraints(min_length=8, max_length=2000)] = Field(
        examples=["https://hooks.moha.example/tracker"]
    )
    kinds: list[Annotated[str, StringConstraints(max_length=40)]] = Field(
        default=[], max_length=len(TOLD), examples=[["submitted", "completed"]]
    )
