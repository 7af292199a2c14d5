"""What a reltype.toml says, what precedes it, and the draft of one."""

import datetime as dt

import duckdb
import pyarrow as pa
import pytest

from reltype.config import Config, load, settings
from reltype.config.blocks import Origin
from reltype.errors import ConfigError, UsageError
from reltype.inputs.drafts import draft, text
from reltype.mapping import Mapping
from reltype.mapping.guess import guess

FULL = """\
typology = "customer"
as_of = 2025-01-01
[interactions]
from = "orders.csv"
customer_id = "CustomerID"
timestamp = "InvoiceDate"
value = "Quantity * UnitPrice"
where = "CustomerID IS NOT NULL"
[customers]
from = "sqlite:///crm.db"
table = "accounts"
customer_id = "account_id"
contract_days = "CASE Contract WHEN 'Month-to-month' THEN 0 ELSE 730 END"
[kinds]
"Order Placed" = "purchase"
[plugins]
disable = ["sentiment"]
[options]
min_confidence = 0.5
refunds = "drop"
threads = 2
rules = ["mine.toml"]
"""


@pytest.fixture(autouse=True)
def nothing_else_is_set(monkeypatch, tmp_path):
    for name in (
        "CONFIG",
        "TYPOLOGY",
        "AS_OF",
        "MIN_CONFIDENCE",
        "REFUNDS",
        "THREADS",
        "NO_PLUGIN",
    ):
        monkeypatch.delenv(f"RELTYPE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def written(folder, said, name="reltype.toml"):
    path = folder / name
    path.write_text(said, encoding="utf-8")
    return path


def test_a_config_says_inputs_kinds_plugins_and_options(tmp_path):
    config = load(written(tmp_path, FULL))
    log, table = config.blocks
    assert (log.role, table.role) == ("interactions", "customers")
    assert log.origins == {"main": Origin(str(tmp_path / "orders.csv"))}
    assert table.origins == {"main": Origin("sqlite:///crm.db", "accounts")}
    assert log.columns["value"] == "Quantity * UnitPrice"
    assert log.where == "CustomerID IS NOT NULL"
    assert config.kinds == {"Order Placed": "purchase"}
    assert config.options == {
        "typology": "customer",
        "as_of": dt.date(2025, 1, 1),
        "no_plugin": ("sentiment",),
        "min_confidence": 0.5,
        "refunds": "drop",
        "threads": 2,
        "rules": (str(tmp_path / "mine.toml"),),
    }


def test_without_a_config_everything_is_at_its_default():
    made = settings()
    assert made.config == Config()
    assert (made.typology, made.refunds, made.threads, made.as_of) == (
        "customer",
        "net",
        None,
        None,
    )


def test_the_config_of_this_folder_is_found_and_pyproject_too(tmp_path):
    written(tmp_path, "[tool.reltype.options]\nthreads = 3\n", "pyproject.toml")
    assert settings().threads == 3
    written(tmp_path, "[options]\nthreads = 4\n")
    assert settings().threads == 4


def test_a_pyproject_of_something_else_says_nothing(tmp_path):
    written(tmp_path, "[project]\nname = 'x'\n", "pyproject.toml")
    assert load() == Config()


def test_a_flag_precedes_the_environment_which_precedes_the_config(tmp_path, monkeypatch):
    written(tmp_path, "[options]\nthreads = 2\nmin_confidence = 0.1\nrefunds = 'drop'\n")
    monkeypatch.setenv("RELTYPE_THREADS", "3")
    monkeypatch.setenv("RELTYPE_MIN_CONFIDENCE", "0.2")
    made = settings(threads=4, min_confidence=None)
    assert (made.threads, made.min_confidence, made.refunds) == (4, 0.2, "drop")


def test_the_environment_may_name_the_config_and_list_plugins(tmp_path, monkeypatch):
    path = written(tmp_path, "[options]\nthreads = 2\n", "other.toml")
    monkeypatch.setenv("RELTYPE_CONFIG", str(path))
    monkeypatch.setenv("RELTYPE_NO_PLUGIN", "a, b")
    assert (settings().threads, settings().no_plugin) == (2, ("a", "b"))


def test_plugins_to_leave_out_add_up_for_one_named_on_the_way_must_not_bring_back_another(
    tmp_path, monkeypatch
):
    written(tmp_path, "[plugins]\ndisable = ['a', 'b']\n")
    assert settings(no_plugin=["c"]).no_plugin == ("c", "a", "b")
    monkeypatch.setenv("RELTYPE_NO_PLUGIN", "b, d")
    assert settings(no_plugin=["c"]).no_plugin == ("c", "b", "d", "a")
    assert settings().no_plugin == ("b", "d", "a")


def test_an_empty_flag_asks_for_nothing(tmp_path):
    written(tmp_path, "[plugins]\ndisable = ['a']\n")
    assert settings(no_plugin=()).no_plugin == ("a",)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("typolgy = 'x'", "reltype.toml: 'typolgy' is not known. Did you mean 'typology'"),
        ("[options]\nthread = 1", r"\[options\]: 'thread' is not known. Did you mean 'threads'"),
        ("[options]\nthreads = 0", r"\[options\] threads = 0: must be a whole number from 1"),
        ("[options]\nmin_confidence = 2", "must be a number from 0 to 1"),
        ("[options]\nrefunds = 'keep'", "must be net, drop or raise"),
        ("[options]\nrules = 3", "must be a list of texts"),
        ("as_of = 'soon'", "as_of = 'soon': must be a day, such as 2025-01-31"),
        ("[plugins]\noff = []", r"\[plugins\]: 'off' is not known"),
        ("[kinds]\nPaid = 'purchas'", r"\[kinds\] 'Paid': 'purchas' .* Did you mean 'purchase'"),
        ("kinds = 3", r"\[kinds\] must be a table"),
        ("[interactions]\ncustomer_id = 'x'", r"\[interactions\]: write from = .FILE."),
        ("[interactions]\nfrom = 'a'\ncustmer_id = 'x'", "Did you mean 'customer_id'"),
        ("[interactions]\nfrom = 'a'\nvalue = 3", r"\[interactions\] value: must be a text, not 3"),
        ("[[interactions]]\nfrom = 'a'\n[[interactions]]\nx = 1", r"\[interactions\] no. 2"),
        ("[interactions]\nfrom = 'a'\njoin = 'b'", "join: write { from = .FILE., on = .COLUMN. }"),
        ("[interactions]\nsql = 'SELECT 1'", r"write from = { orders = "),
        ("[interactions\n", "reltype.toml: is not TOML"),
    ],
)
def test_what_cannot_be_used_is_told_with_file_table_and_key(tmp_path, said, complaint):
    with pytest.raises(ConfigError, match=complaint):
        load(written(tmp_path, said))


