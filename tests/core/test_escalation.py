"""The life of an escalation as pure rules."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.core.crisis.signal import Severity
from bot.core.escalation import (
    AT_ONCE,
    LATE,
    QUIET,
    SILENCE,
    TOLD_AGAIN,
    AlreadyEnded,
    AlreadyTaken,
    AnswerMember,
    AskWhetherStillThere,
    Case,
    CloseRelay,
    Effect,
    Ended,
    Event,
    GiveBack,
    HandedOver,
    Heard,
    Joined,
    Left,
    LetIn,
    LetOut,
    MemberSpoke,
    NotYours,
    Nudge,
    Opened,
    OpenRelay,
    Outcome,
    Page,
    PageBeside,
    Skipped,
    Spoke,
    State,
    Stays,
    StillThere,
    Taken,
    TellHolder,
    TellMemberLate,
    TimerFired,
    advance,
)
from bot.core.policy import DEFAULT_POLICY, Policies, Step, Whom

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SAM, ROBIN = 7, 8

outcomes = st.sampled_from(Outcome)
severities = st.sampled_from(Severity)
policies = st.lists(
    st.builds(Step, whom=st.sampled_from(Whom), wait=st.integers(1, 120).map(lambda n: timedelta(minutes=n))),
    min_size=1,
    max_size=5,
).map(tuple)
waits = st.integers(0, 200).map(lambda minutes: timedelta(minutes=minutes))
people = st.integers(1, 4)


def opened(severity: Severity = Severity.URGENT) -> Case:
    """A case that has just been opened at noon."""
    case, _effects = advance(
        Case(policies=Policies.same(DEFAULT_POLICY), severity=severity, opened_at=NOON), Opened(), NOON
    )
    return case


def after(case: Case, *events: Event, at: datetime = NOON) -> Case:
    """The case after these events."""
    for event in events:
        case, _effects = advance(case, event, at)
    return case


def test_opening_answers_the_member_and_pages_the_first_step() -> None:
    case, effects = advance(
        Case(policies=Policies.same(DEFAULT_POLICY), severity=Severity.URGENT, opened_at=NOON), Opened(), NOON
    )
    assert effects == (Page(DEFAULT_POLICY[0], 1), AnswerMember())
    assert (case.state, case.next_at) == (State.PAGED, NOON + DEFAULT_POLICY[0].wait)


def test_a_case_is_opened_once() -> None:
    case = opened()
    assert advance(case, Opened(), NOON) == (case, ())


def test_a_timer_that_fires_before_its_time_does_nothing() -> None:
    case = opened()
    assert case.next_at is not None
    assert advance(case, TimerFired(), case.next_at - timedelta(microseconds=1)) == (case, ())


def test_nobody_answers_and_every_step_is_paged_and_the_last_repeats() -> None:
    case, paged = opened(), []
    for _step in range(6):
        assert case.next_at is not None
        case, effects = advance(case, TimerFired(), case.next_at)
        paged += [effect for effect in effects if isinstance(effect, Page)]
    steps = [*DEFAULT_POLICY[1:], *(DEFAULT_POLICY[-1],) * 3]
    last = DEFAULT_POLICY[-1]
    assert paged == [Page(step, n, last=step is last, again=n > 4) for n, step in enumerate(steps, start=2)]


def test_the_member_is_told_at_growing_intervals_that_nobody_has_come() -> None:
    case = opened()
    told: dict[int, Effect] = {}
    for _step in range(120):
        assert case.next_at is not None
        at = case.next_at
        case, effects = advance(case, TimerFired(), at)
        minute = (at - NOON) // timedelta(minutes=1)
        told.update((minute, effect) for effect in effects if isinstance(effect, TellMemberLate))
    assert list(told) == [11, 31, 121, 361, 721, 1081]
    assert list(told.values()) == [TellMemberLate(), *[TellMemberLate(again=True)] * 5]


def test_what_can_wait_calls_nobody_else_when_its_last_step_repeats() -> None:
    case = after(Case(policies=Policies(), severity=Severity.CONCERN, opened_at=NOON), Opened())
    for _step in range(4):
        assert case.next_at is not None
        case, effects = advance(case, TimerFired(), case.next_at)
    assert [effect.again for effect in effects if isinstance(effect, Page)] == [False]


def test_who_is_called_for_again_is_not_told_at_once_that_it_takes_long() -> None:
    case = opened()
    for _step in range(3):
        assert case.next_at is not None
        case = after(case, TimerFired(), at=case.next_at)
    late = NOON + timedelta(hours=1)
    case = after(case, Taken(SAM), HandedOver(), at=late)
    told = []
    for _step in range(5):
        assert case.next_at is not None
        at = case.next_at
        case, effects = advance(case, TimerFired(), at)
        told += [at - late for effect in effects if isinstance(effect, TellMemberLate)]
    assert told == [timedelta(minutes=11)]


def test_the_first_who_takes_it_has_it() -> None:
    case, effects = advance(opened(), Taken(SAM), NOON)
    assert (case.holder, case.state) == (SAM, State.ACKNOWLEDGED)
    assert effects == (OpenRelay(SAM),)


def test_a_holder_who_is_silent_is_asked_and_then_others_are_called() -> None:
    case = after(opened(), Taken(SAM))
    assert case.next_at == NOON + SILENCE
    case, effects = advance(case, TimerFired(), NOON + SILENCE)
    assert effects == (Nudge(SAM),)
    case, effects = advance(case, TimerFired(), NOON + 2 * SILENCE)
    assert effects == (GiveBack(SAM), Page(DEFAULT_POLICY[0], 2))
    assert case.holder is None


def test_the_peers_words_stop_the_timer_of_their_silence_and_the_members_start_it() -> None:
    case = after(opened(), Taken(SAM), Spoke())
    assert case.next_at == NOON + QUIET
    later = NOON + timedelta(hours=1)
    case, _effects = advance(case, MemberSpoke(), later)
    assert case.next_at == later + SILENCE
    assert advance(case, MemberSpoke(), later + timedelta(minutes=1))[0] == case


def test_a_holder_is_told_whenever_the_member_is_heard_again() -> None:
    _case, effects = advance(after(opened(), Taken(SAM)), Heard(Severity.URGENT), NOON)
    assert effects == (TellHolder(Severity.URGENT),)


@given(read=st.booleans(), seconds=st.integers(0, 600))
def test_a_signal_that_is_no_worse_is_told_again_at_once_if_they_do_not_read_it_else_after_a_pause(
    read: bool, seconds: int
) -> None:
    pause = TOLD_AGAIN if read else timedelta()
    told = advance(after(opened(), Taken(SAM)), Heard(Severity.URGENT, read), NOON)[0]
    later = NOON + timedelta(seconds=seconds)
    assert bool(advance(told, Heard(Severity.URGENT, read), later)[1]) == (later - NOON >= pause)
    assert advance(told, Heard(Severity.EMERGENCY, read), later)[1] == (TellHolder(Severity.EMERGENCY),)


@pytest.mark.parametrize("events", [(), (Spoke(),), (Spoke(), MemberSpoke())])
def test_an_emergency_with_a_member_whose_peer_may_not_be_there_calls_others_beside_them(
    events: tuple[Event, ...],
) -> None:
    case, effects = advance(after(opened(), Taken(SAM), *events), Heard(Severity.EMERGENCY, away=True), NOON)
    assert effects == (TellHolder(Severity.EMERGENCY), PageBeside(DEFAULT_POLICY[0]))
    assert (case.holder, case.next_at) == (SAM, NOON + AT_ONCE)
    assert advance(case, TimerFired(), NOON + AT_ONCE)[1][0] == GiveBack(SAM), "they were told loudly enough"
    assert after(case, Spoke()).next_at == NOON + QUIET, "a word, and it stays theirs"


def test_nothing_less_than_an_emergency_calls_others_again() -> None:
    case = after(opened(), Taken(SAM))
    assert advance(case, Heard(Severity.URGENT, away=True), NOON)[1] == (TellHolder(Severity.URGENT),)


def test_the_holder_of_a_quiet_case_is_asked_twice_and_then_others_are_called() -> None:
    case, now = after(opened(), Taken(SAM), Spoke()), NOON
    said: list[Effect] = []
    for _time in range(3):
        now += QUIET
        case, effects = advance(case, TimerFired(), now)
        said += effects
    asked = [AskWhetherStillThere(SAM, last=last) for last in (False, True)]
    assert said == [*asked, GiveBack(SAM), Page(DEFAULT_POLICY[0], 2)]


def test_who_is_still_there_is_asked_again_as_if_for_the_first_time() -> None:
    case = after(opened(), Taken(SAM), Spoke())
    case, _effects = advance(case, TimerFired(), NOON + QUIET)
    case, effects = advance(case, StillThere(SAM, case.turn), NOON + QUIET)
    assert (case.state, case.next_at, effects) == (State.IN_CONVERSATION, NOON + 2 * QUIET, (Stays(waits=False),))
    assert advance(case, TimerFired(), NOON + 2 * QUIET)[1] == (AskWhetherStillThere(SAM, last=False),)


def test_who_is_only_still_there_has_not_answered_a_member_who_waits() -> None:
    case = after(opened(), Taken(SAM), Spoke(), MemberSpoke())
    assert advance(case, StillThere(SAM), NOON) == (case, (Stays(waits=True),))
    assert advance(case, StillThere(ROBIN), NOON) == (case, (NotYours(),))


def test_the_next_holder_is_told_of_the_first_signal_they_hear() -> None:
    told = advance(after(opened(), Taken(SAM)), Heard(Severity.URGENT), NOON)[0]
    given, _effects = advance(told, HandedOver(ROBIN), NOON)
    assert advance(given, Heard(Severity.URGENT), NOON)[1] == (TellHolder(Severity.URGENT),)


def test_a_case_that_nobody_has_cannot_be_handed_over() -> None:
    case = opened()
    assert advance(case, HandedOver(), NOON) == (case, (GiveBack(None),))


def test_a_late_taker_changes_nothing_and_learns_who_has_it() -> None:
    case = after(opened(), Taken(SAM))
    assert advance(case, Taken(ROBIN), NOON) == (case, (AlreadyTaken(SAM),))


def test_the_first_words_of_the_peer_begin_the_conversation() -> None:
    assert after(opened(), Taken(SAM), Spoke()).state is State.IN_CONVERSATION


def test_nobody_speaks_in_a_case_that_nobody_has() -> None:
    case = opened()
    assert advance(case, Spoke(), NOON) == (case, ())


def test_a_case_handed_over_begins_its_steps_again_and_the_member_is_told() -> None:
    case, effects = advance(after(opened(), Taken(SAM), Spoke()), HandedOver(), NOON)
    assert effects == (GiveBack(SAM), Page(DEFAULT_POLICY[0], 2))
    assert (case.holder, case.state, case.next_at) == (None, State.PAGED, NOON + DEFAULT_POLICY[0].wait)


def test_something_worse_pages_at_once() -> None:
    case, effects = advance(opened(), Heard(Severity.EMERGENCY), NOON + timedelta(minutes=1))
    assert effects == (Page(DEFAULT_POLICY[1], 2),)
    assert case.severity is Severity.EMERGENCY


def test_something_worse_is_told_to_the_one_who_has_the_case() -> None:
    case = after(opened(), Taken(SAM))
    assert advance(case, Heard(Severity.EMERGENCY), NOON)[1] == (TellHolder(Severity.EMERGENCY),)


@pytest.mark.parametrize("severity", [Severity.CONCERN, Severity.URGENT])
def test_nothing_worse_joins_in_silence(severity: Severity) -> None:
    case = opened()
    assert advance(case, Heard(severity), NOON) == (case, ())


@pytest.mark.parametrize("outcome", Outcome)
def test_a_persons_word_ends_it(outcome: Outcome) -> None:
    case, effects = advance(after(opened(), Taken(SAM)), Ended(outcome), NOON)
    assert (case.is_open, case.outcome, case.next_at) == (False, outcome, None)
    assert effects == (CloseRelay(outcome),)


@pytest.mark.parametrize("event", [Taken(SAM), HandedOver(), Ended(Outcome.SAFE)])
def test_who_acts_on_an_ended_case_is_told_so(event: Event) -> None:
    case = after(opened(), Ended(Outcome.SAFE))
    assert advance(case, event, NOON) == (case, (AlreadyEnded(),))


def test_a_second_person_joins_and_the_case_stays_the_holders() -> None:
    case, effects = advance(after(opened(), Taken(SAM)), Joined(ROBIN), NOON)
    assert (case.holder, case.helpers, effects) == (SAM, (ROBIN,), (LetIn(ROBIN),))
    assert advance(case, Joined(ROBIN), NOON) == (case, (AlreadyTaken(ROBIN),))
    case, effects = advance(case, Left(ROBIN), NOON)
    assert (case.helpers, effects) == ((), (LetOut(ROBIN),))


def test_who_joins_a_case_that_nobody_has_takes_it() -> None:
    assert advance(opened(), Joined(SAM), NOON)[1] == (OpenRelay(SAM),)


def test_a_helper_who_takes_a_case_that_lost_its_holder_is_its_holder_only() -> None:
    case = after(opened(), Taken(SAM), Joined(ROBIN), HandedOver(), Taken(ROBIN))
    assert (case.holder, case.helpers) == (ROBIN, ())


def test_a_case_given_to_a_named_peer_is_theirs_and_their_silence_is_timed() -> None:
    case, effects = advance(after(opened(), Taken(SAM), Spoke()), HandedOver(ROBIN), NOON)
    assert effects == (GiveBack(SAM, ROBIN), OpenRelay(ROBIN, instead=SAM))
    assert (case.holder, case.state, case.next_at) == (ROBIN, State.ACKNOWLEDGED, NOON + SILENCE)


@pytest.mark.parametrize("make", [lambda turn: HandedOver(turn=turn), lambda turn: Ended(Outcome.SAFE, turn)])
def test_a_button_of_an_earlier_turn_does_nothing(make: Callable[[int], Event]) -> None:
    first = after(opened(), Taken(SAM))
    again = after(first, HandedOver(), Taken(SAM))
    assert advance(again, make(first.turn), NOON) == (again, (NotYours(),))
    assert advance(again, make(again.turn), NOON)[0] != again


def test_a_step_that_reaches_nobody_is_followed_at_once_by_the_next() -> None:
    _case, effects = advance(opened(), Skipped(), NOON)
    assert effects == (Page(DEFAULT_POLICY[1], 2),)
    assert after(opened(), Taken(SAM), Skipped()).holder == SAM


def test_something_worse_begins_the_steps_of_its_own_policy() -> None:
    emergency = (Step(whom=Whom.ORGANIZERS, wait=timedelta(minutes=1)),)
    policies = Policies(emergency=emergency)
    case = after(Case(policies=policies, severity=Severity.URGENT, opened_at=NOON), Opened())
    assert advance(case, Heard(Severity.EMERGENCY), NOON)[1] == (Page(emergency[0], 2, last=True),)


class Lives(RuleBasedStateMachine):
    """Any events in any order at any times."""

    case: Case
    now: datetime
    told_late: datetime | None

    @initialize(policy=policies, severity=severities)
    def open(self, policy: tuple[Step, ...], severity: Severity) -> None:
        self.now, self.told_late = NOON, None
        self.case = Case(policies=Policies.same(policy), severity=severity, opened_at=NOON)
        assert AnswerMember() in self.step(Opened())

    def step(self, event: Event) -> tuple[Effect, ...]:
        before = self.case
        self.case, effects = advance(before, event, self.now)
        changed = replace(self.case, version=before.version) != before
        assert self.case.version == before.version + changed
        pages = [effect for effect in effects if isinstance(effect, Page)]
        assert self.case.pages == before.pages + len(pages)
        if not before.is_open:
            assert not changed
            assert set(effects) <= {AlreadyEnded()}
        if pages:
            assert self.case.holder is None, "nobody is paged about a case that somebody has"
        if any(isinstance(effect, TellMemberLate) for effect in effects):
            assert self.case.holder is None
            assert self.told_late is None or self.now - self.told_late >= LATE, "the bot is no alarm clock"
            self.told_late = self.now
        return effects

    @rule(wait=waits)
    def time_passes(self, wait: timedelta) -> None:
        self.now += wait

    @rule()
    def the_timer_fires(self) -> None:
        before = self.case
        effects = self.step(TimerFired())
        if before.next_at is None or self.now < before.next_at:
            assert effects == ()
            assert self.case == before
        elif before.holder is None:
            last = len(before.policy) - 1
            number, again = min(before.step, last), before.step > last and before.severity is not Severity.CONCERN
            assert effects[0] == Page(before.policy[number], before.pages + 1, number == last, again)
        elif before.state in {State.IN_CONVERSATION, State.QUIET} and not before.nudged:
            assert effects == (AskWhetherStillThere(before.holder, last=before.state is State.QUIET),)
        else:
            assert effects[0] == (GiveBack(before.holder) if before.nudged else Nudge(before.holder))

    @rule(by=people)
    def somebody_takes_it(self, by: int) -> None:
        before = self.case
        effects = self.step(Taken(by))
        if before.is_open and before.holder is not None:
            assert effects == (AlreadyTaken(before.holder),)
            assert self.case == before

    @rule(severity=severities, away=st.booleans())
    def the_member_is_heard(self, severity: Severity, away: bool) -> None:
        before = self.case
        effects = self.step(Heard(severity, away=away))
        assert bool(effects) == (before.is_open and (before.holder is not None or severity > before.severity))

    @rule(by=people)
    def somebody_is_still_there(self, by: int) -> None:
        self.step(StillThere(by))

    @rule()
    def the_peer_speaks(self) -> None:
        assert self.step(Spoke()) == ()

    @rule()
    def the_member_speaks(self) -> None:
        assert self.step(MemberSpoke()) == ()

    @rule()
    def it_is_opened_again(self) -> None:
        before = self.case
        self.step(Opened())
        assert self.case == before

    @rule()
    def it_is_handed_over(self) -> None:
        self.step(HandedOver())

    @rule(by=people)
    def somebody_joins(self, by: int) -> None:
        self.step(Joined(by))

    @rule(by=people)
    def somebody_leaves(self, by: int) -> None:
        self.step(Left(by))

    @rule(to=people, turn=st.none() | st.integers(0, 5))
    def it_is_given_to_somebody(self, to: int, turn: int | None) -> None:
        before = self.case
        effects = self.step(HandedOver(to, turn))
        if before.is_open and turn not in {None, before.turn}:
            assert (self.case, effects) == (before, (NotYours(),))

    @rule()
    def the_step_reaches_nobody(self) -> None:
        self.step(Skipped())

    @rule(outcome=outcomes)
    def it_ends(self, outcome: Outcome) -> None:
        before = self.case
        effects = self.step(Ended(outcome))
        assert (CloseRelay(outcome, before.helpers) in effects) == before.is_open

    @invariant()
    def an_open_case_has_a_timer_whoever_holds_it(self) -> None:
        if self.case.is_open:
            assert self.case.next_at is not None
        else:
            assert self.case.next_at is None
            assert self.case.outcome is not None

    @invariant()
    def the_step_is_one_of_the_policy_or_behind_its_last(self) -> None:
        assert 0 <= self.case.step <= len(self.case.policy)

    @invariant()
    def nobody_is_in_it_twice(self) -> None:
        everybody = (*self.case.helpers, *([self.case.holder] if self.case.holder is not None else []))
        assert len(set(everybody)) == len(everybody)

    @invariant()
    def only_a_person_speaks(self) -> None:
        if self.case.state in {State.ACKNOWLEDGED, State.IN_CONVERSATION, State.UNANSWERED, State.QUIET}:
            assert self.case.holder is not None


TestLives = Lives.TestCase
