Feature: What an answer cost, and what memory saved
  Whoever pays for models wants to know what for, and whether memory is worth its keep.
  Every figure is exact, and what is not known is said to be unknown: it is never nothing.

  Rule: An answer says what it cost, and what it saved

    Example: The model answers
      Given a model takes 2 dollars for reading a million tokens, and 10 for writing them
      When this model is asked "What is a ledger?"
      Then the answer cost 0.000092 dollars
      And the answer saved 0 dollars

    Example: Memory answers
      Given a model takes 2 dollars for reading a million tokens, and 10 for writing them
      And this model was asked "What is a ledger?"
      When this model is asked "What is a ledger?"
      Then the answer cost 0 dollars
      And the answer saved 0.000092 dollars

    Example: Two ask at once, and one call is enough
      Given a model takes 2 dollars for reading a million tokens, and 10 for writing them
      And the model takes its time
      When two people ask this model "What is a ledger?" at once
      Then one of the answers cost 0.000092 dollars and saved nothing
      And the other cost nothing and saved 0.000092 dollars

    Example: The provider had read most of it before
      Given a model takes 2 dollars for reading a million tokens, and 10 for writing them
      And it takes 1 dollar for a million tokens that it had read before, which are 10 of 11
      When this model is asked "What is a ledger?"
      Then the answer cost 0.000082 dollars

    Example: A model that is free
      Given a model takes nothing
      When this model is asked "What is a ledger?"
      Then the answer cost 0 dollars
      And none of its tokens has to be paid

  Rule: What nobody knows is unknown

    Example: A model without a price
      Given nobody knows what a model takes
      When this model is asked "What is a ledger?"
      Then what the answer cost is unknown
      And all of its tokens may have to be paid

    Example: Memory answers what a model without a price had
      Given nobody knows what a model takes
      And this model was asked "What is a ledger?"
      When this model is asked "What is a ledger?"
      Then the answer cost 0 dollars
      And what the answer saved is unknown

  Rule: The books tell what all of it came to

    Example: One call and two answers from memory
      Given a model takes 2 dollars for reading a million tokens, and 10 for writing them
      And this model was asked "What is a ledger?" three times
      When the operator looks into the books
      Then 3 answers were served, for 1 call that cost 0.000092 dollars
      And memory saved 0.000184 dollars

    Example: What memory itself needs is not saved
      Given a model takes 2 dollars for reading a million tokens, and 10 for writing them
      And this model was asked "What is a ledger?"
      And a remembered answer was served while a fresh one was fetched
      When the operator looks into the books
      Then memory saved 0 dollars

    Example: Each tenant has its own
      Given a model takes 2 dollars for reading a million tokens, and 10 for writing them
      And this model was asked "What is a ledger?"
      When the operator looks into the books of Globex
      Then 0 answers were served, for 0 calls that cost 0 dollars
