# SPDX-License-Identifier: Apache-2.0
"""Each story in this folder is a test."""

import pytest
from story import HERE, PROTOCOLS, Failed, Story, is_played_over

STORIES = sorted(HERE.glob("*.story"))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story(path, protocol):
    """The claim at the top of the file holds."""
    if not is_played_over(path, protocol):
        pytest.skip("its requests are those of another protocol")
    failure = None
    try:
        Story(path, protocol).play()
    except Failed as error:
        failure = str(error)
    if failure:
        pytest.fail(failure, pytrace=False)


def test_stories_are_found():
    """So that a wrong folder is no success."""
    assert len(STORIES) >= 16
