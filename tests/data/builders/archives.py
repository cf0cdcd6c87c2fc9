"""Miniature archives in the layouts in which the datasets are given out."""

import json

import av
import numpy as np
from PIL import Image

# Codecs that keep every bit of RGB, by suffix.
_LOSSLESS = {
    ".mp4": ("libx264rgb", "rgb24", {"crf": "0", "preset": "ultrafast"}),
    ".MOV": ("libx264rgb", "rgb24", {"crf": "0", "preset": "ultrafast"}),
    ".webm": ("libvpx-vp9", "gbrp", {"lossless": "1", "deadline": "realtime"}),
    ".avi": ("ffv1", "bgr0", {}),
}


def random_video(seed, frames=6, height=48, width=64):
    """uint8 `(T, H, W, 3)`: smooth moving colours."""
    rng = np.random.default_rng(seed)
    phase = rng.random(3) * 6
    t, y, x = np.mgrid[:frames, :height, :width]
    waves = [np.sin(x / 9 + t + p) + np.cos(y / 7 - t / 2 + p) for p in phase]
    return np.uint8(127.5 + 60 * np.stack(waves, axis=-1))


def write_lossless(path, video, rate=10):
    """Writes a video that decodes to the same bits."""
    codec, pixels, options = _LOSSLESS[path.suffix]
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width = video.shape[1:3]
        stream.pix_fmt = pixels
        for frame in video:
            picture = av.VideoFrame.from_ndarray(frame, "rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return video


def write_text(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text))


def make_kinetics(root, folders=False):
    """Five videos of two splits; one that the table lists is not there.

    Returns:
        dict: key -> frames.
    """
    rows = {
        "train": [("a_0123456-x", "dunking"), ("b-123456789", "air drumming")],
        "val": [("c0123456789", "dunking"), ("gone1234567", "yoga")],
    }
    made = {}
    for split, listed in rows.items():
        table = "label,youtube_id,time_start,time_end,split\n"
        for number, (name, label) in enumerate(listed):
            table += f'"{label}",{name},12,22,{split}\n'
            if name.startswith("gone"):
                continue
            key = f"{'validation' if split == 'val' else split}/{name}"
            folder = root / split / label if folders else root / split
            path = folder / f"{name}_000012_000022.mp4"
            made[key] = write_lossless(path, random_video(number + len(made)))
        write_text(
            root / "annotations" / f"{split}.{'csv' if folders else 'txt'}", table
        )
    return made


def make_ssv2(root):
    """Three WebM videos of two of three classes; returns key -> frames."""
    classes = (
        "Approaching something with your camera",
        "Dropping something",
        "Tilting",
    )
    write_text(
        root / "labels" / "labels.json",
        {name: str(i) for i, name in enumerate(classes)},
    )
    template = "Approaching [something] with your camera"
    rows = {
        "train": [("74225", template), ("9", "Dropping [something]")],
        "validation": [("78687", template)],
    }
    made = {}
    for split, listed in rows.items():
        entries = [
            {"id": n, "label": "a potato", "template": t, "placeholders": ["potato"]}
            for n, t in listed
        ]
        write_text(root / "labels" / f"{split}.json", entries)
        for number, _ in listed:
            path = root / "20bn-something-something-v2" / f"{number}.webm"
            made[number] = write_lossless(path, random_video(int(number)), rate=12)
    return made


def make_objectron(root):
    """Three recordings of two objects; returns key -> frames."""
    made = {}
    for table, keys in {
        "bike_annotations_train": ["bike/batch-4/38", "bike/batch-10/2"],
        "bike_annotations_test": [],
        "shoe_annotations_train": [],
        "shoe_annotations_test": ["shoe/batch-0/7"],
    }.items():
        write_text(root / "index" / table, "".join(f"{key}\n" for key in keys))
        for key in keys:
            path = root / "videos" / key / "video.MOV"
            made[key] = write_lossless(
                path, random_video(len(made), height=64, width=48)
            )
    return made


def make_nuscenes(root, scenes=10, frames=70):
    """Scenes of the front camera and a lidar; returns key -> frames as JPEG decodes them."""
    tables = {name: [] for name in ("scene", "sample", "sample_data", "sensor")}
    tables["sensor"] = [
        {"token": "s-cam", "channel": "CAM_FRONT", "modality": "camera"},
        {"token": "s-lidar", "channel": "LIDAR_TOP", "modality": "lidar"},
    ]
    tables["calibrated_sensor"] = [
        {"token": f"c-{kind}", "sensor_token": f"s-{kind}", "camera_intrinsic": []}
        for kind in ("cam", "lidar")
    ]
    made, rows = {}, []
    for scene in range(scenes):
        name = f"scene-{scene + 1:04d}"
        tables["scene"].append({"token": f"t{scene}", "name": name, "nbr_samples": 12})
        pictures = []
        for frame in range(frames):
            key_frame = frame % 6 == 0
            sample = f"{name}-{frame // 6}"
            if key_frame:
                tables["sample"].append({"token": sample, "scene_token": f"t{scene}"})
            kind = "samples" if key_frame else "sweeps"
            stamp = 1_532_402_927_612_460 + scene * 10**8 + frame * 83_333
            file = f"{kind}/CAM_FRONT/n015-{name}__CAM_FRONT__{stamp}.jpg"
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            shade = (frame * 3, scene * 20, 99)
            Image.new("RGB", (32, 18), shade).save(path, quality=95)
            pictures.append(np.asarray(Image.open(path)))
            data = {
                "sample_token": sample,
                "timestamp": stamp,
                "is_key_frame": key_frame,
            }
            rows.append({**data, "calibrated_sensor_token": "c-cam", "filename": file})
            lidar = {"filename": f"{kind}/LIDAR_TOP/{stamp}.bin"}
            rows.append({**data, **lidar, "calibrated_sensor_token": "c-lidar"})
        for first in range(0, frames - 31, 32):
            made[f"{name}/{first:04d}"] = np.stack(pictures[first : first + 32])
    np.random.default_rng(0).shuffle(rows)
    tables["sample_data"] = [{"token": str(i), **row} for i, row in enumerate(rows)]
    for name, table in tables.items():
        (root / "v1.0-trainval").mkdir(exist_ok=True, parents=True)
        (root / "v1.0-trainval" / f"{name}.json").write_text(
            json.dumps(table, indent=0)
        )
    return made


MAKERS = {
    "kinetics600": make_kinetics,
    "ssv2": make_ssv2,
    "objectron": make_objectron,
    "nuscenes": make_nuscenes,
}
