Feature: Whoever wants no memory gets none
  Some answers must be fresh, and some questions must leave no trace.
  The asker decides, question by question.

  Rule: Memory can be left alone

    Example: Neither read nor written
      Given the question "What is our stock price?" was answered
      When "What is our stock price?" is asked past memory
      Then the model answers
      And "What is our stock price?" is still remembered with the first answer

    Example: No trace
      Given nothing is remembered
      When "What is our stock price?" is asked past memory
      Then nothing is remembered

  Rule: A fresh answer can be demanded

    Example: The new answer takes the old one's place
      Given the question "What is our stock price?" was answered
      When a fresh answer to "What is our stock price?" is demanded
      Then the model answers
      And "What is our stock price?" is now remembered with the second answer

  Rule: An answer can be kept out of memory

    Example: Read, but not written
      Given nothing is remembered
      When "What is our stock price?" is asked without being remembered
      Then the model answers
      And nothing is remembered

    Example: What is remembered may still be used
      Given the question "What is our stock price?" was answered
      When "What is our stock price?" is asked without being remembered
      Then the remembered answer comes back as an exact hit

  Rule: The model can be ruled out

    Example: From memory or not at all
      Given nothing is remembered
      When "What is our stock price?" is asked of memory only
      Then the asker is told that memory has no answer
      And the model was not asked