def test_a_missing_config_that_was_asked_for_is_an_error():
    with pytest.raises(ConfigError, match=r"gone.toml: cannot be read \(no such file"):
        load("gone.toml")


def test_a_bad_environment_is_a_config_error_and_a_bad_flag_a_usage_error(monkeypatch):
    with pytest.raises(UsageError, match="--threads = 'x'"):
        settings(threads="x")
    monkeypatch.setenv("RELTYPE_THREADS", "x")
    with pytest.raises(ConfigError, match="RELTYPE_THREADS = 'x'"):
        settings()
    with pytest.raises(UsageError, match="Did you mean 'threads'"):
        settings(thread=1)


def test_a_customer_table_may_give_a_feature_but_nothing_unknown(tmp_path):
    said = "[customers]\nfrom = 'a'\ncustomer_id = 'x'\nvisits = 'v'\n"
    block = load(written(tmp_path, said)).blocks[0]
    block.check({"visits"})
    with pytest.raises(ConfigError, match=r"\[customers\]: 'visits' is not known"):
        block.check({"visit"})


class Table:
    def __init__(self, relation, columns):
        self.relation, self.columns = relation, columns


def joined(block):
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE u AS SELECT * FROM (VALUES (1, 'a'), (2, 'a'), (3, 'z')) t(n, sub)"
    )
    connection.execute(
        "CREATE TABLE s AS SELECT * FROM (VALUES ('a', 'A1', 9), ('a', 'A2', 9)) t(sub, acc, n)"
    )
    tables = {"main": Table("u", ("n", "sub")), "joined_1": Table("s", ("sub", "acc", "n"))}
    return connection.execute(f"SELECT * FROM {block.relation(tables)} ORDER BY n").fetchall()


