"""What the tests of ARO's benchmarks share; all rows are invented."""


def crop(n: int, true: str, false: str, **more: object) -> dict[str, object]:
    box = {"bbox_x": 1, "bbox_y": 0, "bbox_w": 4, "bbox_h": 5}
    return {"image_path": f"vg/{n}.jpg", **box, "true_caption": true, "false_caption": false, **more}


def key(n: int) -> str:
    return f"{n}.jpg#1.0,0.0,5.0,5.0"
