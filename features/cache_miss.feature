Feature: A new question is answered by the model, and remembered
  Memory must never stand in the way of an answer.
  What is not known yet goes to the model; only an answer that is whole is kept.

  Rule: A question that was not asked before goes to the model

    Example: The first question of the day
      Given nothing is remembered
      When "How do I reset my password?" is asked
      Then the model answers
      And the reason is that no remembered question is near this one

    Example: The next asker profits
      Given "How do I reset my password?" was asked
      When "How do I reset my password?" is asked
      Then the remembered answer comes back as an exact hit

  Rule: An answer that is not whole is given, and not remembered

    Example: The model stops at the length it was allowed
      Given the model stops in the middle of its answer, at the length allowed
      And "Tell me a story" was asked
      When "Tell me a story" is asked
      Then the model answers
      And the model was asked twice

    Example: The model has nothing to say
      Given the model answers nothing at all
      And "Tell me a story" was asked
      When "Tell me a story" is asked
      Then the model was asked twice

    Example: The line to the model breaks
      Given the line to the model breaks in the middle of its answer
      When "Tell me a story" is asked
      Then the asker is told that the model did not answer
      And nothing is remembered

  Rule: What the asker sets reaches the model

    Example: Asking for a short answer
      Given nothing is remembered
      When "Tell me a story" is asked for at most 20 tokens
      Then the model was told to stop after 20 tokens
