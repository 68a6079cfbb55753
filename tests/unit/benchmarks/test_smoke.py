"""When a loss is half of what it was."""

from benchmarks.smoke import halving


def test_the_mean_of_ten_steps_counts():
    losses = [8.0] * 12 + [3.0] + [4.0] * 12
    found = halving([{"loss": loss, "samples_per_s": 16.0} for loss in losses], 8)
    # The mean of steps 13 to 22 is 3.9, that of 12 to 21 is 4.3.
    assert (found["halved_at_step"], found["halved_after_seconds"]) == (22, 11.0)
    assert (found["first_loss"], found["last_loss"], found["seconds"]) == (8.0, 4.0, 12.5)


def test_a_loss_that_stays_is_not_halved():
    for count in (3, 30):
        found = halving([{"loss": 8.0, "samples_per_s": 16.0}] * count, 8)
        assert found["halved_at_step"] is None
