"""The day that an amount refers to, and who published it when."""

from dataclasses import dataclass

from corpus.article import PartialDate


@dataclass(frozen=True, slots=True)
class AsOf:
    """The label of an amount in an answer.

    `figure` is the amount as the cited words have it, or "" where they hold several. `day` is the day that it
    refers to, `published` the date of its article. `stage` is "actual", "announced", "planned" or
    "estimated".
    """

    figure: str
    day: PartialDate | None
    published: PartialDate | None
    publisher: str | None
    stage: str = "actual"

    @property
    def spoken(self) -> str:
        """The label in plain words.

        >>> AsOf("500", PartialDate(2021, 2), PartialDate(2021, 2), "The National", "announced").spoken
        'announced, as of February 2021, The National'
        >>> AsOf("18", PartialDate(2018), PartialDate(2021, 2), "The National").spoken
        'for 2018, told in February 2021, The National'
        """
        stage = "" if self.stage == "actual" else self.stage
        return ", ".join(part for part in (stage, self._when, self.publisher) if part)

    @property
    def _when(self) -> str:
        if not self.day or self.day == self.published:
            return f"as of {self.published.spoken}" if self.published else "undated"
        if not self.published:
            return f"for {self.day.spoken}, in an undated article"
        return f"for {self.day.spoken}, told {'on' if self.published.day else 'in'} {self.published.spoken}"
