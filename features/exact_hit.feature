Feature: The same question is answered from memory
  A model takes seconds and costs money every time it is asked.
  Whoever asks what was asked before gets the answer at once, for nothing.

  Rule: The same question is answered once by the model, and from then on from memory

    Example: Asking twice
      Given the question "How do I reset my password?" was answered
      When "How do I reset my password?" is asked
      Then the remembered answer comes back as an exact hit
      And the model was asked once

    Example: The answer is worth what it had cost
      Given the question "How do I reset my password?" was answered
      When "How do I reset my password?" is asked
      Then the answer costs no tokens
      And it tells how many tokens were saved

    Example: The answer shows where it comes from
      Given the question "How do I reset my password?" was answered
      And 90 seconds have passed
      When "How do I reset my password?" is asked
      Then the answer is 90 seconds old
      And it names the entry it was remembered under

  Rule: Spaces do not make another question

    Example: Untidy typing
      Given the question "How do I reset my password?" was answered
      When "   How do I  reset my password? " is asked
      Then the remembered answer comes back as an exact hit

  Rule: Whatever shapes the answer makes another question

    Example: The same words, asked differently
      Given the question "How do I reset my password?" was answered
      When "How do I reset my password?" is asked <differently>
      Then the model answers

      Examples:
        | differently                  |
        | of another model             |
        | with a temperature of 0.7    |
        | for at most 20 tokens        |
        | in the namespace "handbook"  |
