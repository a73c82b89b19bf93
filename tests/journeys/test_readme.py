"""The README is true: whoever pastes its commands gets what it says."""

from pathlib import Path

import pytest

from services.cli.embedded import EmbeddedPostgres
from tests.journeys.readme import Newcomer, Step, steps_of
from tests.parts.scratch import scratch

ROOT = Path(__file__).parents[2]
PAGE = """
```sh
make run
```
Text, and what is not to be run:
```text
rm -rf /
```
```sh
curl -s http://127.0.0.1:8080/ready
echo one \\
  two
make check
make test ARGS=-x
```
"""


def test_the_blocks_of_a_page_become_steps_in_its_order() -> None:
    assert steps_of(PAGE) == [
        Step("stays", "make run"),
        Step("run", "curl -s http://127.0.0.1:8080/ready\necho one \\\n  two"),
        Step("named", "make check"),
        Step("named", "make test ARGS=-x"),
    ]


@pytest.mark.timeout(600)
def test_every_command_of_the_readme_works_on_a_fresh_data_folder() -> None:
    steps = steps_of((ROOT / "README.md").read_text())
    with scratch("readme") as folder:
        newcomer = Newcomer(ROOT, folder)
        toured = newcomer.follow(steps)
        first = newcomer.seconds_until_ready
        again = newcomer.start_again("make run")
        database = EmbeddedPostgres(folder / "data" / "database")
        assert database.pid is None, "the embedded database outlived Ctrl-C"
    assert set(newcomer.done) == {step.text for step in steps}
    last_look = [line for line in toured.splitlines() if line.startswith('{"reference"')][-1]
    assert '"state":"resolved"' in last_look
    assert '"state":"met"' in toured.splitlines()[-1]
    print(f"{len(steps)} steps; ready after {first:.1f} s, the second time after {again:.1f} s")
