"""Photos whose content is known, and an index of them that needs no model: what the page is tested on."""

import hashlib
import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from semclip.core.query import Leaf, Picture, Query, leaves

COLOURS = {"red": "#d1342f", "blue": "#2b62c9", "green": "#2f9e52", "yellow": "#e6b422", "purple": "#7d4bb5"}
SHAPES = ("circle", "square", "triangle")
_GROUNDS = ("#f4efe6", "#e8eef2", "#eef0e6", "#f2e9ec", "#2a2f3a")
_SIZES = ((320, 240), (240, 320), (280, 280), (360, 220))


@dataclass(frozen=True)
class FakePart:
    label: str
    wanted: bool
    similarity: float
    presence: float


@dataclass(frozen=True)
class FakeHit:
    id: str
    path: str
    file: Path
    score: float
    parts: tuple[FakePart, ...]
    held_back: str | None = None
    duplicates: tuple[str, ...] = ()
    missing: bool = False


@dataclass(frozen=True)
class FakePhoto:
    id: str
    path: str
    file: Path
    width: int
    height: int
    things: frozenset[str]


class FakeIndex:
    """Presence is the truth that was drawn; the ranker `sentence` takes every word for something to show."""

    def __init__(self, photos: Sequence[FakePhoto]) -> None:
        self._photos = {photo.id: photo for photo in photos}
        self.asked: list[tuple[Query, str | None]] = []

    def __len__(self) -> int:
        return len(self._photos)

    def refresh(self) -> None:
        pass

    def load_model(self) -> None:
        pass

    def search(
        self,
        query: Query,
        top: int,
        ranker: str | None,
        skip: int = 0,
        pictures: Mapping[str, Image.Image] | None = None,
    ) -> list[FakeHit]:
        self.asked.append((query, ranker))
        hits = sorted((self._hit(p, query, ranker, pictures or {}) for p in self), key=lambda h: (-h.score, h.path))
        return hits[skip : skip + top]

    def listed(self, query: Query, top: int, skip: int) -> list[FakeHit]:
        return self.search(query, top, None, skip)

    def matching(self, query: Query) -> int:
        return len(self._photos)

    def find(self, path: str) -> str | None:
        return next((photo.id for photo in self if photo.path == path), None)

    def photo(self, id: str) -> FakePhoto:
        return self._photos[id]

    def thumbnail(self, id: str) -> bytes:
        with Image.open(self._photos[id].file) as image:
            small = image.convert("RGB")
        small.thumbnail((256, 256))
        out = io.BytesIO()
        small.save(out, "JPEG")
        return out.getvalue()

    def __iter__(self):
        return iter(self._photos.values())

    def _hit(self, photo: FakePhoto, query: Query, ranker: str | None, pictures: Mapping[str, Image.Image]) -> FakeHit:
        parts = []
        score = 0.0
        held_back = None
        for leaf, wanted in leaves(query.tree):
            presence = self._presence(photo, leaf, pictures)
            parts.append(FakePart(str(leaf), wanted, 0.15 + 0.2 * presence, presence))
            literal = ranker == "sentence" or wanted
            score += leaf.weight * presence * (1 if literal else -1)
            if not wanted and presence > 0.5 and ranker is None:
                held_back = held_back or str(leaf)
                score -= 10
        return FakeHit(
            photo.id, photo.path, photo.file, score, tuple(parts), held_back, missing=not photo.file.exists()
        )

    def _presence(self, photo: FakePhoto, leaf: Leaf, pictures: Mapping[str, Image.Image]) -> float:
        noise = int(hashlib.sha256(f"{leaf} {photo.id}".encode()).hexdigest()[:4], 16) / 0xFFFF / 8
        if isinstance(leaf, Picture):
            if leaf.path in pictures:
                return noise
            other = self._photos[self.find(leaf.path) or ""].things
            return 0.86 * len(photo.things & other) / len(photo.things | other) + noise
        words = set(leaf.text.lower().split())
        share = max((len(words & set(thing.split())) / len(words) for thing in photo.things), default=0.0)
        return (0.86 if share == 1 else 0.3 * share) + noise


def draw_photos(folder: Path, count: int = 60, seed: int = 0) -> list[FakePhoto]:
    """Pictures of one to three coloured shapes, written as PNG."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    photos = []
    for number in range(count):
        width, height = rng.choice(_SIZES)
        image = Image.new("RGB", (width, height), rng.choice(_GROUNDS))
        pen = ImageDraw.Draw(image)
        places = rng.sample([(x, y) for x in (0, 1, 2) for y in (0, 1)], rng.choice((1, 2, 2, 3)))
        things = set()
        for x, y in places:
            colour, shape = rng.choice(list(COLOURS)), rng.choice(SHAPES)
            things.add(f"{colour} {shape}")
            _draw(pen, shape, COLOURS[colour], (x + 0.5) * width / 3, (y + 0.5) * height / 2, rng.uniform(30, 52))
        file = folder / f"shapes-{number:03}.png"
        image.save(file)
        photos.append(FakePhoto(f"p{number:03}", f"shapes/{file.name}", file, width, height, frozenset(things)))
    return photos


def _draw(pen: ImageDraw.ImageDraw, shape: str, colour: str, x: float, y: float, r: float) -> None:
    if shape == "circle":
        pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    elif shape == "square":
        pen.rectangle((x - r * 0.9, y - r * 0.9, x + r * 0.9, y + r * 0.9), fill=colour)
    else:
        pen.polygon([(x, y - r), (x + r, y + r * 0.8), (x - r, y + r * 0.8)], fill=colour)
