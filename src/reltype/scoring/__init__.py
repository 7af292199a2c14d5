"""What is asked of all customers, and what the classifiers say of each.

`plan` says what, `query` writes it as SQL, `population` runs it; `classifiers` turn a batch into
log-odds, `overlap` keeps rules from repeating each other, `pool` adds up; `result` and `priorities`
make the columns of the result; `run` is all of it in order.
"""
