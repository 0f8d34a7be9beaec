"""DESIGN.md §2: `kill -9` at any instant loses nothing any client was told."""

import pytest

import kill9


@pytest.mark.within(180)
async def test_ten_kills_cost_nobody_anything(tmp_path):
    result = await kill9.run(rounds=10, seed=9, directory=tmp_path)
    print(result)
    assert result.faults == []
    assert result.kills >= 10 and result.told > 50 and result.oks > 10 and result.games >= 1
