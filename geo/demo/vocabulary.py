"""What is said in made-up incidents: texts made once for a scale, chosen from by every ward."""

from __future__ import annotations

import numpy as np

from geo.demo import pattern_arrays
from geo.demo.chance import chance
from geo.demo.copying import Words
from geo.demo.incidents import CHANNELS, description
from geo.demo.names import any_address, mobile, person
from geo.demo.patterns import NOTES, RESOLUTIONS, Note
from geo.seeds import CATEGORIES

TEXTS_A_CATEGORY = 500


class Vocabulary:
    """What is said in the incidents of a scale: made once, chosen from by every ward."""

    def __init__(self, seed: str) -> None:
        random = chance(f"{seed}:texts")
        said: list[str | None] = []
        for category in CATEGORIES:
            said += [description(random, category.code, any_address(random)) for _ in range(TEXTS_A_CATEGORY)]
        self.descriptions = Words(said)
        self.addresses = Words([any_address(random) for _ in range(2000)])
        self.people = Words([person(random) for _ in range(2000)])
        self.phones = Words([mobile(random) for _ in range(2000)])
        notes: list[str | None] = []
        self.first = np.zeros((len(Note) + 1, len(CATEGORIES)), np.int64)
        self.count = np.zeros_like(self.first)
        for kind, wordings in NOTES.items():
            self.first[kind.value], self.count[kind.value] = len(notes), len(wordings)
            notes += wordings
        for number, wordings in enumerate(RESOLUTIONS):
            at = (Note.RESOLUTION.value, number)
            self.first[at], self.count[at] = len(notes), len(wordings)
            notes += wordings
        self.notes = Words(notes)
        self.statuses, self.parties = Words(pattern_arrays.STATUSES), Words(pattern_arrays.PARTIES)
        self.verdicts, self.channels = Words(pattern_arrays.VERDICTS), Words(tuple(CHANNELS))
