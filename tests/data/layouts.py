"""Data sets in the layouts of the field, small and invented. Each returns the path that a user gives."""

import csv
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from tests.data.files import write_picture

#: Photo -> its captions: what every layout of several captions a photo holds.
CAPTIONS: dict[str, list[str]] = {
    "dog.jpg": ["a dog, running", "one dog runs"],
    "cat.jpg": ["a cat"],
    "tree.jpg": ["a tree", "a tall tree", "green leaves"],
}
COLOURS = {"dog.jpg": "red", "cat.jpg": "green", "tree.jpg": "blue"}


def pictures(folder: Path) -> None:
    for name, colour in COLOURS.items():
        write_picture(folder / name, colour)


def jpeg(name: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 4), COLOURS[name]).save(file, "JPEG")
    return file.getvalue()


def pairs() -> list[tuple[str, str]]:
    return [(name, caption) for name, captions in CAPTIONS.items() for caption in captions]


def coco_part(path: Path, names: list[str]) -> None:
    ids = {name: 100 + number for number, name in enumerate(names)}
    annotations = [
        {"id": n, "image_id": ids[name], "caption": text} for n, (name, text) in enumerate(pairs()) if name in ids
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    photos = [{"id": id, "file_name": name, "license": 1} for name, id in ids.items()]
    licences = [{"id": 1, "name": "invented"}]
    file = {"info": {"year": 2017}, "licenses": licences, "images": photos, "annotations": annotations[::-1]}
    path.write_text(json.dumps(file))
    instances = [{"id": n, "image_id": id, "category_id": 7, "bbox": [0, 0, 1, 1]} for n, id in enumerate(ids.values())]
    instances += [{"id": 90 + n, **one, "category_id": 3} for n, one in enumerate(instances) if one["image_id"] == 100]
    named = {
        "images": photos,
        "annotations": instances,
        "categories": [{"id": 7, "name": "thing"}, {"id": 3, "name": "pet"}],
    }
    path.with_name(path.name.replace("captions", "instances")).write_text(json.dumps(named))


def coco_folder(folder: Path) -> Path:
    for part, names in (("train2017", ["dog.jpg", "tree.jpg"]), ("val2017", ["cat.jpg"])):
        for name in names:
            write_picture(folder / part / name, COLOURS[name])
        coco_part(folder / "annotations" / f"captions_{part}.json", names)
    return folder


def coco_file(folder: Path) -> Path:
    pictures(folder / "train2017")
    coco_part(folder / "annotations" / "captions_train2017.json", list(CAPTIONS))
    return folder / "annotations" / "captions_train2017.json"


def karpathy(folder: Path) -> Path:
    parts = {"dog.jpg": ("train2014", "restval"), "cat.jpg": ("val2014", "val"), "tree.jpg": ("val2014", "test")}
    photos = []
    for number, (name, (part, split)) in enumerate(parts.items()):
        write_picture(folder / part / name, COLOURS[name])
        sentences = [{"raw": text, "tokens": text.split(), "sentid": 9} for text in CAPTIONS[name]]
        photos.append({"filepath": part, "filename": name, "split": split, "imgid": number, "sentences": sentences})
    (folder / "dataset_coco.json").write_text(json.dumps({"images": photos, "dataset": "coco"}))
    return folder / "dataset_coco.json"


def karpathy_flickr(folder: Path) -> Path:
    """Flickr's has no `filepath`; given as the folder."""
    path = karpathy(folder)
    held = json.loads(path.read_text())
    pictures(folder / "flickr30k-images")
    photos = [{key: value for key, value in photo.items() if key != "filepath"} for photo in held["images"]]
    path.write_text(json.dumps({"dataset": "flickr30k", "images": photos}))
    return folder


def flickr30k_csv(folder: Path) -> Path:
    pictures(folder / "flickr30k_images")
    lines = ["image_name| comment_number| comment"]
    for name, captions in CAPTIONS.items():
        lines += [f"{name}| {number}| {text} ." for number, text in enumerate(captions)]
    lines[-1] = lines[-1].replace("| 2|", "| 2  ")  # as the published file has one line
    (folder / "results.csv").write_text("\n".join(lines) + "\n")
    return folder / "results.csv"


def flickr8k_token(folder: Path) -> Path:
    pictures(folder / "Flicker8k_Dataset")
    (folder / "Flickr8k_text").mkdir()
    lines = [f"{name}#{n}\t{text} .\n" for name, captions in CAPTIONS.items() for n, text in enumerate(captions)]
    (folder / "Flickr8k_text" / "Flickr8k.token.txt").write_text("".join(lines))
    return folder / "Flickr8k_text" / "Flickr8k.token.txt"


def flickr8k_splits(folder: Path) -> Path:
    """With the lists of photos that the data set comes with."""
    path = flickr8k_token(folder)
    for split, name in (("train", "dog.jpg"), ("dev", "cat.jpg"), ("test", "tree.jpg")):
        path.with_name(f"Flickr_8k.{split}Images.txt").write_text(f"{name}\n")
    return path


def flickr30k_splits(folder: Path) -> Path:
    """Flickr30k's lists name photos without a suffix; given as the folder."""
    for split, name in (("train", "dog"), ("val", "cat"), ("test", "tree")):
        (folder / f"{split}.txt").write_text(f"{name}\n")
    return flickr30k_csv(folder).parent


def flickr8k_kaggle(folder: Path) -> Path:
    pictures(folder / "Images")
    with (folder / "captions.txt").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "caption"), *pairs()])
    return folder


