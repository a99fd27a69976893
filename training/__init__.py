"""How what ships is made from labelled questions: no part of the product."""
