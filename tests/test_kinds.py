"""What other systems call the kinds of interaction."""

import duckdb
import pytest

from reltype.errors import ConfigError
from reltype.mapping.kinds import KINDS, OTHER, checked, contexts, kind_of, kind_sql, plain, words


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("purchase", "purchase"),
        ("Order Placed", "purchase"),
        ("completed", "purchase"),
        ("Closed Won", "purchase"),
        ("Closed Lost", "event"),
        ("partially_refunded", "refund"),
        ("Credit Memo", "refund"),
        ("Storniert", "cancellation"),
        ("Zurückgesendet", "refund"),
        ("Remboursée", "refund"),
        ("Opłacone", "purchase"),
        ("Återbetalning", "refund"),
        ("pageView", "visit"),
        ("Deal: Closed Won", "purchase"),
        ("Refund request", "support"),
        ("on-hold", "event"),
        ("zzz", None),
        ("", None),
    ],
)
def test_words_of_other_systems_stand_for_our_kinds(word, kind):
    assert kind_of(word) == kind


@pytest.mark.parametrize(
    ("word", "context", "kind"),
    [
        ("open", "tickets", "support"),
        ("open", "mailings", "response"),
        ("open", "deals", "event"),
        ("Closed", "tickets", "resolution"),
        ("canceled", "subscriptions", "cancellation"),
        ("active", "subscriptions", "renewal"),
        ("paid", "tickets", "purchase"),
    ],
)
def test_the_sort_of_file_decides_what_a_word_means(word, context, kind):
    assert kind_of(word, context) == kind


@pytest.mark.parametrize("context", [None, *contexts()])
def test_every_word_of_the_vocabulary_stands_for_one_of_our_kinds(context):
    assert set(words(context).values()) <= {*KINDS, OTHER}
    assert all(word == plain(word) for word in words(context))


def test_plain_text_has_neither_case_nor_accents_nor_signs():
    assert plain("  Über-Größe (Café) ") == "uber grosse cafe"
    assert plain("orderPlacedAt") == "order placed at"
    assert plain("HTTPStatus") == "httpstatus"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("Paid", "renewal"),
        ("paid ", "renewal"),
        ("REFUNDED", "refund"),
        ("purchase", "purchase"),
        ("Order placed!", "purchase"),
        ("weird", "other"),
        ("it's", "event"),
        (None, "other"),
    ],
)
def test_in_sql_what_a_person_wrote_goes_before_the_vocabulary(written, kind):
    sql = kind_sql("k", {"Paid": "renewal", "it's": "event"})
    assert duckdb.execute(f"SELECT {sql} FROM (SELECT ?::VARCHAR AS k)", [written]).fetchone() == (
        kind,
    )


def test_in_sql_the_whole_vocabulary_means_the_same():
    known = [word for word in words() if word]
    sql = kind_sql("k", {})
    found = duckdb.execute(f"SELECT {sql} FROM (SELECT unnest(?::VARCHAR[]) AS k)", [known])
    assert [row[0] for row in found.fetchall()] == [words()[word] for word in known]


def test_an_unknown_kind_is_refused_with_the_place_and_the_nearest_name():
    with pytest.raises(
        ConfigError, match=r"\[kinds\] 'Paid': 'purchas' .* Did you mean 'purchase'"
    ):
        checked("purchas", "[kinds] 'Paid'")
