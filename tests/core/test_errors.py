"""Errors in three parts, which survive pickle."""

import pickle

from semclip.core.errors import UserError, did_you_mean


def test_message_has_three_parts() -> None:
    assert str(UserError("no such file", where="x.csv:3", fix="check it")) == (
        "no such file\n  where: x.csv:3\n  fix:   check it"
    )
    assert str(UserError("no such file")) == "no such file"


class SpecialError(UserError):
    pass


def test_errors_survive_pickle() -> None:
    for cls in (UserError, SpecialError):
        error = pickle.loads(pickle.dumps(cls("what", "where", "fix")))
        assert type(error) is cls
        assert (error.what, error.where, error.fix) == ("what", "where", "fix")
        assert str(error) == str(cls("what", "where", "fix"))


def test_did_you_mean() -> None:
    known = ["semclip", "clip", "superclip"]
    assert did_you_mean("SemCLIP", known) == "Did you mean semclip, superclip, clip?"
    assert did_you_mean("zzz", known) == "Known: clip, semclip, superclip."
    assert did_you_mean("zzz", []) == "Known: (none)."
