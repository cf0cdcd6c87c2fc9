"""Files of results: read, added to, and what a broken-off line does."""

import json

import pytest

from benchmarks import lines
from tests.conftest import once

pytestmark = once


def line(key, seconds):
    return {"key": key, "case": {}, "seconds": seconds}


def test_lines_are_added_in_order(tmp_path):
    path = tmp_path / "made" / "results.jsonl"
    assert lines.read(path) == []
    for key, seconds in (("a", 1), ("b", 2), ("a", 3)):
        lines.append(path, line(key, seconds))
    assert [found["seconds"] for found in lines.read(path)] == [1, 2, 3]
    assert lines.latest(lines.read(path)) == {"a": line("a", 3), "b": line("b", 2)}


def test_a_broken_last_line_is_left_out_and_not_glued_to(tmp_path):
    path = tmp_path / "results.jsonl"
    lines.append(path, line("a", 1))
    with path.open("a") as file:
        file.write(json.dumps(line("b", 2))[:10])
    assert [found["key"] for found in lines.read(path)] == ["a"]


def test_a_line_after_a_broken_one_is_not_lost(tmp_path):
    path = tmp_path / "results.jsonl"
    lines.append(path, line("a", 1))
    with path.open("a") as file:
        file.write('{"key": "b", "ca')
    lines.append(path, line("c", 3))
    assert [found["key"] for found in lines.read(path)] == ["a", "c"]


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text("seconds,1\nseconds,2\n")
    with pytest.raises(ValueError, match="Received: .*line 1: 'seconds,1'"):
        lines.read(path)
