"""The ground truth in a file of scenes, columns `scene` and `claims`, as whoever measures with it takes it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from semclip.core.example import Example
from semclip.core.shape import shaped

_Attribute = Literal["shape", "colour", "size", "place"]


class _Thing(BaseModel):
    model_config = ConfigDict(extra="allow")

    shape: str
    colour: str
    size: str
    place: str
    x: float
    y: float


class _Scene(BaseModel):
    model_config = ConfigDict(extra="allow")

    objects: list[_Thing] = Field(max_length=20)


class _Claim(BaseModel):
    model_config = ConfigDict(extra="forbid")

    objects: list[dict[_Attribute, str]] = Field(default=[], max_length=8)
    relations: list[tuple[Literal["left", "right", "above", "below"], int, int]] = []
    absent: list[dict[_Attribute, str]] = []
    count: int = 0

    @model_validator(mode="after")
    def _relations_are_of_objects(self) -> "_Claim":
        if any(not 0 <= place < len(self.objects) for _, *both in self.relations for place in both):
            raise ValueError("a relation of an object that the claim does not name")
        return self


class _Claims(BaseModel):
    model_config = ConfigDict(extra="allow")

    caption: _Claim | None = None
    paraphrases: list[_Claim] = []
    negations: list[_Claim] = []
    absences: list[_Claim] = []


def claims_of(example: Example) -> dict[str, Any]:
    """The column `claims`; empty where there is none, or where a column of that name holds something else."""
    claims = example.meta.get("claims")
    return claims if isinstance(claims, dict) else {}


def refuse_misshapen_truth(example: Example) -> None:
    """Raise UserError, with `file:row`, where `scene` or `claims` are not as they were written."""
    fix = "write the scenes again, or remove the columns `scene` and `claims`"
    shaped(_Scene, example.meta.get("scene"), "the truth of a scene (column 'scene')", example.where, fix)
    shaped(_Claims, claims_of(example), "what texts of a scene claim (column 'claims')", example.where, fix)
