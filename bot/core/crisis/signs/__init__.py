"""What the ear weighs where no rule is met: of a language the kinds of words and the bounds, and what was learnt.

The tables of weights are made by `python -m bench.signs --renew` from the invented messages in `bench/messages`.
"""
