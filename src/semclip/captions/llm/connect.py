"""Which language model a config means: `model` of a server, at once or in batches, or one that runs in this process."""

from collections.abc import Callable
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from semclip.captions.llm.base import LanguageModel
from semclip.captions.llm.batch import BatchClient
from semclip.captions.llm.client import Client
from semclip.captions.llm.hf import HF, HfEngine
from semclip.captions.llm.local import Engine, Local
from semclip.captions.llm.server import Server
from semclip.captions.llm.vllm import VLLM, VllmEngine
from semclip.core.errors import UserError

_OPEN: "WeakValueDictionary[str, LanguageModel]" = WeakValueDictionary()
_ENGINES: dict[str, Callable[[str], Engine]] = {HF: HfEngine, VLLM: VllmEngine}


def connect(server: Server, model: str) -> LanguageModel:
    """Who answers for `model`; equal sections get the same one, and share its budget.

    hf:NAME and vllm:NAME run here, NAME an id or folder of transformers; all other names are asked of the server.
    Raises UserError without the extra that this takes, and for a model that cannot be loaded.
    """
    scheme = next((scheme for scheme in _ENGINES if model.startswith(scheme)), "")
    identity = f"{model} {server.concurrency}" if scheme else server.identity
    found = _OPEN.get(identity)
    if found is None:
        if scheme:
            found = Local(model, _ENGINES[scheme](model.removeprefix(scheme)), server.concurrency)
        else:
            _need_openai()
            _need_address(server)
            found = BatchClient(server) if server.batch else Client(server)
        _OPEN[identity] = found
    return found


def _need_openai() -> None:
    try:
        import openai  # noqa: F401
    except ImportError as error:
        raise UserError(
            "asking a language model needs the `openai` client", where="extra `llm`", fix="pip install 'semclip[llm]'"
        ) from error


def _need_address(server: Server) -> None:
    try:
        parts = urlsplit(server.url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:  # its words are not shown: they may hold a password
        raise UserError(
            "no address of a server: it does not begin with http:// or https:// and a name",
            where="base_url" if server.base_url else "OPENAI_BASE_URL",
            fix="write it as http://localhost:8000/v1",
        )
