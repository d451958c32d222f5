"""Addresses given where files of this machine are read: refused with the commands that fetch them."""

import re
import shlex
from pathlib import Path, PurePosixPath

from semclip.core.errors import UserError

# A Path makes one slash of two. A drive (`C:/`) has one letter, and `file:` and `local-dir:` are of this machine.
_ADDRESS = re.compile(
    r"(?:pipe:.*|(?!file:|local-dir:)(?P<scheme>[a-z][a-z0-9+.-]+):/+(?P<rest>.*))", re.IGNORECASE | re.DOTALL
)
#: Of buckets: scheme -> the command that copies a file, and the one that copies a folder.
_BUCKETS = {
    "s3": ("aws s3 cp {source} {copy}", "aws s3 sync {source} {copy}"),
    "gs": ("gcloud storage cp {source} {copy}", "gcloud storage rsync --recursive {source} {copy}"),
}
_URLS = (
    "a list of image URLs is fetched by `img2dataset --url_list FILE --output_format webdataset --output_folder shards`"
)


def refuse_address(path: str | Path, where: str) -> None:
    """Raise UserError for `s3://...`, `hf://...`, `https://...` and their like, with what copies it to this machine.

    where: the key or argument that the path was given for.
    """
    found = _ADDRESS.fullmatch(str(path))
    if found is None or Path(path).exists():
        return
    scheme = (found["scheme"] or "pipe").lower()
    if scheme == "hf" and Path(f"/{found['rest']}").exists():  # `hf:FOLDER`
        return
    address = f"{scheme}://{found['rest']}" if found["scheme"] else str(path)
    raise UserError(
        f"'{address[:200]}' is no path of this machine: data and models are read from its disks (or a mounted bucket)",
        where=where,
        fix=_how_to_fetch(scheme, address),
    )


def _how_to_fetch(scheme: str, address: str) -> str:
    name = PurePosixPath(address.partition("://")[2].partition("?")[0]).name or "copy"
    if scheme in _BUCKETS:
        one, folder = _BUCKETS[scheme]
        if "{" in name or "*" in name:  # a pattern of shards: the folder that they are in
            address, name = address.rpartition("/")[0], PurePosixPath(address).parent.name
        command = one if PurePosixPath(name).suffix else folder
        return _copied(command.format(source=shlex.quote(address), copy=shlex.quote(name)), name)
    if scheme == "hf":
        kind, _, repository = address.partition("://")[2].partition("/")
        if kind not in ("datasets", "models"):
            kind, repository = "models", f"{kind}/{repository}"
        owner, _, rest = repository.partition("/")
        name = rest.partition("/")[0].partition("@")[0]
        download = f"hf download {shlex.quote(f'{owner}/{name}')} --local-dir {shlex.quote(name)}"
        return f"write hf:{owner}/{name}; or " + _copied(download + " --repo-type dataset" * (kind == "datasets"), name)
    if scheme in ("http", "https"):
        if "{" in name:
            return f"{_copied(f'mkdir -p shards; cd shards; wget {address}; cd ..', 'shards')}; {_URLS}"
        return f"{_copied(f'curl -L -o {shlex.quote(name)} {shlex.quote(address)}', name)}; {_URLS}"
    return "copy it to this machine with the tool for such addresses, or mount it, and give the path of the copy here"


def _copied(command: str, name: str) -> str:
    return f"copy it to this machine, `{command}`, and give {shlex.quote(name)} here instead"
