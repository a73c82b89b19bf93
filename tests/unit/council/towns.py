"""The council files that are shipped."""

from pathlib import Path

FOLDER = Path(__file__).parents[3] / "deploy" / "councils"
ANYTOWN = FOLDER / "anytown.toml"
EAST_RIDING = FOLDER / "east-riding.toml"
COUNCILS = sorted(FOLDER.glob("*.toml"))