def test_a_join_neither_loses_nor_repeats_a_row(tmp_path):
    said = "[interactions]\nfrom = 'u.csv'\njoin = { from = 's.csv', on = 'sub' }\n"
    block = load(written(tmp_path, said)).blocks[0]
    assert block.origins["joined_1"] == Origin(str(tmp_path / "s.csv"))
    assert joined(block) == [(1, "a", "A1"), (2, "a", "A1"), (3, "z", None)]


def test_a_column_to_join_on_must_be_there(tmp_path):
    said = "[interactions]\nfrom = 'u.csv'\njoin = { from = 's.csv', on = 'subb' }\n"
    with pytest.raises(ConfigError, match=r"there is no column 'subb'\. Did you mean 'sub'"):
        joined(load(written(tmp_path, said)).blocks[0])


SQL = "[interactions]\nfrom = {{ u = 'u.csv', s = 's.csv' }}\nsql = '''{}'''\n"


def test_sql_selects_over_the_named_files(tmp_path):
    said = SQL.format("WITH x AS (SELECT * FROM u) SELECT n FROM x JOIN s USING (sub)")
    block = load(written(tmp_path, said)).blocks[0]
    tables = {"u": Table('"held_u"', ("n", "sub")), "s": Table('"held_s"', ("n", "sub"))}
    assert block.relation(tables) == (
        "(WITH x AS (SELECT * FROM held_u AS u) "
        "SELECT n FROM (x INNER JOIN held_s AS s USING (sub)))"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE u",
        "SELECT 1; SELECT 2",
        "SELECT * FROM v",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM other.u",
        "SELECT * FROM u WHERE n IN (SELECT n FROM hidden)",
        "SELEC",
    ],
)
def test_sql_that_does_anything_else_is_refused(tmp_path, sql):
    block = load(written(tmp_path, SQL.format(sql))).blocks[0]
    with pytest.raises(ConfigError, match=r"\[interactions\] sql"):
        block.relation({})


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        'a "b"',
        "it's",
        "both ' and \"",
        "tab\there",
        "line\nbreak",
        "back\\slash",
        "\x7f\x01",
        "ü😀",
    ],
)
def test_a_text_is_read_back_from_toml_as_it_was(tmp_path, value):
    path = written(
        tmp_path,
        f"[kinds]\n{text('x')} = 'purchase'\n[interactions]\nfrom = 'f'\nvalue = {text(value)}\n",
    )
    assert load(path).blocks[0].columns["value"] == value


def test_a_draft_is_read_back_as_the_guess_that_it_was(tmp_path):
    log = {
        "Buyer E-mail": ["a@x.org", "b@x.org", "a@x.org"] * 4,
        "Created": ["25/03/2024", "02/01/2024", "03/01/2024"] * 4,
        "Total": ["1.234,50", "3,00", "4,00"] * 4,
        'Sta"tus': ["Paid", "Zap", "Refunded"] * 4,
    }
    table = {"Customer ID": [f"K{i}" for i in range(12)], "Contract": ["One year", "Monthly"] * 6}
    guesses = [
        guess(name, list(columns), ["VARCHAR"] * len(columns), pa.table(columns))
        for name, columns in (("orders.csv", log), ("accounts.csv", table))
    ]
    config = load(written(tmp_path, draft(guesses)))
    for block, made, columns in zip(config.blocks, guesses, (log, table), strict=True):
        back = Mapping(block.role, block.columns, config.kinds if columns is log else {})
        assert back.select("t", columns) == made.mapping.select("t", columns)
    assert config.kinds == guesses[0].mapping.kinds


def test_a_draft_tells_reasons_doubts_and_what_is_to_do(tmp_path):
    columns = {"date": ["03/04/2024", "05/06/2024"] * 4, "amount": ["1.00", "2.00"] * 4}
    made = guess("x.csv", list(columns), ["VARCHAR"] * 2, pa.table(columns))
    said = draft([made])
    assert "# TO DO: No column was found that names the customer." in said
    assert "# check: timestamp: 'date' was read month first" in said
    assert load(written(tmp_path, said)).blocks[0].columns["value"] == "amount"
