"""``python -m tests.fuzz.run MODULE:TARGET ARGUMENT ...``: fuzz a target in this process; libFuzzer reads the rest."""

import importlib
import random
import signal
import sys

import atheris  # type: ignore[import-untyped]

name, *arguments = sys.argv[1:]
module, _, attribute = name.partition(":")
with atheris.instrument_imports(include=["flask_cors", "tests.fuzz.test_planted"]):
    target = getattr(importlib.import_module(module), attribute)


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change one part of an input: libFuzzer alone would seldom put a whole word to the end of one."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    parts = data.split(target.separator)
    number = chance.randrange(len(parts))
    parts[number] = _changed(parts[number], chance)
    return bytes(target.separator.join(parts)[:max_size])


def _changed(part: bytes, chance: random.Random) -> bytes:
    word, place = chance.choice(target.words), chance.randrange(len(part) + 1)
    inserted = part[:place] + word + part[place:]
    return bytes(chance.choice([word, part + word, word + part, inserted, atheris.Mutate(part, len(part) + 20)]))


def run(data: bytes) -> None:
    """Feed the target; libFuzzer's alarm must not end this process before what was found is written."""
    try:
        target.function(data)
    except Exception:
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise


atheris.Setup([name, *arguments], run, custom_mutator=mutate)
atheris.Fuzz()
