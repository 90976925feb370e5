"""Platform no. 21: a folder under taps/ and the generator, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import duckdb
from project_files import ROOT

TAP = Path(__file__).parent / "tap-lab"
SCHEMAS = ROOT / "tests" / "end_to_end" / "schemas"
GENERATED = {
    "README.md",
    "README.zh-CN.md",
    "plugins/environments.meltano.yml",
    "plugins/extractors.meltano.yml",
    "plugins/jobs.meltano.yml",
}


def git(root, *arguments) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=True
    ).stdout


def test_a_new_platform_touches_nothing_but_generated_files(clone, shop):
    root = clone.root
    git(root, "init", "--quiet", ".")
    git(root, "add", ".")
    shutil.copytree(TAP, root / "taps" / "tap-lab")
    shutil.copytree(SCHEMAS, root / "taps" / "tap-lab" / "tap_lab" / "schemas")

    done = clone.command("python3", "plugins/definitions.py")
    assert done.returncode == 0, done.stderr[-3000:]
    assert set(git(root, "diff", "--name-only").split()) == GENERATED
    untracked = git(root, "ls-files", "--others", "--exclude-standard").split()
    assert all(name.startswith("taps/tap-lab/") for name in untracked)

    clone.run("tap-lab", "target-duckdb", TAP_LAB_BASE_URL=shop.base_url("lab"))
    with duckdb.connect(clone.env["TARGET_DUCKDB_PATH"], read_only=True) as connection:
        for stream in ("orders", "items"):
            found = connection.execute(f"select _account, id from tap_lab.{stream}").fetchall()
            truth = {
                (account, row.key)
                for account in shop.accounts("lab")
                for row in shop.truth("lab", account, stream)
            }
            assert len(found) == len(truth)
            assert set(found) == truth