def sidecars(folder: Path) -> Path:
    pictures(folder)
    for name, captions in CAPTIONS.items():
        (folder / name).with_suffix(".txt").write_text("\n".join(captions) + "\n")
    return folder


def img2dataset_files(folder: Path) -> Path:
    for shard, name in enumerate(CAPTIONS):
        place = folder / f"{shard:05}" / f"{shard:05}0000.jpg"
        write_picture(place, COLOURS[name])
        caption = CAPTIONS[name][0]
        place.with_suffix(".txt").write_text(caption)
        about = {
            "caption": caption,
            "url": f"http://x.org/{name}",
            "key": place.stem,
            "status": "success",
            "sha256": "0",
        }
        place.with_suffix(".json").write_text(json.dumps(about))
        write_parquet(folder / f"{shard:05}.parquet", [about])
        (folder / f"{shard:05}_stats.json").write_text('{"count": 1}')
    return folder


def img2dataset_tars(folder: Path) -> Path:
    img2dataset_files(folder)
    for shard in range(len(CAPTIONS)):
        with tarfile.open(folder / f"{shard:05}.tar", "w") as archive:
            for path in sorted((folder / f"{shard:05}").iterdir()):
                archive.add(path, path.name)
                path.unlink()
        (folder / f"{shard:05}").rmdir()
    return folder


def img2dataset_parquet(folder: Path) -> Path:
    rows: list[dict[str, Any]] = [
        {"key": str(n), "url": "http://x.org/1", "caption": CAPTIONS[name][0], "status": "success", "jpg": jpeg(name)}
        for n, name in enumerate(CAPTIONS)
    ]
    rows.append({"key": "9", "url": "http://x.org/9", "caption": "gone", "status": "failed_to_download", "jpg": None})
    write_parquet(folder / "00000.parquet", rows)
    (folder / "00000_stats.json").write_text('{"count": 4}')
    return folder


def imagefolder(folder: Path) -> Path:
    for split, name in (("train", "dog.jpg"), ("validation", "cat.jpg"), ("test", "tree.jpg")):
        write_picture(folder / split / "pictures" / name, COLOURS[name])
        lines = [json.dumps({"file_name": f"pictures/{name}", "text": text}) + "\n" for text in CAPTIONS[name]]
        (folder / split / "metadata.jsonl").write_text("".join(lines))
    return folder


