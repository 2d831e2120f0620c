"""The searches against an oracle that tries everything and knows nothing of automata."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockview.model.traces import Outcome, Schedule
from lockview.sim.replay import Replay
from lockview.sim.scenario import Scenario
from lockview.sim.search import completing_schedule, find_completion, find_deadlock, point_of_no_return

ScenarioMaker = Callable[..., Scenario]
# Per task: how many steps of its routine are done (acquire each, release each, end), and whether it waits.
State = tuple[tuple[int, bool], ...]


class Oracle:
    """All runs of tasks that take the letters of a word and release them in reverse."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def held(self, state: State) -> dict[str, int]:
        return {
            letter: task
            for task, ((done, _), word) in enumerate(zip(state, self.words, strict=True))
            for letter in word[: min(done, max(0, 2 * len(word) - done))]
        }

    def moves(self, state: State) -> Iterator[tuple[int, State]]:
        held = self.held(state)
        for task, ((done, waits), word) in enumerate(zip(state, self.words, strict=True)):
            if done > 2 * len(word):
                continue
            blocked = done < len(word) and word[done] in held
            if blocked and waits:
                continue
            new = (done, True) if blocked else (done + 1, False)
            yield task, (*state[:task], new, *state[task + 1 :])

    @property
    def start(self) -> State:
        return ((0, False),) * len(self.words)

    def is_done(self, state: State) -> bool:
        return all(done > 2 * len(word) for (done, _), word in zip(state, self.words, strict=True))

    def is_stuck(self, state: State) -> bool:
        return not self.is_done(state) and not any(self.moves(state))

    def reachable(self, start: State) -> set[State]:
        seen, todo = {start}, [start]
        while todo:
            for _, after in self.moves(todo.pop()):
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
        return seen

    def best_deadlock(self) -> tuple[int, ...] | None:
        """Fewest steps, then fewest switches, then lowest tasks: by keeping the best way to (state, last task)."""
        ways: dict[tuple[State, int], tuple[int, tuple[int, ...]]] = {(self.start, -1): (0, ())}
        while ways:
            stuck = [(cost, choices) for (state, _), (cost, choices) in ways.items() if self.is_stuck(state)]
            if stuck:
                return min(stuck)[1]
            further: dict[tuple[State, int], tuple[int, tuple[int, ...]]] = {}
            for (state, last), (cost, choices) in ways.items():
                for task, after in self.moves(state):
                    way = (cost + (last not in (-1, task)), (*choices, task))
                    key = (after, task)
                    further[key] = min(further.get(key, way), way)
            ways = further
        return None

    def fewest_switches(self, start: State, last: int) -> int | None:
        """The fewest task switches on a way to the end, after ``last`` has stepped (-1: nobody has)."""
        seen: set[tuple[State, int]] = set()
        todo = [(start, last)]
        for cost in range(99):
            later: list[tuple[State, int]] = []
            while todo:
                here = todo.pop()
                if here in seen:
                    continue
                seen.add(here)
                if self.is_done(here[0]):
                    return cost
                for task, after in self.moves(here[0]):
                    (todo if here[1] in (-1, task) else later).append((after, task))
            todo = later
        return None


def switches(schedule: Schedule) -> int:
    return sum(before != after for before, after in pairwise(schedule.choices))


words = st.lists(
    st.integers(1, 3).flatmap(lambda size: st.permutations("ABC").map(lambda letters: "".join(letters[:size]))),
    min_size=1,
    max_size=3,
)
relaxed = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@relaxed
@given(words=words)
def test_deadlock_against_the_oracle(scenario: ScenarioMaker, words: list[str]) -> None:
    result = find_deadlock(scenario(*words))
    assert result.complete
    assert (result.schedule.choices if result.schedule else None) == Oracle(words).best_deadlock()


@relaxed
@given(words=words, picks=st.lists(st.integers(0, 5), max_size=8))
def test_completion_against_the_oracle(scenario: ScenarioMaker, words: list[str], picks: list[int]) -> None:
    """From any place in any run: there is a way out exactly when the oracle finds one, and it begins as asked."""
    replay = Replay.start(scenario(*words))
    oracle = Oracle(words)
    state = oracle.start
    for pick in picks:
        if replay.enabled:
            task = replay.enabled[pick % len(replay.enabled)]
            replay, state = replay.choose(task), dict(oracle.moves(state))[task]
    schedule = completing_schedule(replay.scenario, replay.schedule)
    last = replay.schedule.choices[-1] if replay.length else -1
    fewest = oracle.fewest_switches(state, last)
    assert (schedule is not None) == (fewest is not None)
    if schedule:
        assert schedule.choices[: replay.length] == replay.schedule.choices
        assert Replay.start(replay.scenario, schedule).trace.outcome is Outcome.DONE
        assert fewest == switches(schedule) - switches(replay.schedule)


@relaxed
@given(words=words)
def test_point_of_no_return_against_the_oracle(scenario: ScenarioMaker, words: list[str]) -> None:
    run = scenario(*words)
    schedule = find_deadlock(run).schedule
    if schedule is None:
        return
    oracle = Oracle(words)
    state = oracle.start
    states = [state]
    for task in schedule.choices:
        state = dict(oracle.moves(state))[task]
        states.append(state)
    hopeless = [not any(oracle.is_done(after) for after in oracle.reachable(state)) for state in states]
    assert point_of_no_return(run, schedule) == hopeless.index(True)


def test_words_in_one_order_cannot_deadlock(scenario: ScenarioMaker) -> None:
    """Every state is looked at, as many as the oracle counts."""
    order = ["ABC", "AC", "BC"]
    result = find_deadlock(scenario(*order))
    assert (result.schedule, result.complete) == (None, True)
    assert result.states == len(Oracle(order).reachable(Oracle(order).start))
    assert point_of_no_return(scenario(*order), Schedule((0, 0))) is None


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_dining_philosophers(scenario: ScenarioMaker, count: int) -> None:
    """Each takes the left fork and asks for the right one: 2n steps, where only the first one's are not in a row."""
    forks = "ABCDEF"[:count]
    run = scenario(*(forks[seat] + forks[(seat + 1) % count] for seat in range(count)))
    result = find_deadlock(run, effort=250_000)
    assert result.complete
    assert result.schedule
    assert len(result.schedule.choices) == 2 * count
    assert switches(result.schedule) == count
    # All but the philosophers 0 and 1 hold a fork and wait already: only then does the last free fork decide.
    assert point_of_no_return(run, result.schedule) == 2 * count - 2
    done = find_completion(run).schedule
    assert done
    assert switches(done) == count - 1
    assert len(done.choices) == 5 * count


def test_bound_is_said_and_the_guess_runs(scenario: ScenarioMaker) -> None:
    letters = "ABCDEFGHIJ"
    run = scenario(*(letters[seat] + letters[(seat + 1) % 10] for seat in range(10)))
    result = find_deadlock(run, effort=500)
    assert not result.complete
    assert result.states < 500
    assert result.schedule
    assert Replay.start(run, result.schedule).trace.outcome is Outcome.DEADLOCK
    ordered = find_deadlock(scenario(*["ABC"] * 6), effort=50)
    assert (ordered.schedule, ordered.complete) == (None, False)


def test_tasks_without_locks_only_end(scenario: ScenarioMaker) -> None:
    assert find_deadlock(scenario("", "A")).schedule is None
    assert completing_schedule(scenario("", "A")) == Schedule((0, 1, 1, 1))
