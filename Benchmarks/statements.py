"""What a benchmark says has to hold, with what it saw."""


class Statements:
    def __init__(self):
        self.failed = 0

    def hold(self, holds: bool, what: str) -> None:
        self.failed += not holds
        print(f"  {'holds ' if holds else 'FAILED'}  {what}", flush=True)