def llava(folder: Path) -> Path:
    pictures(folder / "coco" / "train2017")
    rows: list[dict[str, Any]] = [
        {
            "id": name.removesuffix(".jpg"),
            "image": f"coco/train2017/{name}",
            "conversations": [
                {"from": "human", "value": "<image>\nDescribe the picture."},
                {"from": "gpt", "value": captions[0]},
            ],
        }
        for name, captions in CAPTIONS.items()
    ]
    rows.append({"id": "talk", "conversations": [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Hi"}]})
    (folder / "llava.json").write_text(json.dumps(rows, indent=2))
    return folder / "llava.json"


def blip(folder: Path) -> Path:
    pictures(folder / "images")
    rows = [{"image": f"images/{name}", "caption": captions} for name, captions in CAPTIONS.items()]
    (folder / "coco_karpathy_val.json").write_text(json.dumps(rows))
    return folder / "coco_karpathy_val.json"


def hub_parquet(folder: Path) -> Path:
    """A data set as the Hub holds it: a photo's row for each caption, with its bytes each time."""
    parts = {"train": ["dog.jpg"], "validation": ["cat.jpg"], "test": ["tree.jpg"]}
    for split, names in parts.items():
        rows = [
            {"image": {"bytes": jpeg(name), "path": name}, "caption": text, "sentid": number}
            for name in names
            for number, text in enumerate(CAPTIONS[name])
        ]
        write_parquet(folder / "data" / f"{split}-00000-of-00001.parquet", rows)
    (folder / "README.md").write_text("An invented data set.")
    return folder


def saved_by_datasets(folder: Path) -> Path:
    """What `DatasetDict.save_to_disk` writes, by hand; `test_datasets_library` asks the library itself."""
    splits = {"train": ["dog.jpg", "cat.jpg"], "test": ["tree.jpg"]}
    for split, names in splits.items():
        rows = [{"image": {"bytes": jpeg(name), "path": name}, "captions": CAPTIONS[name]} for name in names]
        files = [f"data-{number:05}-of-{len(rows):05}.arrow" for number in range(len(rows))]
        (folder / split).mkdir(parents=True)
        for name, row in zip(files, rows, strict=True):
            write_arrow(folder / split / name, [row])
        (folder / split / "state.json").write_text(json.dumps({"_data_files": [{"filename": name} for name in files]}))
        (folder / split / "dataset_info.json").write_text("{}")
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": list(splits)}))
    return folder


def negclip(folder: Path) -> Path:
    pictures(folder / "coco")
    with (folder / "train_neg_clip.tsv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["", "title", "filepath", "neg_caption", "neg_image"])
        for number, (name, captions) in enumerate(CAPTIONS.items()):
            writer.writerow([number, captions[0], f"coco/{name}", str([f"no {captions[0]}", "x"]), "[0, 2]"])
    return folder / "train_neg_clip.tsv"


def class_folders_with_splits(folder: Path) -> Path:
    for split, name in (("train", "dog.jpg"), ("train", "tree.jpg"), ("val", "cat.jpg")):
        write_picture(folder / split / name.removesuffix(".jpg") / name, COLOURS[name])
    return folder


def write_arrow(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow

    table = pyarrow.Table.from_pylist(rows)
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_stream(file, table.schema) as out:
        out.write_table(table)


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)


#: Layout -> how it is written.
LAYOUTS: Mapping[str, Callable[[Path], Path]] = {
    made.__name__: made
    for made in (
        *(coco_folder, coco_file, karpathy, karpathy_flickr, flickr30k_csv, flickr8k_token, flickr8k_splits),
        *(flickr30k_splits, flickr8k_kaggle, sidecars),
        *(img2dataset_files, img2dataset_tars, img2dataset_parquet, imagefolder, llava, blip, hub_parquet),
        *(saved_by_datasets, negclip, class_folders_with_splits),
    )
}
