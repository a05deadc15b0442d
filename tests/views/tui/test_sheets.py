"""Sheets without a screen: ways not taken, questions, cards, and the words behind them."""

from __future__ import annotations

import pytest

from mailsim.lessons.explanations import citations
from mailsim.lessons.reference import code_meanings, header_meaning, rfc_title, role_term
from mailsim.lessons.terms import glossary
from mailsim.trace.levels import Level
from mailsim.trace.trace import Trace
from mailsim.views.tui import quiz
from mailsim.views.tui.atlas import ROLE_TITLES
from mailsim.views.tui.cards import Cards, cards_of, node_card, source, terms_in
from mailsim.views.tui.pages import Pages
from mailsim.views.tui.score import Score
from mailsim.views.tui.sheets import RULES, WhyNot, why_not
from mailsim.views.tui.stepper import Stepper
from tests.views.tui.synthetic import MAIL, MX1, MX2, failover, world


def at(where: str, language: str = "en") -> Stepper:
    stepper = Stepper(Score(failover()), language, Level.DIALOGUE)
    assert stepper.go_to(where)
    return stepper


def found(stepper: Stepper) -> WhyNot:
    sheet = why_not(stepper.score, stepper.seq)
    assert sheet is not None
    return sheet


def test_at_the_decision_the_second_host_is_passed_over() -> None:
    sheet = found(at("route.decide"))
    assert [text.split()[2] for text, _ in sheet.rows(at("route.decide"))] == [MX1, MX2]
    assert "- passed over" in sheet.rows(at("route.decide"))[1][0]


def test_after_the_timeout_the_first_has_failed_and_the_second_is_taken() -> None:
    stepper = at("queue.defer")
    rows = found(stepper).rows(stepper)
    assert "x tried, failed" in rows[0][0]
    assert "+ taken" in rows[1][0]


def test_enter_on_a_candidate_that_failed_goes_to_its_failure() -> None:
    stepper = at("queue.defer")
    sheet = found(stepper)
    target = sheet.target()
    assert target is not None
    assert stepper.score.trace.events[target].kind == "route.failover"
    sheet.choose(1)
    assert sheet.target() == sheet.decision.seq


def test_before_any_decision_there_is_no_way_not_taken() -> None:
    stepper = at("1")
    assert why_not(stepper.score, stepper.seq) is None
    assert why_not(stepper.score, -1) is None


@pytest.mark.parametrize("language", ["en", "cs"])
def test_every_rule_has_words(language: str) -> None:
    words = at("1", language).words
    assert len({words(f"rule.{rule}") for rule in RULES}) == len(RULES)


# --- the question -------------------------------------------------------------------------------


def test_a_question_has_one_right_answer_and_is_the_same_again() -> None:
    stepper = at("20")
    question, again = quiz.ask(stepper), quiz.ask(stepper)
    assert question is not None
    assert again is not None
    assert question.answers == again.answers
    assert len(set(question.answers)) == len(question.answers) == 4
    stepper.next()
    assert stepper.telling(21).text[:40] in question.answers[question.right]
    assert question.answer(question.right)
    assert question.is_right
    assert not question.answer(7)


def test_the_end_and_an_empty_run_have_no_question() -> None:
    stepper = at("1")
    stepper.move_to(stepper.last)
    assert quiz.ask(stepper) is None
    assert quiz.ask(Stepper(Score(Trace(world(), [], 0)), "en")) is None


# --- cards --------------------------------------------------------------------------------------


def kinds(stepper: Stepper) -> set[str]:
    return {card.kind for card in cards_of(stepper, Pages(stepper.score))}


def test_a_reply_has_cards_for_itself_its_code_its_hosts_its_sources() -> None:
    assert {"step", "code", "node", "rfc"} <= kinds(at("smtp.reply"))


def test_a_message_has_cards_for_its_header_fields() -> None:
    assert "header" in kinds(at("smtp.data"))


def test_before_the_first_step_every_host_has_a_card() -> None:
    stepper = Stepper(Score(failover()), "en")
    cards = cards_of(stepper, Pages(stepper.score))
    assert {card.kind for card in cards} == {"node"}
    sheet = Cards(cards)
    assert sheet.show(MAIL)
    assert "192.0.2.25" in sheet.cards[sheet.chosen].text[0]
    assert not sheet.show("nobody.example")


def test_the_card_of_a_host_says_what_it_holds_now() -> None:
    stepper = at("queue.defer")
    assert any("1 recipient waits" in line for line in node_card(stepper, MX2).text)
    assert any(line == "Responsible: mx2." for line in node_card(stepper, MX2).text)


def test_words_of_the_glossary_are_found_in_both_languages() -> None:
    assert "backup MX" in {card.key for card in terms_in("The backup MX takes it.", "en")}
    assert "cache" in {card.key for card in terms_in("Resolver má mezipaměť.", "cs")}


def test_every_cited_rfc_has_a_title() -> None:
    cited = {citation.rfc for places in citations().values() for citation in places}
    assert sorted(rfc for rfc in cited if not rfc_title(rfc)) == []
    assert source(next(iter(citations().values()))[0]).startswith("RFC ")


def test_codes_headers_and_roles_have_meanings_in_both_languages() -> None:
    for language in ("en", "cs"):
        assert len(code_meanings("451", "4.7.1", language)) == 3
        assert code_meanings("250", None, language) != code_meanings("550", None, language)
        meaning = header_meaning("received", language)
        assert meaning is not None
        assert meaning.citations
    assert header_meaning("X-Nothing", "en") is None
    assert all(role_term(role) in glossary("en") for role in ROLE_TITLES if role != "web")
