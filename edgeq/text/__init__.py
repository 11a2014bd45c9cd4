"""From what an encoder hears to a text: a decoder's step, run token by token.

greedy.py is the loop in Python, of floats and of integers; calibrate.py quantizes the two graphs; session.py runs the
loop in C; words.py has tokens as words and how many of them are wrong."""
