"""The adapters of the embedded language model that ship: the writer's and the judge's."""

from __future__ import annotations

from pathlib import Path

from framewise.index.adapter import CONFIG, WEIGHTS, Adapter

DATA = Path(__file__).parent / "data"
CALIBRATION = "calibration.json"  # what turns the answers into a probability

WRITER = Adapter(
    DATA / "writer",
    {
        WEIGHTS: "20ad30b13186d2f9864a5cc8fb567f1157a8149ec13e738c6474aac131ba27ff",
        CONFIG: "accd7ab5104a21b4ea34fe307936c42b5dc4dae67729ae2680618c4c986ff919",
    },
)
SUPPORT = Adapter(
    DATA / "support",
    {
        WEIGHTS: "9f85c92df939f2ac98c174935f6e032650e30990ef45f93aabfa0e7a90894b8b",
        CONFIG: "accd7ab5104a21b4ea34fe307936c42b5dc4dae67729ae2680618c4c986ff919",
        CALIBRATION: "36ba20cb622f034f51770105ea21c67cbdfc0395c3f4b74bce1a0ad592ba8f96",
    },
)
