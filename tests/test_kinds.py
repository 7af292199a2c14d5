"""What other systems call the kinds of interaction."""

import duckdb
import pytest

from reltype.errors import ConfigError
from reltype.expressions.words import table
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
        ("Storniert", "event"),
        ("Gekündigt", "cancellation"),
        ("Order cancelled", "event"),
        ("booking.cancelled", "event"),
        ("subscription_cancelled", "cancellation"),
        ("voided", "event"),
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


DONE = {
    "purchase": [
        "order",
        "purchase",
        "payment",
        "checkout",
        "Bestellung",
        "Kauf",
        "commande",
        "pedido",
        "zakup",
    ],
    "refund": ["refund", "return", "Erstattung", "remboursement", "zwrot"],
    "renewal": ["renewal", "rinnovo"],
    "cancellation": ["cancellation", "Kündigung"],
}
DENIED = sorted(
    {*table("happened")["not"], *table("happened")["failed"]} - {"void", "voided", "bounced"}
)
"""An order that was voided, and a mail that bounced, are words of their own."""


@pytest.mark.parametrize("denial", DENIED)
def test_what_was_denied_or_failed_did_not_happen_wherever_the_word_stands(denial):
    for things in DONE.values():
        for thing in things:
            for phrase in (f"{denial} {thing}", f"{thing} {denial}", f"{thing}_{denial}"):
                assert kind_of(phrase) in {"event", "cancellation"}, phrase
                assert kind_of(phrase) != "cancellation" or denial in words(), phrase


@pytest.mark.parametrize("beginning", table("happened")["begun"])
def test_what_only_began_is_no_purchase_and_no_refund(beginning):
    for thing in ("purchase", "refund", "Kauf", "remboursement"):
        for phrase in (f"{thing} {beginning}", f"{beginning} {thing}", f"{thing}.{beginning}"):
            assert kind_of(phrase) in {"event", "support", "response", "message"}, phrase


FORMS = ["{} {}", "{1} {0}", "{}.{}", "{}_{}", "{}-{}", "{}/{}", "{0}: {1}"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", DONE)
def test_the_order_of_words_and_what_joins_them_do_not_matter(kind, form):
    for thing in DONE[kind]:
        for idle in ("event", "created", "completed", "new"):
            assert kind_of(form.format(thing, idle)) == kind, form.format(thing, idle)
    assert kind_of("OrderCompleted") == kind_of("orderCreatedEvent") == "purchase"
    assert kind_of("orderNotCompleted") == "event"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("payment_intent.succeeded", "purchase"),
        ("payment_intent.created", "event"),
        ("checkout.session.completed", "purchase"),
        ("customer.subscription.deleted", "cancellation"),
        ("customer.subscription.created", "purchase"),
        ("order.updated", "event"),
        ("order viewed", "visit"),
        ("refunded purchase", "refund"),
        ("campaign clicked", "response"),
        ("purchase button clicked", "response"),
        ("order confirmation email sent", "outreach"),
        ("complaint about order", "complaint"),
        ("undelivered", "event"),
        ("checkout started", "response"),
        ("chat started", "message"),
        ("session_start", "visit"),
        ("no show", "event"),
    ],
)
def test_a_phrase_is_what_its_strongest_words_say(word, kind):
    assert kind_of(word) == kind


def test_words_that_no_sample_showed_are_read_by_the_engine_alike():
    cells = [
        "order.created",
        "failed purchase",
        "refund denied",
        "order not completed",
        "purchase_event",
    ]
    sql = kind_sql("cell", {})
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT {sql} FROM (SELECT unnest(?) AS cell)", [cells]
        ).fetchall()
    assert [row[0] for row in found] == [kind_of(cell) for cell in cells]
