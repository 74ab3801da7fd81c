"""Bodies: what is sent to change something, and how its texts are cleaned before anything sees them."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from tracker.domain.hook import TOLD
from tracker.web.forms import LONGEST, plain


def _something(said: str) -> str:
    if not said:
        raise ValueError("say something")
    return said


Words = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST), AfterValidator(plain), AfterValidator(_something)
]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=300), AfterValidator(plain), AfterValidator(_something)
]
Office = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,39}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


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

    words: Words = Field(examples=["The decree was signed and sent out."])
    document: Name | None = None
    done_on: date | None = None
    proofs: list[ProofBody] = Field(default=[], max_length=50)


class ReturnBody(Body):
    """Why a report comes back: the exact missing thing."""

    missing: Words = Field(examples=["The signed report."])


class ExtensionBody(Body):
    """A request for more time: the last day asked for, and why."""

    day: date
    why: Words


class GrantBody(Body):
    """More time granted: on which instrument; until another day than was asked for, where one is named.

    `along` gives tasks that depend on it their new last day, by their reference.
    """

    instrument: Name = Field(examples=["512/QĐ-TTg"])
    day: date | None = None
    along: dict[Annotated[str, StringConstraints(max_length=300), AfterValidator(plain)], date] = Field(
        default={}, max_length=200
    )


class WhyBody(Body):
    """Why something is refused, or stays as it is."""

    why: Words


class ContestBody(Body):
    """That a task is somebody else's: why, and perhaps whose."""

    why: Words
    proposed: Office | None = None


class TransferBody(Body):
    """Which agency gets a task, and why."""

    to: Office
    why: Words


class ExcuseBody(Body):
    """Why a task does not apply to its agency, and who agreed."""

    why: Words
    agreed_by: Name


class DeputyBody(Body):
    """Which office covers for which, from one day to another, both included, and why."""

    agency: Office
    deputy: Office
    from_day: date
    until_day: date
    why: Words


class HookBody(Body):
    """Where entries are told as they are made: an HTTPS address, and which kinds of entry; none for all."""

    url: Annotated[str, StringConstraints(min_length=8, max_length=2000)] = Field(
        examples=["https://hooks.moha.example/tracker"]
    )
    kinds: list[Annotated[str, StringConstraints(max_length=40)]] = Field(
        default=[], max_length=len(TOLD), examples=[["submitted", "completed"]]
    )
